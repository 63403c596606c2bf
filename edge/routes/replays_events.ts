import { ReplayPath } from "../../core/contract/replays.ts";
import { operationRoute } from "../operation_route.ts";

/** Events of whichever core has the replay, as they come. */
export default operationRoute({
  method: "GET",
  path: "/api/replays/:replay_id/events",
  access: "filters",
  operation: "replays_events",
  target: "owner",
  doc: {
    summary: "Follow a replay: server-sent events",
    description:
      "`progress` at once and whenever it has come on, `end` when it is done or rests; each with what a list of replays tells of it. Ends then.",
    tag: "filters",
    params: ReplayPath.shape,
    contentTypes: ["text/event-stream"],
    statuses: [404],
  },
});
