/** How long a change of a filter takes until every worker of every core runs it, on alerts that come in. */
import type { Db } from "mongodb";
import ztf from "../../catalogs/live/ztf.ts";
import { openArchive } from "../../core/archive/open.ts";
import type { IngestReport } from "../../core/contract/ingest.ts";
import type { Packet, Source } from "../../core/contract/packet.ts";
import type { ActiveFilter } from "../../core/contract/passed.ts";
import { runSurveyBroker } from "../../core/survey_broker.ts";
import type { IngestWorkerSettings } from "../../workers/ingest_worker.ts";
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
  await db.collection("filters").insertMany(filters.map(toDocument));
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
      toDocument({
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
  const run = async () => {
    await using archive = await openArchive({ uri, database, appName: "bench" });
    await runSurveyBroker(
      {
        archive,
        survey: ztf,
        source: trickle(simulatedPackets({ alerts: BATCHES_MAX * BATCH, seed })),
        limits: {
          lanes: WORKERS,
          batchesMax: WORKERS + 1,
          jobMsMax: 60_000,
          startMsMax: 0,
          restartsMax: 0,
        },
        startWorker: () => startWorker(uri, database),
        buildIndexes: true,
        onReports,
        onRetry: (reason) => console.error(reason),
        onFilters: () => {},
        pause: () => Promise.resolve(),
      },
      over,
      over,
    );
  };
  return { warm: warm.promise, live: live.promise, ended: run() };
}

function startWorker(archiveUri: string, database: string): Worker {
  const worker = new Worker(new URL("../../workers/ingest_worker.ts", import.meta.url), {
    type: "module",
  });
  const surveyUrl = new URL("../../catalogs/live/ztf.ts", import.meta.url).href;
  worker.postMessage(
    { archiveUri, database, surveyUrl, catalogs: [], models: [] } satisfies IngestWorkerSettings,
  );
  return worker;
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

function toDocument({ filterId, groupId, permissions, fid, pipeline }: ActiveFilter) {
  return {
    filter_id: filterId,
    group_id: groupId,
    catalog: ztf.collections.alerts,
    permissions: [...permissions],
    active: true,
    active_fid: fid,
    fv: [{ fid, pipeline: [...pipeline], created_at: new Date() }],
  };
}
