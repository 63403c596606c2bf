/** What the same filters cost an alert in MongoDB, and by another library in process. All in microseconds. */
import { Aggregator } from "mingo";
import type { Db } from "mongodb";
import ztf from "../../catalogs/live/ztf.ts";
import { type Input, MongoFilters } from "../../core/archive/mongo_filters.ts";
import type { Document } from "../../core/contract/document.ts";
import type { ActiveFilter } from "../../core/contract/passed.ts";
import { plainNumbers } from "../../core/contract/plain_numbers.ts";
import type { StoredAlert } from "../support/filter_inputs.ts";

const PERMISSIONS = [1, 2, 3];
/** CPU is counted in ticks of 10 ms: what is measured is repeated until they don't matter. */
const MEASURED_MS_MIN = 300;

export interface Rivals {
  readonly db: Db;
  /** CPU of this process and the server so far, ms. */
  readonly used: () => number;
}

/** One command for all filters and alerts, on documents that are sent. */
export async function together(
  { db, used }: Rivals,
  filters: readonly ActiveFilter[],
  alerts: readonly StoredAlert[],
): Promise<number> {
  const runner = new MongoFilters(db, filters);
  const inputs = alerts.map(({ alert, aux }, i): Input => ({
    alert: i,
    document: ztf.toFilterInput(alert, aux, PERMISSIONS)!,
  }));
  await runner.run(inputs, []);
  return await usPerAlert(used, alerts.length, async () => void await runner.run(inputs, []));
}

/** One aggregation a filter for all alerts, which are stored. */
export async function perBatch(
  { db, used }: Rivals,
  filters: readonly ActiveFilter[],
  alerts: readonly StoredAlert[],
): Promise<number> {
  return await usPerAlert(used, alerts.length, async () => {
    for (const { pipeline } of filters) await aggregate(db, alerts, pipeline);
  });
}

/** One aggregation a filter and alert, as the original does. */
export async function perAlert(
  { db, used }: Rivals,
  filters: readonly ActiveFilter[],
  alerts: readonly StoredAlert[],
): Promise<number> {
  return await usPerAlert(used, alerts.length, async () => {
    for (const alert of alerts) {
      for (const { pipeline } of filters) await aggregate(db, [alert], pipeline);
    }
  });
}

/** A filter after the other, on plain numbers: of those that it can run on these alerts. */
export function mingo(
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

async function usPerAlert(
  used: () => number,
  alerts: number,
  work: () => Promise<void>,
): Promise<number> {
  const startMs = used();
  let times = 0;
  do {
    await work();
    times++;
  } while (used() - startMs < MEASURED_MS_MIN);
  return (used() - startMs) * 1_000 / times / alerts;
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
