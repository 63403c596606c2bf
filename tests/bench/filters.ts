/** What a filter costs an alert: all of them in process, against the same filters in MongoDB. */
import { type Db, MongoClient } from "mongodb";
import ztf from "../../catalogs/live/ztf.ts";
import { FilterRunner } from "../../core/archive/filter_runner.ts";
import { ensureIndexes } from "../../core/archive/indexes.ts";
import type { ActiveFilter } from "../../core/contract/passed.ts";
import { FilterPlan } from "../../core/filters/engine/plan/filter_plan.ts";
import { startMongo } from "../../deploy/local/mongo.ts";
import { cpuMs } from "./cpu.ts";
import { type StoredAlert, storedAlerts } from "../support/filter_inputs.ts";
import { filterOf } from "../support/filters.ts";
import { RUNAWAYS } from "../support/runaway_filters.ts";
import { variedFilters } from "../support/varied_filters.ts";
import { mingo, perAlert, perBatch, together } from "./filter_rivals.ts";
import { type LiveTime, timeToLive } from "./filters_live.ts";
import type { BenchResult, Reach } from "./main.ts";

/** As a worker of the broker gets them. */
const BATCH = 70;

export async function bench(args: string[]): Promise<BenchResult> {
  const small = args.includes("--small");
  const dir = await Deno.makeTempDir({ prefix: "kowalski-bench-" });
  try {
    await using mongo = await startMongo({ dataDir: `${dir}/mongo`, cacheSizeGB: 1 });
    const client = await new MongoClient(mongo.uri).connect();
    try {
      const { rows, ...figures } = await measure({ db: client.db("bench"), pid: mongo.pid, small });
      const runaways = await runawayShare(client.db("bench"), small);
      console.log(
        `beside ${Object.keys(RUNAWAYS).length} that run away, 1,000 filters run at ` +
          `${(100 * runaways).toFixed(0)} % of their rate`,
      );
      const filters = variedFilters(1_000);
      const live = await timeToLive({ uri: mongo.uri, db: client.db("live"), filters });
      console.log(
        `a new filter beside 1,000 is live on ${live.cores} cores of ${live.workers} workers ` +
          `after ${live.liveMs.toFixed(0)} ms`,
      );
      return {
        figures: { ...figures, rows, runaways, live },
        reach: reachOf(rows, runaways, live),
      };
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

interface Measured {
  readonly alerts: number;
  readonly rows: readonly Row[];
  /** 100 filters that most alerts get far into: an alert's microseconds in process, and by a command a batch. */
  readonly openUs: number;
  readonly openBatchUs: number;
}

async function measure({ db, pid, small }: Setting): Promise<Measured> {
  const alerts = storedAlerts({ simulated: small ? BATCH : 6 * BATCH });
  const batch = alerts.slice(0, BATCH);
  await store(db, alerts);
  const all = variedFilters(small ? 1_000 : 5_000);
  const rivals = { db, used: () => cpuMs("self") + cpuMs(pid) };
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
        togetherUs: await together(rivals, filters, batch),
        perBatchUs: await perBatch(rivals, filters, batch),
      },
      ...filters.length <= 100 && {
        ...mingo(filters, batch),
        perAlertUs: await perAlert(rivals, filters, alerts.slice(0, 8)),
      },
    };
    rows.push(row);
    show(row);
  }
  const open = prepare(db, variedFilters(100, 2, { cuts: false }));
  await inProcess([open], alerts, small ? 6 : 20);
  const openUs = lowerQuartile(open.roundsUs) / alerts.length;
  const openBatchUs = await perBatch(rivals, open.filters, batch);
  console.log(
    `100 filters that let ${
      (open.passes / alerts.length).toFixed(0)
    } of 100 alerts through: an alert ` +
      `costs ${openUs.toFixed(0)} us in process, ${openBatchUs.toFixed(0)} us by a command a batch`,
  );
  return { alerts: alerts.length, rows, openUs, openBatchUs };
}

/** The rate of 1,000 filters beside those that run away, as a share of their rate by themselves. */
async function runawayShare(db: Db, small: boolean): Promise<number> {
  const alerts = storedAlerts({ simulated: BATCH });
  const filters = variedFilters(1_000);
  const runaways = Object.values(RUNAWAYS).map((pipeline, i) => filterOf(pipeline, 10_000 + i));
  const [alone, beside] = [prepare(db, filters), prepare(db, [...filters, ...runaways])];
  await inProcess([alone!, beside!], alerts, small ? 40 : 200);
  return lowerQuartile(alone!.roundsUs) / lowerQuartile(beside!.roundsUs);
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

function batchesOf(alerts: readonly StoredAlert[]): StoredAlert[][] {
  return Array.from(
    { length: Math.ceil(alerts.length / BATCH) },
    (_, i) => alerts.slice(i * BATCH, (i + 1) * BATCH),
  );
}

function reachOf(rows: readonly Row[], runaways: number, { liveMs }: LiveTime): Reach[] {
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
    least("rate beside filters that run away / rate without", runaways, 0.9),
    most("a change is live on all cores after, s", liveMs / 1_000, 5),
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
