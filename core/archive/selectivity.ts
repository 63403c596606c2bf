/** Which share of a night's alerts a version of a filter lets pass: one that lets most pass drowns people. */
import type { Db } from "mongodb";
import { dateOfJulianDate, julianDate } from "../astro/julian_date.ts";
import { type Document, toNumber } from "../contract/document.ts";
import type { ActiveFilter } from "../contract/passed.ts";
import type { SurveyDef } from "../contract/survey.ts";
import { readDocument, readDocuments } from "./bson_read.ts";
import { told } from "./cursor_batches.ts";
import { FilterRunner } from "./filter_runner.ts";
import { readPipeline, type TrialScope } from "./filter_trials.ts";
import { readInputs } from "./stored_inputs.ts";
import { surveyOf } from "./survey_of.ts";

export interface Selectivity {
  /** Date (UTC) of the alerts; null: there are none at all. */
  readonly night: string | null;
  /** That were looked at. */
  readonly alerts: number;
  readonly passes: number;
}

export interface GateSettings {
  /** The largest share that a version may let pass; null: any. */
  readonly shareMax: number | null;
  /** So many of the night's alerts are looked at, spread over it. */
  readonly alertsMax: number;
  /** Date (UTC) of the reference night; null: the last one that is over. */
  readonly night: string | null;
}

export interface SelectivityGate {
  readonly shareMax: number | null;
  /** Of the reference night's alerts in the scope. Rejects with `QueryError` for what may not be run. */
  of(scope: TrialScope, pipeline: string, signal: AbortSignal): Promise<Selectivity>;
}

/** Then it is told of those that were looked at by then. */
const TIME_MS_MAX = 10_000;
const ROWS_PER_REPLY = 1_000_000;

export function selectivityGate(
  db: Db,
  surveys: readonly SurveyDef[],
  { shareMax, alertsMax, night }: GateSettings,
): SelectivityGate {
  return {
    shareMax,
    async of({ catalog, permissions }, pipeline, signal) {
      const endMs = performance.now() + TIME_MS_MAX;
      const survey = surveyOf(surveys, catalog);
      const runner = new FilterRunner(db, [toFilter(pipeline, permissions)]);
      const startJd = await nightStart(db, survey, night);
      if (startJd === null) return { night: null, alerts: 0, passes: 0 };
      const candids = await spread(db, survey, startJd, alertsMax, signal);
      let [alerts, passes] = [0, 0];
      const which = { survey, permissions, isAsOf: true };
      for await (const inputs of readInputs(db, which, candids, signal)) {
        const { hits } = await told(() => runner.run(() => inputs));
        alerts += inputs.length;
        passes += hits.length;
        if (performance.now() > endMs) break;
      }
      return { night: dateOfJulianDate(startJd), alerts, passes };
    },
  };
}

/**
 * The Julian date at which the reference night begins. The newest alerts may be of a night that has
 * just begun, of which a share says little, and another one each hour: so it is the one before.
 */
async function nightStart(
  db: Db,
  survey: SurveyDef,
  night: string | null,
): Promise<number | null> {
  if (night !== null) return julianDate(Date.parse(night));
  const newest = await newestNight(db, survey, {});
  if (newest === null) return null;
  return await newestNight(db, survey, { "candidate.jd": { $lt: newest } }) ?? newest;
}

async function newestNight(
  db: Db,
  { collections }: SurveyDef,
  which: Document,
): Promise<number | null> {
  const newest = await told(() =>
    db.collection(collections.alerts).findOne(which, {
      raw: true,
      sort: { "candidate.jd": -1 },
      projection: { _id: 0, "candidate.jd": 1 },
      maxTimeMS: TIME_MS_MAX,
    })
  );
  if (newest === null) return null;
  const { candidate } = readDocument(newest as unknown as Uint8Array);
  // Julian dates begin at noon, and nights at midnight, UTC.
  return Math.floor(toNumber((candidate as Document).jd) - 0.5) + 0.5;
}

/** Every so manieth of a night's alerts, in the order of their exposures, by an index alone. */
async function spread(
  db: Db,
  { collections }: SurveyDef,
  startJd: number,
  alertsMax: number,
  signal: AbortSignal,
): Promise<(number | bigint)[]> {
  const cursor = db.collection(collections.alerts).find(
    { "candidate.jd": { $gte: startJd, $lt: startJd + 1 } },
    {
      raw: true,
      sort: { "candidate.jd": 1 },
      projection: { _id: 0, candid: 1 },
      batchSize: ROWS_PER_REPLY,
      maxTimeMS: TIME_MS_MAX,
      signal,
    },
  );
  const found = readDocuments(await told(() => cursor.toArray()) as unknown as Uint8Array[]);
  const wanted = Math.min(alertsMax, found.length);
  return Array.from(
    { length: wanted },
    (_, i) => found[Math.floor(i * found.length / wanted)]!.candid as number | bigint,
  );
}

/** As if it were live. */
export function toFilter(pipeline: string, permissions: readonly number[]): ActiveFilter {
  return {
    filterId: 0,
    groupId: 0,
    fid: "",
    permissions,
    pipeline: readPipeline(pipeline),
    autosave: false,
    autoFollowup: {},
    updateAnnotations: false,
  };
}
