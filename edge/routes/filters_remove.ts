import { FilterPath } from "../../core/contract/filters.ts";
import { operationRoute } from "../operation_route.ts";

/** Removed from whichever archive has it. */
export default operationRoute({
  method: "DELETE",
  path: "/api/filters/:filter_id",
  access: "filters",
  operation: "filters_remove",
  target: "owner",
  doc: {
    summary: "Remove a filter with all its versions",
    tag: "filters",
    params: FilterPath.shape,
    statuses: [404],
  },
});
