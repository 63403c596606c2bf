import { ReplayPath, ReplaySummary } from "../../core/contract/replays.ts";
import { operationRoute } from "../operation_route.ts";

/** Resumed in whichever archive has it. */
export default operationRoute({
  method: "POST",
  path: "/api/replays/:replay_id/resume",
  access: "filters",
  operation: "replays_resume",
  target: "owner",
  doc: {
    summary: "Go on with a replay that is paused or cancelled, or has failed",
    tag: "filters",
    params: ReplayPath.shape,
    data: ReplaySummary,
    statuses: [404, 409],
  },
});
