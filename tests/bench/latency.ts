/** How long something takes, done again and again by several clients at once. */

export interface Latency {
  readonly perS: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** Does `work` for `ms` with `clients` at once; gives the time of each, ms. `i` counts on. */
async function timesOf(
  work: (i: number) => Promise<void>,
  { clients, ms }: { clients: number; ms: number },
): Promise<{ times: number[]; wallMs: number }> {
  const times: number[] = [];
  const startMs = performance.now();
  let i = 0;
  await Promise.all(Array.from({ length: clients }, async () => {
    while (performance.now() - startMs < ms) {
      const beforeMs = performance.now();
      await work(i++);
      times.push(performance.now() - beforeMs);
    }
  }));
  return { times, wallMs: performance.now() - startMs };
}

/**
 * The same for several ways of doing a thing, turn by turn, so that the load of a shared machine is
 * the same for all of them. The first turn warms up and isn't counted.
 */
export async function compare(
  ways: Readonly<Record<string, (i: number) => Promise<void>>>,
  { clients, turns, turnMs }: { clients: number; turns: number; turnMs: number },
): Promise<Record<string, Latency>> {
  const all = Object.keys(ways).map((name) => ({ name, times: [] as number[], wallMs: 0 }));
  for (let turn = 0; turn <= turns; turn++) {
    for (const one of turn % 2 === 0 ? all : all.toReversed()) {
      const { times, wallMs } = await timesOf(ways[one.name]!, { clients, ms: turnMs });
      if (turn === 0) continue;
      one.times.push(...times);
      one.wallMs += wallMs;
    }
  }
  return Object.fromEntries(all.map(({ name, times, wallMs }) => [name, latencyOf(times, wallMs)]));
}

function latencyOf(times: readonly number[], wallMs: number): Latency {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return {
    perS: times.length / wallMs * 1_000,
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
  };
}
