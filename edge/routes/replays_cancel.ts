import { ReplayPath } from "../../core/contract/replays.ts";
import { operationRoute } from "../operation_route.ts";

/** Cancelled in whichever archive has it. */
export default operationRoute({
  method: "DELETE",
  path: "/api/replays/:replay_id",
  access: "filters",
  operation: "replays_cancel",
  target: "owner",
  doc: {
    summary: "Cancel a replay that waits or runs",
    description: "What it has come to is kept for a month, and it can be resumed.",
    tag: "filters",
    params: ReplayPath.shape,
    statuses: [404, 409],
  },
});
