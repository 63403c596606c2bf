/** Starts one instance: its brokers, its outbox, its queries, in this order, and ends them in the other. */
import { mongoOutbox } from "./archive/outbox.ts";
import { FilterFaultLog } from "./archive/filter_faults.ts";
import { replayClaims } from "./archive/replay_claims.ts";
import { isTransient } from "./archive/errors.ts";
import { openArchive } from "./archive/open.ts";
import { getLog, type Log } from "./base/log.ts";
import { createMetrics, type Metrics } from "./base/metrics.ts";
import { loadFolder } from "./base/registry.ts";
import { pause, PermanentError, retry } from "./base/retry.ts";
import type { Settings } from "./base/settings_schema.ts";
import { Counts } from "./counts.ts";
import type { Batch, Source } from "./contract/packet.ts";
import type { Sink } from "./contract/passed.ts";
import type { SurveyDef } from "./contract/survey.ts";
import { modelsOf } from "./models_of.ts";
import { openSinks } from "./open_sinks.ts";
import { openSource } from "./open_source.ts";
import { type OutboxStore, runOutbox } from "./outbox.ts";
import { runReplays, startReplayWorker } from "./replay_runner.ts";
import { type Queries, startQueries } from "./start_queries.ts";
import { runSurveyBroker } from "./survey_broker.ts";
import type { IngestWorkerSettings } from "../workers/ingest_worker.ts";

export interface CoreOptions {
  readonly settings: Settings;
  /** The archive's MongoDB. */
  readonly uri: string;
  /** Ends the waiting for an archive that is away. */
  readonly signal?: AbortSignal;
  /** The night that the simulator shows; today's by default. */
  readonly nightUtc?: Date;
}

export interface Core {
  /** Where the edge finds it; null when it answers no queries. */
  readonly url: string | null;
  readonly counts: Counts;
  readonly sources: ReadonlyMap<string, Source>;
  /** Resolves when all brokers have come to the end of their sources; rejects when one failed. */
  readonly ended: Promise<void>;
  /** Resolves when what has passed so far is with every sink that takes it. */
  settled(): Promise<void>;
  /** Reads no more, finishes what is in work within the deadline, and closes everything. */
  stop(): Promise<void>;
}

/** A worker loads its networks, and the first time the machine is busy with all of them. */
const WORKER_START_MS_MAX = 120_000;

export async function startCore(options: CoreOptions): Promise<Core> {
  const { settings, uri } = options;
  const log = getLog("core");
  const metrics = createMetrics();
  const counts = new Counts();
  const stop = new AbortController();
  const abandon = new AbortController();
  const archive = await retry(() =>
    openArchive({
      uri,
      database: settings.database.db,
      appName: "kowalski-core",
      maxPoolSize: settings.database.max_pool_size,
    }).catch((error) => {
      throw isTransient(error) ? error : new PermanentError(error.message, { cause: error });
    }), {
    signal: options.signal,
    onRetry: (error) => log.warn("the archive is away", { error: String(error) }),
  });
  const all = await loadFolder<SurveyDef>(new URL("../catalogs/live/", import.meta.url));
  const surveys = [...all.values()].filter(({ name }) => settings.enabled[name]);

  const faults = new FilterFaultLog(
    archive.db,
    (error) => log.warn("failures of filters couldn't be kept", { error: String(error) }),
  );
  const sources = new Map<string, Source>();
  const brokers: Promise<void>[] = [];
  let queries: Queries | null = null;
  let replays = Promise.resolve();
  const outboxStop = new AbortController();
  let outbox = Promise.resolve();
  let store: OutboxStore | undefined;
  let sinks: readonly Sink[] = [];
  if (settings.core.roles.includes("broker")) {
    sinks = openSinks(settings, getLog("sinks"));
    store = await mongoOutbox(archive.db, { sinks: sinks.map(({ name }) => name) });
    outbox = runOutbox({
      store,
      sinks,
      signal: outboxStop.signal,
      log: getLog("outbox"),
      onDelivered: () => {},
      onFailed: (sink) => metrics.countSinkFailure(sink),
    });
    for (const survey of surveys) {
      const source = openSource(options, survey, getLog(`source.${survey.name}`));
      if (!source) continue;
      sources.set(survey.name, source);
      brokers.push(runSurveyBroker(
        await brokerDeps(options, { archive, survey, source, counts, metrics, faults, log }),
        stop.signal,
        abandon.signal,
      ));
    }
  }
  if (settings.core.roles.includes("query")) {
    queries = await startQueries({
      settings,
      archive,
      uri,
      surveys: [...all.values()],
      log,
      stopping: stop.signal,
      ready: () => !stop.signal.aborted,
      health: () => ({
        counts: counts.totals,
        sources: Object.fromEntries([...sources].map(([name, each]) => [name, each.state()])),
      }),
      async metrics() {
        for (const { name } of sinks) metrics.setOutbox(name, await store!.waiting(name));
        return await metrics.text();
      },
      onQuery: ({ type, seconds, ok }) =>
        metrics.countRequest({
          method: "POST",
          route: `/v1/query:${type}`,
          status: ok ? 200 : 400,
          seconds,
        }),
    });
  }
  if (queries) {
    const { batch_max, alerts_max, turn_ms_max, threads } = settings.filters.replay;
    const limits = { batchMax: batch_max, alertsMax: alerts_max, runMsMax: turn_ms_max };
    replays = runReplays({
      claims: replayClaims(archive.db),
      threads: threads ?? navigator.hardwareConcurrency,
      startWorker: () =>
        startReplayWorker({ archiveUri: uri, database: settings.database.db, limits }),
      signal: stop.signal,
      log: getLog("replays"),
    });
  }
  const ended = Promise.all(brokers).then(() => {});
  ended.catch(() => {}); // Told to whoever awaits it.

  return {
    url: queries?.url ?? null,
    counts,
    sources,
    ended,
    async settled() {
      for (const { name } of sinks) {
        while (!stop.signal.aborted && (await store!.pending(name, 1)).length > 0) {
          await pause(0, stop.signal);
        }
      }
    },
    async stop() {
      stop.abort();
      const drained = setTimeout(
        () => abandon.abort(new Error("The core is stopping")),
        settings.shutdown.drain_ms,
      );
      await ended.catch((error) => log.warn("a broker ended early", { error: String(error) }));
      clearTimeout(drained);
      await faults[Symbol.asyncDispose]();
      outboxStop.abort();
      await outbox;
      await replays;
      await queries?.[Symbol.asyncDispose]();
      for (const sink of sinks) await sink[Symbol.asyncDispose]();
      await archive[Symbol.asyncDispose]();
    },
  };
}

interface Parts {
  readonly archive: Awaited<ReturnType<typeof openArchive>>;
  readonly survey: SurveyDef;
  readonly source: Source;
  readonly counts: Counts;
  readonly metrics: Metrics;
  readonly faults: FilterFaultLog;
  readonly log: Log;
}

async function brokerDeps(
  options: CoreOptions,
  { archive, survey, source, counts, metrics, faults, log }: Parts,
): Promise<Parameters<typeof runSurveyBroker>[0]> {
  const { settings, uri } = options;
  const models = await modelsOf(settings, survey, log);
  const workers = settings.workers.count ?? navigator.hardwareConcurrency;
  let started = 0;
  const worker: IngestWorkerSettings = {
    archiveUri: uri,
    database: settings.database.db,
    surveyUrl: new URL(`../catalogs/live/${survey.name}.ts`, import.meta.url).href,
    catalogs: settings.database.xmatch[survey.instrument] ?? [],
    models,
  };
  return {
    archive,
    survey,
    source: { ...source, batches: (signal) => timed(source.batches(signal), counts) },
    buildIndexes: settings.database.build_indexes,
    limits: {
      lanes: workers,
      batchesMax: settings.workers.queue_max,
      jobMsMax: settings.workers.job_ms_max,
      startMsMax: WORKER_START_MS_MAX,
      restartsMax: settings.workers.restarts_max,
    },
    startWorker() {
      if (++started > workers) metrics.countWorkerRestart(survey.name);
      const thread = new Worker(new URL("../workers/ingest_worker.ts", import.meta.url), {
        type: "module",
      });
      thread.postMessage(worker);
      return thread;
    },
    onReports(reports) {
      counts.add(reports);
      for (const report of reports) metrics.countReport(survey.name, report);
      metrics.setSource(survey.name, source.state());
      const failures = reports.flatMap(({ filterFailures }) => filterFailures);
      for (const failure of failures) {
        log.warn("a filter failed", { survey: survey.name, ...failure });
      }
      faults.add(failures);
    },
    onRetry(reason) {
      metrics.countBatchRetry(survey.name);
      log.warn("a batch is tried again", { survey: survey.name, reason });
    },
    onFilters(active, bad) {
      log.info("filters", { survey: survey.name, active, bad });
    },
    pause,
  };
}

/** Notes when the first packets come. */
async function* timed(batches: AsyncIterable<Batch>, counts: Counts): AsyncIterable<Batch> {
  for await (const batch of batches) {
    counts.begin();
    yield batch;
  }
}
