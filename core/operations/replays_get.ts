import { z } from "zod";
import { ReplayPath } from "../contract/replays.ts";
import { defineOperation } from "../operation.ts";
import { reportOf, summaryOf } from "./_replay_report.ts";
import { replayOf } from "./_replays.ts";

/** A replay with its report, which grows while it runs. */
export default defineOperation({
  name: "replays_get",
  permission: "filters",
  input: z.object({ path: ReplayPath }),
  async run({ path }, context) {
    const replay = await replayOf(path, context);
    return {
      kind: "json",
      message: `Retrieved replay ${replay.id}`,
      data: {
        ...summaryOf(replay),
        pipeline: replay.pipeline,
        report: reportOf(replay, context.stores.replays.readPass),
      },
    };
  },
});
