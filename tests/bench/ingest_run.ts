/** One measured run of the broker in a process of its own: `ingest_run.ts JSON`, answers with JSON. */
import { MongoClient } from "mongodb";
import { openArchive } from "../../core/archive/open.ts";
import type { CatalogMatch } from "../../core/contract/crossmatch.ts";
import { type IngestReport, type Stage, STAGES } from "../../core/contract/ingest.ts";
import type { Packet, Source } from "../../core/contract/packet.ts";
import { runSurveyBroker } from "../../core/survey_broker.ts";
import type { PreparedModel } from "../../models/prepare.ts";
import type { IngestWorkerSettings } from "../../workers/ingest_worker.ts";
import ztf from "../../catalogs/live/ztf.ts";
import { cpuMs, peakMemoryMb } from "./cpu.ts";

export interface RunSettings {
  readonly uri: string;
  readonly mongodPid: number;
  readonly database: string;
  /** Packets, each after its length (4 bytes). */
  readonly packetsFile: string;
  readonly workers: number;
  readonly batchSize: number;
  /** Read and thrown away before the clock starts: workers start, and code gets warm in each of them. */
  readonly warmUpBatches: number;
  readonly models: readonly PreparedModel[];
  readonly catalogs: readonly CatalogMatch[];
}

export interface RunResult {
  readonly alerts: number;
  readonly passed: number;
  readonly matched: number;
  readonly alertsPerS: number;
  readonly coreMs: number;
  readonly mongodMs: number;
  readonly requests: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly peakMb: number;
  readonly stageShare: Record<Stage, number>;
}

if (import.meta.main) {
  const settings = JSON.parse(await Deno.readTextFile(Deno.args[0]!)) as RunSettings;
  console.log(JSON.stringify(await run(settings)));
}

async function run(settings: RunSettings): Promise<RunResult> {
  await using archive = await openArchive({
    uri: settings.uri,
    database: settings.database,
    appName: "bench",
  });
  const begin = Promise.withResolvers<Usage>();
  let batches = 0;
  const reports: IngestReport[] = [];
  const never = new AbortController().signal;
  await runSurveyBroker(
    {
      archive,
      survey: ztf,
      source: fileSource(settings),
      limits: {
        lanes: settings.workers,
        batchesMax: settings.workers + 1,
        jobMsMax: 600_000,
        startMsMax: 0,
        restartsMax: 0,
      },
      startWorker() {
        const worker = new Worker(new URL("../../workers/ingest_worker.ts", import.meta.url), {
          type: "module",
        });
        worker.postMessage(
          {
            archiveUri: settings.uri,
            database: settings.database,
            surveyUrl: new URL("../../catalogs/live/ztf.ts", import.meta.url).href,
            catalogs: settings.catalogs,
            models: settings.models,
          } satisfies IngestWorkerSettings,
        );
        return worker;
      },
      buildIndexes: true,
      onReports(some) {
        batches++;
        if (batches > settings.warmUpBatches) reports.push(...some);
        if (batches === settings.warmUpBatches) begin.resolve(usage(settings, archive.client));
      },
      onRetry: (reason) => console.error(reason),
      onFilters: () => {},
      pause: () => Promise.resolve(),
    },
    never,
    never,
  );
  const start = await begin.promise;
  const endMs = performance.now();
  await flush(archive.client);
  const end = await usage(settings, archive.client);
  const sum = (key: "stored" | "passed" | "matched") =>
    reports.reduce((total, report) => total + report[key], 0);
  const stageMs = STAGES.map((stage) =>
    reports.reduce((total, report) => total + report.stageMs[stage], 0)
  );
  const allMs = stageMs.reduce((total, ms) => total + ms, 0);
  const alerts = sum("stored");
  return {
    alerts,
    passed: sum("passed"),
    matched: sum("matched"),
    alertsPerS: alerts / (endMs - start.atMs) * 1_000,
    coreMs: (end.coreMs - start.coreMs) / alerts,
    mongodMs: (end.mongodMs - start.mongodMs) / alerts,
    requests: (end.requests - start.requests) / alerts,
    bytesIn: (end.bytesIn - start.bytesIn) / alerts,
    bytesOut: (end.bytesOut - start.bytesOut) / alerts,
    peakMb: peakMemoryMb("self"),
    stageShare: Object.fromEntries(
      STAGES.map((stage, i) => [stage, stageMs[i]! / allMs]),
    ) as Record<
      Stage,
      number
    >,
  };
}

/** Has MongoDB write all that it holds to its files. */
export async function flush(client: MongoClient): Promise<void> {
  await client.db("admin").command({ fsync: 1 });
}

interface Usage {
  readonly atMs: number;
  readonly coreMs: number;
  readonly mongodMs: number;
  readonly requests: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

async function usage({ mongodPid }: RunSettings, client: MongoClient): Promise<Usage> {
  const now = { atMs: performance.now(), coreMs: cpuMs("self"), mongodMs: cpuMs(mongodPid) };
  const { network } = await client.db("admin").command({ serverStatus: 1 });
  return {
    ...now,
    requests: Number(network.numRequests),
    bytesIn: Number(network.bytesIn),
    bytesOut: Number(network.bytesOut),
  };
}

/** Reads a packet when it is asked for, so that the file's size isn't in the core's memory. */
function fileSource({ packetsFile, batchSize }: RunSettings): Source {
  return {
    name: "file",
    state: () => ({ connected: true, lag: null }),
    async *batches() {
      using file = await Deno.open(packetsFile);
      const length = new Uint8Array(4);
      let offset = 0n;
      for (let ended = false; !ended;) {
        const packets: Packet[] = [];
        while (packets.length < batchSize) {
          if (await file.read(length) === null) {
            ended = true;
            break;
          }
          const bytes = new Uint8Array(new DataView(length.buffer).getUint32(0));
          for (let at = 0; at < bytes.length;) at += (await file.read(bytes.subarray(at)))!;
          packets.push({ bytes, topic: "bench", partition: 0, offset: offset++, timestampMs: 0 });
        }
        if (packets.length > 0) yield { packets, commit: () => Promise.resolve() };
      }
    },
  };
}
