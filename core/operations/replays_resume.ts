import { z } from "zod";
import { ReplayPath } from "../contract/replays.ts";
import { defineOperation, RefusedError } from "../operation.ts";
import { summaryOf } from "./_replay_report.ts";
import { replayOf, tooManyReplays } from "./_replays.ts";

/** Queues a replay again that was paused or cancelled, or has failed: it goes on after its last batch. */
export default defineOperation({
  name: "replays_resume",
  permission: "filters",
  input: z.object({ path: ReplayPath }),
  async run({ path }, context) {
    const { replays, filters } = context.stores;
    const replay = await replayOf(path, context);
    const { filter_id: filterId } = replay;
    if (filterId !== null && !await filters.find(filterId)) {
      throw new RefusedError(409, "Cannot resume the replay as its filter was removed");
    }
    const resumed = await replays.resume(replay);
    if (resumed === "others") throw tooManyReplays(replays.quota.ofUserMax);
    const now = await replayOf(path, context);
    if (!resumed) {
      throw new RefusedError(
        409,
        `Cannot resume the replay as it must be paused, cancelled or failed: current state is ` +
          now.state,
      );
    }
    return { kind: "json", message: `Queued replay ${now.id}`, data: summaryOf(now) };
  },
});
