import { FilterVersionDoc, NewFilterDoc } from "../../core/contract/filters.ts";
import { bodyCatalog } from "../body_catalog.ts";
import { operationRoute } from "../operation_route.ts";

/** A new filter, or a new version of one: it is kept where its alerts are. */
export default operationRoute({
  method: "POST",
  path: "/api/filters",
  access: "filters",
  operation: "filters_add",
  catalogs: bodyCatalog,
  doc: {
    summary: "Save a filter, or a new version of it",
    description:
      "The pipeline is tried on the newest alert first. For a filter that exists, nothing but the " +
      "version is stored, and it becomes the active one. The same request again within seconds, " +
      "as clients send it that have waited too long, gives the same version.",
    tag: "filters",
    body: NewFilterDoc,
    data: FilterVersionDoc,
    statuses: [409],
  },
});
