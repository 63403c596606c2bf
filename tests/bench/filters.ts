/** What a filter costs an alert: all of them in process, against the same filters in MongoDB. */
import { Aggregator } from "mingo";
import { type Db, MongoClient } from "mongodb";
import ztf from "../../catalogs/live/ztf.ts";
import { filterChanges, readActiveFilters } from "../../core/archive/filters.ts";
import { FilterRunner } from "../../core/archive/filter_runner.ts";
import { ensureIndexes } from "../../core/archive/indexes.ts";
import { type Input, MongoFilters } from "../../core/archive/mongo_filters.ts";
import type { Document } from "../../core/contract/document.ts";
import { plainNumbers } from "../../core/contract/plain_numbers.ts";
import type { ActiveFilter } from "../../core/contract/passed.ts";
import { FilterPlan } from "../../core/filters/engine/plan/filter_plan.ts";
import { startMongo } from "../../deploy/local/mongo.ts";
import { cpuMs } from "./cpu.ts";
import { type StoredAlert, storedAlerts } from "../support/filter_inputs.ts";
import { variedFilters } from "../support/varied_filters.ts";
import type { BenchResult, Reach } from "./main.ts";

const PERMISSIONS = [1, 2, 3];
/** As a worker of the broker gets them. */
const BATCH = 70;

export async function bench(args: string[]): Promise<BenchResult> {
  const small = args.includes("--small");
  const dir = await Deno.makeTempDir({ prefix: "kowalski-bench-" });
  try {
    await using mongo = await startMongo({ dataDir: `${dir}/mongo`, cacheSizeGB: 1 });
    const client = await new MongoClient(mongo.uri).connect();
    try {
      return await measure({ db: client.db("bench"), pid: mongo.pid, small });
    } finally {
      await client.close();
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

interface Setting {
  readonly db: Db;
  readonly pid: number;
  readonly small: boolean;
}

/** Microseconds an alert: of MongoDB's the CPU of core and server; in process the time, which is as much. */
interface Row {
  readonly filters: number;
  readonly compileMs: number;
  readonly uncompiled: number;
  readonly inProcessUs: number;
  /** One command a batch for all filters, on documents that are sent. */
  readonly togetherUs?: number;
  /** One aggregation a filter and batch, on stored alerts. */
  readonly perBatchUs?: number;
  /** One aggregation a filter and alert, on stored alerts. */
  readonly perAlertUs?: number;
  /** Another library that evaluates pipelines in process, a filter after the other, on plain numbers. */
  readonly mingoUs?: number;
  /** How many of the filters it can run. */
  readonly mingoRuns?: number;
  readonly passesPerAlert: number;
}

async function measure({ db, pid, small }: Setting): Promise<BenchResult> {
  const alerts = storedAlerts({ simulated: small ? BATCH : 6 * BATCH });
  await store(db, alerts);
  const all = variedFilters(small ? 1_000 : 5_000);
  const used = () => cpuMs("self") + cpuMs(pid);
  const runs = (small ? [25, 1_000] : [25, 100, 1_000, 5_000])
    .map((count) => prepare(db, all.slice(0, count)));
  await inProcess(runs, alerts, small ? 30 : 100);
  const rows: Row[] = [];
  for (const { filters, compileMs, uncompiled, roundsUs, passes } of runs) {
    const row: Row = {
      filters: filters.length,
      compileMs,
      uncompiled,
      inProcessUs: lowerQuartile(roundsUs) / alerts.length,
      passesPerAlert: passes / alerts.length,
      ...filters.length <= 1_000 && {
        togetherUs: await together(db, filters, alerts, used),
        perBatchUs: await perBatch(db, filters, alerts, used),
      },
      ...filters.length <= 100 && {
        ...mingo(filters, alerts.slice(0, BATCH)),
        perAlertUs: await perAlert(db, filters, alerts.slice(0, 8), used),
      },
    };
    rows.push(row);
    show(row);
  }
  const open = prepare(db, variedFilters(100, 2, { cuts: false }));
  await inProcess([open], alerts, small ? 6 : 20);
  const openUs = lowerQuartile(open.roundsUs) / alerts.length;
  const openBatchUs = await perBatch(db, open.filters, alerts, used);
  console.log(
    `100 filters that let ${
      (open.passes / alerts.length).toFixed(0)
    } of 100 alerts through: an alert ` +
      `costs ${openUs.toFixed(0)} us in process, ${openBatchUs.toFixed(0)} us by a command a batch`,
  );
  const liveMs = await timeToLive(db, all.slice(0, 1_000));
  console.log(
    `a change of one of 1,000 filters is read and compiled after ${liveMs.toFixed(0)} ms`,
  );
  const figures = { alerts: alerts.length, rows, openUs, openBatchUs, liveMs };
  return { figures, reach: reachOf(rows, liveMs) };
}

interface Run {
  readonly filters: readonly ActiveFilter[];
  readonly runner: FilterRunner;
  readonly compileMs: number;
  readonly uncompiled: number;
  /** Each time all alerts went through. */
  readonly roundsUs: number[];
  passes: number;
}

function prepare(db: Db, filters: readonly ActiveFilter[]): Run {
  const startMs = performance.now();
  const plan = new FilterPlan(filters);
  const compileMs = performance.now() - startMs;
  const uncompiled = plan.uncompiled.size;
  return {
    filters,
    runner: new FilterRunner(db, filters),
    compileMs,
    uncompiled,
    roundsUs: [],
    passes: 0,
  };
}

async function store(db: Db, alerts: readonly StoredAlert[]): Promise<void> {
  const { collections, indexes } = ztf;
  await ensureIndexes(db, collections.alerts, indexes);
  await db.collection(collections.alerts).insertMany(alerts.map(({ alert }) => alert));
  const objects = new Map(alerts.map(({ aux }) => [aux._id, aux]));
  await db.collection(collections.aux).insertMany([...objects.values()] as never[]);
}

/**
 * From stored documents to passes, what filters see included. In turns, so that all have the same of
 * what else the machine does; the first rounds make the code warm.
 */
async function inProcess(
  runs: readonly Run[],
  alerts: readonly StoredAlert[],
  rounds: number,
): Promise<void> {
  for (let round = -rounds / 2; round < rounds; round++) {
    for (const run of runs) {
      run.passes = 0;
      const startMs = performance.now();
      for (const batch of batchesOf(alerts)) {
        const { hits } = await run.runner.run((permissions) =>
          batch.map(({ alert, aux }) => ztf.toFilterInput(alert, aux, permissions))
        );
        run.passes += hits.length;
      }
      if (round >= 0) run.roundsUs.push(1_000 * (performance.now() - startMs));
    }
  }
}

/** What a round takes when nothing else disturbs it much. */
function lowerQuartile(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 4)]!;
}

async function together(
  db: Db,
  filters: readonly ActiveFilter[],
  alerts: readonly StoredAlert[],
  used: () => number,
): Promise<number> {
  const runner = new MongoFilters(db, filters);
  const [batch = []] = batchesOf(alerts);
  const inputs = batch.map(({ alert, aux }, i): Input => ({
    alert: i,
    document: ztf.toFilterInput(alert, aux, PERMISSIONS)!,
  }));
  await runner.run(inputs, []);
  const startMs = used();
  await runner.run(inputs, []);
  return (used() - startMs) * 1_000 / inputs.length;
}

async function perBatch(
  db: Db,
  filters: readonly ActiveFilter[],
  alerts: readonly StoredAlert[],
  used: () => number,
): Promise<number> {
  const [batch = []] = batchesOf(alerts);
  const startMs = used();
  for (const { pipeline } of filters) await aggregate(db, batch, pipeline);
  return (used() - startMs) * 1_000 / batch.length;
}

async function perAlert(
  db: Db,
  filters: readonly ActiveFilter[],
  alerts: readonly StoredAlert[],
  used: () => number,
): Promise<number> {
  const startMs = used();
  for (const alert of alerts) {
    for (const { pipeline } of filters) await aggregate(db, [alert], pipeline);
  }
  return (used() - startMs) * 1_000 / alerts.length;
}

/** Of those filters that it can run on these alerts. */
function mingo(
  filters: readonly ActiveFilter[],
  alerts: readonly StoredAlert[],
): { mingoUs: number; mingoRuns: number } {
  const inputs = alerts.map(({ alert, aux }) =>
    plainNumbers(ztf.toFilterInput(alert, aux, PERMISSIONS)!) as Document
  );
  let [us, runs] = [0, 0];
  for (const { pipeline } of filters) {
    try {
      const aggregator = new Aggregator(plainNumbers(pipeline) as Document[]);
      const run = () => inputs.forEach((input) => aggregator.run([input]));
      run();
      const startMs = performance.now();
      run();
      us += 1_000 * (performance.now() - startMs) / inputs.length;
      runs++;
    } catch { /* An operator that it doesn't have. */ }
  }
  return { mingoUs: us, mingoRuns: runs };
}

async function aggregate(
  db: Db,
  alerts: readonly StoredAlert[],
  pipeline: readonly Document[],
): Promise<void> {
  const candids = alerts.map(({ alert }) => alert.candid as bigint);
  await db.collection(ztf.collections.alerts)
    .aggregate([...ztf.upstream(candids, PERMISSIONS), ...pipeline], { allowDiskUse: false })
    .toArray();
}

/** From the change of a filter in the archive to a plan that runs it, ms. */
async function timeToLive(db: Db, filters: readonly ActiveFilter[]): Promise<number> {
  const documents = filters.map(({ filterId, pipeline }) => ({
    filter_id: filterId,
    group_id: 1,
    catalog: ztf.collections.alerts,
    permissions: PERMISSIONS,
    active: true,
    active_fid: "first1",
    fv: [{ fid: "first1", pipeline }],
  }));
  await db.collection("filters").insertMany(documents);
  const over = new AbortController();
  const changes = filterChanges(db, over.signal)[Symbol.asyncIterator]();
  await changes.next();
  const startMs = performance.now();
  await db.collection("filters").updateOne({ filter_id: 1 }, {
    $set: { fv: [{ fid: "first1", pipeline: [{ $match: { candid: 1 } }] }] },
  });
  await changes.next();
  new FilterPlan((await readActiveFilters(db, ztf.collections.alerts)).filters);
  const liveMs = performance.now() - startMs;
  over.abort();
  await changes.next();
  return liveMs;
}

function batchesOf(alerts: readonly StoredAlert[]): StoredAlert[][] {
  return Array.from(
    { length: Math.ceil(alerts.length / BATCH) },
    (_, i) => alerts.slice(i * BATCH, (i + 1) * BATCH),
  );
}

function reachOf(rows: readonly Row[], liveMs: number): Reach[] {
  const [few, many] = [25, 1_000].map((count) => rows.find(({ filters }) => filters === count)!);
  const least = (what: string, value: number, limit: number): Reach => ({
    what,
    value,
    limit: `at least ${limit}`,
    ok: value >= limit,
  });
  const most = (what: string, value: number, limit: number): Reach => ({
    what,
    value,
    limit: `at most ${limit}`,
    ok: value <= limit,
  });
  const perFilter = (us: number | undefined, { filters }: Row) => us! / filters;
  const ours = perFilter(many!.inProcessUs, many!);
  return [
    least(
      "MongoDB per batch / in process, 1,000 filters",
      many!.perBatchUs! / many!.inProcessUs,
      100,
    ),
    least(
      "MongoDB per alert / in process, an alert and filter",
      perFilter(few!.perAlertUs, few!) / ours,
      1_000,
    ),
    most("1,000 filters / 25 filters, in process", many!.inProcessUs / few!.inProcessUs, 2),
    most("a change is live after, s", liveMs / 1_000, 5),
  ];
}

function show({ filters, ...row }: Row): void {
  const us = (value: number | undefined) =>
    value === undefined
      ? "not run"
      : `${value.toFixed(1)} us (${(value / filters).toFixed(3)} a filter)`;
  console.log(
    `${filters} filters: an alert costs in process ${us(row.inProcessUs)}; in MongoDB all in one ` +
      `command ${us(row.togetherUs)}, a command a filter and batch ${
        us(row.perBatchUs)
      }, a command ` +
      `a filter and alert ${us(row.perAlertUs)}, by mingo ${us(row.mingoUs)} for ${
        row.mingoRuns ?? 0
      } of them; ${row.passesPerAlert.toFixed(2)} passes an alert; ` +
      `${row.uncompiled} not compiled; compiled in ${row.compileMs.toFixed(0)} ms`,
  );
}
