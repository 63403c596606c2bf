import { z } from "zod";
import { FilterPath, FilterTrial } from "../../core/contract/filters.ts";
import { operationRoute } from "../operation_route.ts";

/** A filter on stored alerts, in whichever archive has it. */
export default operationRoute({
  method: "POST",
  path: "/api/filters/:filter_id/test",
  access: "filters",
  operation: "filters_try",
  target: "owner",
  doc: {
    summary: "Run a version of a filter on stored alerts",
    description:
      "Each alert has the light curve that it had at its time. Gives what the last stage yields for " +
      "all alerts together, of those that the filter's permissions and the user's rights cover.",
    tag: "filters",
    params: FilterPath.shape,
    body: FilterTrial,
    data: z.array(z.looseObject({})),
    statuses: [404],
  },
});
