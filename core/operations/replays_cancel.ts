import { z } from "zod";
import { ReplayPath } from "../contract/replays.ts";
import { defineOperation, RefusedError } from "../operation.ts";
import { replayOf } from "./_replays.ts";

/** Cancels a replay: what it has come to by then is kept, and it can be resumed. */
export default defineOperation({
  name: "replays_cancel",
  permission: "filters",
  input: z.object({ path: ReplayPath }),
  async run({ path }, context) {
    const { id } = await replayOf(path, context);
    if (!await context.stores.replays.cancel(id)) {
      const { state } = await replayOf(path, context);
      throw new RefusedError(
        409,
        `Cannot cancel the replay as it must wait or run: current state is ${state}`,
      );
    }
    return { kind: "json", message: `Cancelled replay ${id}` };
  },
});
