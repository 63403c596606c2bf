import { z } from "zod";
import type { ReplayStore } from "../archive/replay_store.ts";
import { ReplayPath, RESTING } from "../contract/replays.ts";
import { defineOperation, type ServerEvent } from "../operation.ts";
import { summaryOf } from "./_replay_report.ts";
import { replayOf } from "./_replays.ts";

/** How far a replay is, as events, until it rests. */
export default defineOperation({
  name: "replays_events",
  permission: "filters",
  input: z.object({ path: ReplayPath }),
  async run({ path }, context) {
    const { id } = await replayOf(path, context);
    const { replays } = context.stores;
    return { kind: "events", events: (signal) => eventsOf(replays, id, signal) };
  },
});

async function* eventsOf(
  replays: ReplayStore,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  for await (const replay of replays.changes(id, signal)) {
    const data = summaryOf(replay);
    yield { event: "progress", data };
    if (RESTING.includes(replay.state)) yield { event: "end", data };
  }
}
