import { FilterChanges, FilterDoc } from "../../core/contract/filters.ts";
import { operationRoute } from "../operation_route.ts";

/** Whichever archive has the filter changes it; the others know nothing of it. */
export default operationRoute({
  method: "PATCH",
  path: "/api/filters",
  access: "filters",
  operation: "filters_update",
  target: "owner",
  doc: {
    summary: "Change a filter's settings, or which version is active",
    description: "An object replaces what was there. Null, and what is left out, changes nothing.",
    tag: "filters",
    body: FilterChanges,
    data: FilterDoc,
  },
});
