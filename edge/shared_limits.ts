/**
 * Limits that several edges keep together: from time to time each tells the core that has the accounts
 * what it let through, and is told what all of them have left. Requests never wait for that: between
 * two reports, and while that core is away, each edge goes by what it knows. So for a second several
 * edges may let more through than one would; they let through as much less after it.
 */
import { type RateReport, RatesLeft } from "../core/contract/edge.ts";
import type { RateLimit } from "./rate_limit.ts";
import { askTarget, type Cores } from "./target.ts";

export interface SharedLimits {
  /** Something was taken: reports, unless that was done a moment ago. */
  touch(): void;
  /** Resolves when no report is under way. */
  settled(): Promise<void>;
}

export interface SharedLimitsDeps {
  readonly limits: Readonly<Record<string, RateLimit>>;
  readonly instances: Cores;
  /** From one report to the next, at least. */
  readonly everyMs?: number;
  now?(): number;
}

const EVERY_MS = 1_000;
/** One report's keys of a limit; what is more is told in the next. */
const KEYS_MAX = 5_000;
const ANSWER_MS_MAX = 3_000;

export function shareLimits(deps: SharedLimitsDeps): SharedLimits {
  const { limits, instances, everyMs = EVERY_MS, now = Date.now } = deps;
  let nextMs = -Infinity;
  let reporting: Promise<void> | null = null;

  return {
    touch() {
      if (reporting !== null || now() < nextMs) return;
      nextMs = now() + everyMs;
      reporting = report().finally(() => reporting = null);
    },
    async settled() {
      await reporting;
    },
  };

  async function report(): Promise<void> {
    const told = Object.entries(limits)
      .map(([name, limit]) => ({ name, limit, taken: limit.tell(KEYS_MAX) }))
      .filter(({ taken }) => taken.size > 0);
    try {
      const left = await send({
        limits: told.map(({ name, limit, taken }) => ({
          name,
          ...limit.settings,
          taken: Object.fromEntries(taken),
        })),
      });
      for (const [i, { limit }] of told.entries()) {
        for (const [key, tokens] of Object.entries(left[i] ?? {})) limit.learn(key, tokens);
      }
    } catch {
      // Nobody heard it; until somebody does, what is counted here holds.
      for (const { limit, taken } of told) limit.untell(taken);
    }
  }

  async function send(report: RateReport): Promise<RatesLeft["left"]> {
    if (report.limits.length === 0) return [];
    const request = {
      method: "POST",
      path: "/v1/rates",
      body: new TextEncoder().encode(JSON.stringify(report)),
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    } as const;
    // What it has counted once it may not count again.
    const response = await askTarget("home", request, instances, { mayRepeat: false });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`Cannot share limits: the core says ${response.status}`);
    }
    return RatesLeft.parse(await response.json()).left;
  }
}
