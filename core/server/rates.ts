/** Counts what several edges let through together: each tells what it did and is told what is left. */
import { Buckets } from "../base/buckets.ts";
import type { RateReport, RatesLeft } from "../contract/edge.ts";

export interface Rates {
  count(report: RateReport): RatesLeft["left"];
}

/** Edges of different settings count apart; more than these are a fault, and begin anew. */
const LIMITS_MAX = 100;

/** In memory: after a restart, everybody has everything left. */
export function createRates(now: () => number = Date.now): Rates {
  const limits = new Map<string, Buckets>();
  return {
    count: (report) =>
      report.limits.map(({ name, perMinute, burst, taken }) => {
        const key = `${name} ${perMinute} ${burst}`;
        const buckets = limits.get(key) ?? new Buckets({ perMinute, burst }, now);
        if (limits.size >= LIMITS_MAX) limits.clear();
        limits.set(key, buckets);
        return Object.fromEntries(
          Object.entries(taken).map(([name, tokens]) => [name, buckets.take(name, tokens)]),
        );
      }),
  };
}
