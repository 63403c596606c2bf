/**
 * Runs replays of filters that are queued, part by part, in workers: beside alerts and queries, not
 * before them.
 */
import type { Claim, ReplayClaims } from "./archive/replay_claims.ts";
import type { Log } from "./base/log.ts";
import { pause, sleep } from "./base/retry.ts";
import type { ReplayStep } from "./filter_replay.ts";
import { Lanes } from "../workers/lanes.ts";
import type { ReplayJob, ReplayWorkerSettings } from "../workers/replay_worker.ts";

export interface ReplayRunnerDeps {
  readonly claims: ReplayClaims;
  /** How many parts are worked on at the same time. */
  readonly threads: number;
  /** Starts a worker; the first message that it gets are its settings. */
  startWorker(): Worker;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** From look to look for what is queued. */
const LOOK_MS = 500;
/** Several times before another core takes it over. */
const RENEW_MS = 4_000;
/** Of one batch, or of the report at the end. */
const STEP_MS_MAX = 600_000;
const START_MS_MAX = 60_000;
/** A batch that fails so often in a row, whoever runs it, fails the replay. */
const TRIES_MAX = 3;

type Workers = Lanes<ReplayJob, ReplayStep>;

/** Runs until the signal is aborted. What is in work by then goes on later, here or in another core. */
export async function runReplays(deps: ReplayRunnerDeps): Promise<void> {
  const busy: Busy = { threads: 0 };
  await Promise.all(Array.from({ length: deps.threads }, (_, i) => runThread(deps, busy, i === 0)));
}

export function startReplayWorker(settings: ReplayWorkerSettings): Worker {
  const worker = new Worker(new URL("../workers/replay_worker.ts", import.meta.url), {
    type: "module",
  });
  worker.postMessage(settings);
  return worker;
}

/** How many threads have something to run. */
interface Busy {
  threads: number;
}

/** While there is nothing to run, only the first thread looks. */
async function runThread(deps: ReplayRunnerDeps, busy: Busy, isFirst: boolean): Promise<void> {
  const { signal, log } = deps;
  for (let away = 0; !signal.aborted;) {
    try {
      if (isFirst || busy.threads > 0) await runOpen(deps, busy);
      away = 0;
      await sleep(LOOK_MS, signal);
    } catch (error) {
      log.warn("replays wait for the archive", { error: String(error) });
      await pause(++away, signal);
    }
  }
}

/** What is open, with one worker for all of it. */
async function runOpen(deps: ReplayRunnerDeps, busy: Busy): Promise<void> {
  const { claims, startWorker, signal } = deps;
  let holder = crypto.randomUUID();
  let claim = await claims.claim(holder);
  if (claim === null) return;
  using _busy = counted(busy);
  using workers: Workers = new Lanes(startWorker, {
    lanes: 1,
    jobMsMax: STEP_MS_MAX,
    startMsMax: START_MS_MAX,
    restartsMax: TRIES_MAX,
  });
  while (claim !== null && await runPart(deps, workers, claim, holder) && !signal.aborted) {
    holder = crypto.randomUUID();
    claim = await claims.claim(holder);
  }
}

function counted(busy: Busy): Disposable {
  busy.threads++;
  return { [Symbol.dispose]: () => void busy.threads-- };
}

/** False: its worker is to be given up. */
async function runPart(
  { claims, signal, log }: ReplayRunnerDeps,
  workers: Workers,
  { id, attempts }: Claim,
  holder: string,
): Promise<boolean> {
  if (attempts > TRIES_MAX) {
    // It takes the whole core with it.
    const reason = `The program that ran it has ended ${TRIES_MAX} times at the same alerts`;
    await claims.fail(id, holder, reason);
    return true;
  }
  // Its step is done as a whole or not at all.
  const abandon = () => workers[Symbol.dispose]();
  signal.addEventListener("abort", abandon, { once: true });
  const renewal = setInterval(() => void claims.renew(id, holder).catch(() => {}), RENEW_MS);
  let isWell = true;
  try {
    await runSteps((tries) => {
      if (tries > 0) log.warn("a batch of a replay is tried again", { replay: id, tries });
      return workers.inTurn(0, (run) => run({ id, holder }));
    }, signal);
  } catch (error) {
    isWell = false;
    const { name, message } = error as Error;
    log.warn("a replay has failed", { replay: id, error: `${name}: ${message}` });
    // What people are told of a fault of ours is that there is one.
    await claims.fail(id, holder, name === "QueryError" ? message : "Internal error");
  } finally {
    clearInterval(renewal);
    signal.removeEventListener("abort", abandon);
  }
  if (signal.aborted) await claims.release(id, holder);
  return isWell;
}

/** Until there is no next one, or the signal is aborted. Rejects where one fails again and again. */
async function runSteps(
  next: (tries: number) => Promise<ReplayStep>,
  signal: AbortSignal,
): Promise<void> {
  let away = 0;
  for (let tries = 0; !signal.aborted;) {
    try {
      if (await next(tries) !== "running") return;
      tries = away = 0;
    } catch (error) {
      if (signal.aborted) return;
      if ((error as Error).name === "UnavailableError") await pause(++away, signal);
      else if (++tries >= TRIES_MAX) throw error;
    }
  }
}
