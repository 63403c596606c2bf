/** Replays of filters in a test: a runner beside the API, and what a client does until one has ended. */
import { getLog } from "../../core/base/log.ts";
import { replayClaims } from "../../core/archive/replay_claims.ts";
import { openArchive } from "../../core/archive/open.ts";
import type { TurnLimits } from "../../core/filter_replay.ts";
import { runReplays, startReplayWorker } from "../../core/replay_runner.ts";
import type { FilterApi, Person, Reply } from "./filter_api.ts";
import type { TestDatabase } from "./mongo.ts";

/** Small batches, so that there are several of them. */
export const LIMITS: TurnLimits = { batchMax: 4, alertsMax: 1_000_000, runMsMax: 3_600_000 };

export interface ReplayRunner extends AsyncDisposable {
  /** As a core that is told to end: what is in work goes back to the queue. */
  stop(): Promise<void>;
}

/** Runs what is queued in this database, in a worker, until it is stopped. */
export async function startRunner(
  { uri, name }: Pick<TestDatabase, "uri" | "name">,
  limits: Partial<TurnLimits> = {},
): Promise<ReplayRunner> {
  const archive = await openArchive({ uri, database: name, appName: "test" });
  const over = new AbortController();
  const ended = runReplays({
    claims: replayClaims(archive.db),
    threads: 1,
    startWorker: () =>
      startReplayWorker({ archiveUri: uri, database: name, limits: { ...LIMITS, ...limits } }),
    signal: over.signal,
    log: getLog("test"),
  });
  const stop = async () => {
    over.abort();
    await ended;
    await archive[Symbol.asyncDispose]();
  };
  return { stop, [Symbol.asyncDispose]: stop };
}

/** One event of a stream. */
export interface StreamEvent {
  readonly event: string;
  // deno-lint-ignore no-explicit-any -- What a client makes of the JSON is what a test is about.
  readonly data: any;
}

/** The events of a stream as a client reads them, with comments as events of that name. */
export async function* readEvents(response: Response): AsyncGenerator<StreamEvent> {
  let text = "";
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const whole = text.split("\n\n");
    text = whole.pop()!;
    for (const each of whole) {
      const fields = each.split("\n").map((line) => /^(\w*): ?(.*)$/.exec(line)!.slice(1));
      const { event = "comment", data = "null" } = Object.fromEntries(fields);
      yield { event, data: JSON.parse(data) };
    }
  }
}

/** Follows a replay to its end by its events, and gives it with its report. */
export async function ended(api: FilterApi, id: string, person?: Person): Promise<Reply["body"]> {
  const response = await follow(api, id, person);
  for await (const { event } of readEvents(response)) {
    if (event === "end") {
      return (await api.ok("GET", `/api/replays/${id}`, undefined, person)).body.data;
    }
  }
  throw new Error(`The events of replay ${id} ended before it did`);
}

export async function follow(
  { api }: FilterApi,
  id: string,
  person?: Person,
  signal?: AbortSignal,
): Promise<Response> {
  return await fetch(`${api.edge.url}/api/replays/${id}/events`, {
    headers: { authorization: await api.token(person) },
    ...signal && { signal },
  });
}

/** What doesn't depend on when and where it ran. */
// deno-lint-ignore no-explicit-any -- As it came over the wire.
export function withoutTimes(replay: any) {
  const { id: _, queued_at: __, updated_at: ___, ended_at: ____, report, ...rest } = replay;
  const { cost: _____, ...same } = report;
  return { ...rest, report: same };
}
