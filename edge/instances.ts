/**
 * What is known of the cores: whether they answer, what they hold, how busy they are. Each is looked at
 * every few seconds, beside the requests. One that can't be reached is asked nothing more, until a look
 * finds it again.
 */
import { backoffMs } from "../core/base/retry.ts";
import { InstanceReport } from "../core/contract/instances.ts";
import { type Ask, type AskOptions, CoreUnavailableError, endedWith } from "./ask.ts";
import { held } from "./held.ts";
import type { Instance } from "./plan.ts";

export interface Instances {
  readonly urls: readonly string[];
  /** What is known, at once; only who comes first of all waits until the cores have told. */
  known(): Promise<readonly Instance[]>;
  /**
   * As an `Ask`, and takes note of how it went. With several cores it resolves when the answer is
   * whole, or too long to wait for: until then another core can be asked in place of this one.
   */
  readonly ask: Ask;
  /** Somebody was missed who is down: looks whether it still is. */
  lookFor(missed: readonly Instance[]): void;
  isAnyHealthy(): Promise<boolean>;
  /** Ends all looks. */
  close(): Promise<void>;
}

export interface InstancesOptions {
  readonly limits?: Partial<LookLimits>;
  /** Told when a core goes, with the reason, and when it comes back. */
  onChange?(url: string, isUp: boolean, reason?: unknown): void;
  now?(): number;
  random?(): number;
}

export interface LookLimits {
  /** From look to look at a core that is up, give or take a tenth: a new catalog is found this late. */
  readonly everyMs: number;
  /** Longer than any core that is well takes to list its catalogs. */
  readonly answerMsMax: number;
  /** So many answers in a row must be late before a core counts as down: it may be the edge's own fault. */
  readonly lateMax: number;
  /** So many requests in a row must break before a core is asked nothing more. */
  readonly brokenMax: number;
  /** Pauses between looks at one that is down: at first, and at most. */
  readonly firstMs: number;
  readonly maxMs: number;
}

const LIMITS: LookLimits = {
  everyMs: 5_000,
  answerMsMax: 3_000,
  lateMax: 2,
  brokenMax: 3,
  firstMs: 500,
  maxMs: 10_000,
};
/** How often it is asked whether a look is due where no request asks. */
const TICK_MS = 1_000;
/** A core that was up for less is one that comes and goes: it is left alone for longer each time. */
const WELL_MS_MIN = 60_000;
/** For who watches over the edge: what was seen this long ago holds. */
const HEALTH_AGE_MS_MAX = 1_000;

interface Core {
  readonly url: string;
  readonly number: number;
  isUp: boolean;
  report: InstanceReport | null;
  /** Queries of others than this edge, when it was last looked at. */
  othersRunning: number;
  /** Requests of this edge that wait for their answer, and how each is told that none will come. */
  readonly waiting: Set<(reason: unknown) => void>;
  /** Requests in a row that broke, and looks that were too late. */
  broken: number;
  late: number;
  /** How often it was found to be down without having been well for a minute. */
  fails: number;
  upMs: number;
  dueMs: number;
  lookedMs: number;
  looking: Promise<void> | null;
}

export function createInstances(
  urls: readonly string[],
  ask: Ask,
  { limits: given = {}, onChange, now = Date.now, random = Math.random }: InstancesOptions = {},
): Instances {
  const limits = { ...LIMITS, ...given };
  const cores = urls.map((url, i): Core => ({
    url,
    number: i + 1,
    isUp: false,
    report: null,
    othersRunning: 0,
    waiting: new Set(),
    broken: 0,
    late: 0,
    fails: 0,
    upMs: 0,
    dueMs: -Infinity,
    lookedMs: -Infinity,
    looking: null,
  }));
  const byUrl = new Map(cores.map((core) => [core.url, core]));
  const closed = new AbortController();
  // Of a single core there is nothing to choose, so nothing to know.
  const isSingle = urls.length === 1;
  let ticks: ReturnType<typeof setInterval> | undefined;

  return {
    urls,
    known,
    ask: isSingle ? ask : askNoting,
    lookFor(missed) {
      for (const { url } of missed) lookSoon(byUrl.get(url)!);
    },
    async isAnyHealthy() {
      const old = cores.filter(({ isUp, lookedMs }) =>
        !isUp || now() - lookedMs > (isSingle ? HEALTH_AGE_MS_MAX : 2 * limits.everyMs)
      );
      await Promise.all(old.map(look));
      return cores.some(({ isUp }) => isUp);
    },
    async close() {
      clearInterval(ticks);
      closed.abort();
      await Promise.all(cores.map(({ looking }) => looking));
    },
  };

  async function known(): Promise<readonly Instance[]> {
    ticks ??= closed.signal.aborted ? undefined : setInterval(lookAtDue, TICK_MS);
    lookAtDue();
    await Promise.all(cores.map((core) => core.lookedMs === -Infinity ? core.looking : null));
    return cores.map(({ url, number, isUp, report, othersRunning, waiting }) => ({
      url,
      number,
      isUp,
      report,
      load: othersRunning + waiting.size,
    }));
  }

  async function askNoting(url: string, options: AskOptions): Promise<Response> {
    const core = byUrl.get(url)!;
    // One that hangs would let whoever asks it wait for ever.
    if (!core.isUp && core.lookedMs !== -Infinity) throw new CoreUnavailableError(`${url} is down`);
    const ended = endedWith(options.signal);
    const end = (reason: unknown) => ended.abort(reason);
    core.waiting.add(end);
    const { signal } = ended;
    try {
      options.signal.throwIfAborted();
      const answer = await held(await ask(url, { ...options, signal }), signal);
      core.broken = 0;
      return answer;
    } catch (error) {
      options.signal.throwIfAborted();
      noteBroken(core, error);
      throw error instanceof CoreUnavailableError
        ? error
        : new CoreUnavailableError(`Cannot read the answer of the core ${url}`, { cause: error });
    } finally {
      core.waiting.delete(end);
    }
  }

  function noteBroken(core: Core, error: unknown): void {
    if (!core.isUp) return;
    core.broken++;
    if (core.broken >= limits.brokenMax) goDown(core, error);
    else lookSoon(core);
  }

  /** Not more often than every half second: each request may ask for it. */
  function lookSoon(core: Core): void {
    core.dueMs = Math.min(core.dueMs, core.lookedMs + limits.firstMs);
    lookAtDue();
  }

  function lookAtDue(): void {
    for (const core of cores) if (core.dueMs <= now()) look(core);
  }

  function look(core: Core): Promise<void> {
    return core.looking ??= lookOnce(core).finally(() => core.looking = null);
  }

  async function lookOnce(core: Core): Promise<void> {
    core.dueMs = Infinity;
    const late = AbortSignal.timeout(limits.answerMsMax);
    const signal = AbortSignal.any([late, closed.signal]);
    const ownWaiting = core.waiting.size;
    try {
      // A connection that was kept may be dead without the core being so: the next try makes a new one.
      const report = await reportOf(core, signal).catch(() => reportOf(core, signal));
      core.othersRunning = Math.max(0, report.running - ownWaiting);
      core.report = report;
      goUp(core);
    } catch (error) {
      core.late = late.aborted ? core.late + 1 : limits.lateMax;
      if (core.late >= limits.lateMax || !core.isUp) goDown(core, error);
      else core.dueMs = now();
    }
    core.lookedMs = now();
  }

  async function reportOf({ url }: Core, signal: AbortSignal): Promise<InstanceReport> {
    signal.throwIfAborted();
    const response = await ask(url, { path: "/v1/catalogs", signal });
    if (response.ok) return InstanceReport.parse(await response.json());
    throw new CoreUnavailableError(
      `The core ${url} says ${response.status}: ${await response.text()}`,
    );
  }

  function goUp(core: Core): void {
    core.dueMs = now() + limits.everyMs * (0.9 + 0.2 * random());
    core.late = 0;
    if (core.isUp) return;
    core.isUp = true;
    core.broken = 0;
    core.upMs = now();
    if (core.lookedMs !== -Infinity) onChange?.(core.url, true);
  }

  function goDown(core: Core, reason: unknown): void {
    if (closed.signal.aborted) return;
    const wasUp = core.isUp;
    core.isUp = false;
    if (wasUp && now() - core.upMs > WELL_MS_MIN) core.fails = 0;
    core.fails++;
    core.dueMs = now() + backoffMs(core.fails, limits, random);
    if (wasUp || core.lookedMs === -Infinity) onChange?.(core.url, false, reason);
    const error = new CoreUnavailableError(`The core ${core.url} is down`, { cause: reason });
    for (const give of core.waiting) give(error);
  }
}
