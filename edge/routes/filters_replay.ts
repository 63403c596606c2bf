import { FilterPath } from "../../core/contract/filters.ts";
import { FilterReplay, ReplaySummary } from "../../core/contract/replays.ts";
import { operationRoute } from "../operation_route.ts";

/** A replay of a filter, in whichever archive has it. */
export default operationRoute({
  method: "POST",
  path: "/api/filters/:filter_id/replays",
  access: "filters",
  operation: "filters_replay",
  target: "owner",
  doc: {
    summary: "Replay a version of a filter, or a draft for it, over archived nights",
    description:
      "A job: each alert of the span that the filter's permissions and the user's rights cover goes " +
      "through the version and through the one that is active, alone, with the light curve that it " +
      "had at its time. Its events and its report tell how far it is.",
    tag: "filters",
    params: FilterPath.shape,
    body: FilterReplay,
    data: ReplaySummary,
    statuses: [404, 409],
  },
});
