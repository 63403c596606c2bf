import { FilterVersionDoc, NewFilterDoc } from "../../core/contract/filters.ts";
import { bodyCatalog, bodyOf } from "../request_body.ts";
import { operationPath, operationRoute } from "../operation_route.ts";
import type { EdgeContext } from "../route.ts";

/** A new filter is kept where its alerts are; a new version of one, where that is. */
export default operationRoute({
  method: "POST",
  path: "/api/filters",
  access: "filters",
  operation: "filters_add",
  target: async (c) => ({ catalogs: await bodyCatalog(c), ...await whoHasIt(c) }),
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

/** For what is no id the core has words. */
async function whoHasIt(c: EdgeContext): Promise<{ readonly whoHas?: string }> {
  const id = String((await bodyOf(c))?.filter_id);
  return /^[0-9]+$/.test(id) ? { whoHas: operationPath("filters_has", { filter_id: id }) } : {};
}
