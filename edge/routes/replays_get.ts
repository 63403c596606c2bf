import { ReplayDoc, ReplayPath } from "../../core/contract/replays.ts";
import { operationRoute } from "../operation_route.ts";

/** A replay, from whichever archive has it. */
export default operationRoute({
  method: "GET",
  path: "/api/replays/:replay_id",
  access: "filters",
  operation: "replays_get",
  target: "owner",
  doc: {
    summary: "A replay of a filter, with its report so far",
    tag: "filters",
    params: ReplayPath.shape,
    data: ReplayDoc,
    statuses: [404],
  },
});
