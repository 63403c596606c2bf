/** How long a change of a filter takes until every worker of every core runs it, on alerts that come in. */
import type { Db } from "mongodb";
import type { IngestReport } from "../../core/contract/ingest.ts";
import type { Packet, Source } from "../../core/contract/packet.ts";
import type { ActiveFilter } from "../../core/contract/passed.ts";
import { runZtfBroker } from "../support/broker.ts";
import { filterDocument } from "../support/filters.ts";
import { simulatedPackets } from "../support/ingest.ts";

const CORES = 2;
/** Of each core. */
const WORKERS = 2;
/** So many that each worker has some. */
const BATCH = 20;
/** Between two batches of a core: who waits for a change isn't to wait for the queue before it. */
const EVERY_MS = 200;
const BATCHES_MAX = 60;

export interface LiveTime {
  readonly cores: number;
  readonly workers: number;
  /** From the write of the change until all alerts of a batch pass it, on the slowest core. */
  readonly liveMs: number;
}

/** `filters` are in the archive, and let hardly any alert pass; one that lets all pass is added. */
export async function timeToLive(
  { uri, db, filters }: { uri: string; db: Db; filters: readonly ActiveFilter[] },
): Promise<LiveTime> {
  await db.collection("filters").insertMany(filters.map(filterDocument));
  const over = new AbortController();
  const cores = Array.from(
    { length: CORES },
    (_, i) => startCore({ uri, database: db.databaseName, seed: 100 + i }, over.signal),
  );
  try {
    await Promise.race([
      Promise.all(cores.map(({ warm }) => warm)),
      ...cores.map(({ ended }) => ended),
    ]);
    const startMs = performance.now();
    await db.collection("filters").insertOne(
      filterDocument({
        ...filters[0]!,
        filterId: 1_000_000,
        fid: "live01",
        pipeline: [{ $match: {} }],
      }),
    );
    const liveAt = await Promise.race([
      Promise.all(cores.map(({ live }) => live)),
      ...cores.map(({ ended }) => ended.then(() => [Infinity])),
    ]);
    return { cores: CORES, workers: WORKERS, liveMs: Math.max(...liveAt) - startMs };
  } finally {
    over.abort();
    await Promise.allSettled(cores.map(({ ended }) => ended));
  }
}

interface RunningCore {
  /** Its workers have run batches. */
  readonly warm: Promise<void>;
  /** When all alerts of a batch passed. */
  readonly live: Promise<number>;
  readonly ended: Promise<void>;
}

function startCore(
  { uri, database, seed }: { uri: string; database: string; seed: number },
  over: AbortSignal,
): RunningCore {
  const warm = Promise.withResolvers<void>();
  const live = Promise.withResolvers<number>();
  let batches = 0;
  const onReports = (reports: readonly IngestReport[]) => {
    if (++batches === 3) warm.resolve();
    if (reports.every(({ stored, passed }) => passed >= stored)) live.resolve(performance.now());
  };
  const source = trickle(simulatedPackets({ alerts: BATCHES_MAX * BATCH, seed }));
  const ended = runZtfBroker({ uri, database, source, workers: WORKERS, onReports }, over);
  return { warm: warm.promise, live: live.promise, ended };
}

function trickle(packets: readonly Packet[]): Source {
  return {
    name: "trickle",
    state: () => ({ connected: true, lag: null }),
    async *batches(signal) {
      for (let at = 0; at < packets.length && !signal.aborted; at += BATCH) {
        yield { packets: packets.slice(at, at + BATCH), commit: () => Promise.resolve() };
        await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      }
    },
  };
}
