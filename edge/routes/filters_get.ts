import { FilterDoc, FilterPath } from "../../core/contract/filters.ts";
import { operationRoute } from "../operation_route.ts";

/** A filter, from whichever archive has it. */
export default operationRoute({
  method: "GET",
  path: "/api/filters/:filter_id",
  access: "filters",
  operation: "filters_get",
  target: "owner",
  doc: {
    summary: "A filter with all its versions",
    tag: "filters",
    params: FilterPath.shape,
    data: FilterDoc,
    statuses: [404],
  },
});
