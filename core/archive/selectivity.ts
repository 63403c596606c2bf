/** Which share of the newest alerts a version of a filter lets pass: one that lets most pass drowns people. */
import type { Db, FindOptions } from "mongodb";
import type { ActiveFilter } from "../contract/passed.ts";
import type { SurveyDef } from "../contract/survey.ts";
import { readDocuments } from "./bson_read.ts";
import { told } from "./cursor_batches.ts";
import { FilterRunner } from "./filter_runner.ts";
import { readPipeline, type TrialScope } from "./filter_trials.ts";
import { readInputs } from "./stored_inputs.ts";

export interface Selectivity {
  /** That were looked at. */
  readonly alerts: number;
  readonly passes: number;
}

export interface SelectivityOptions {
  /** How many of the newest alerts. */
  readonly alertsMax: number;
  /** Then it is told of those that were looked at by then. */
  readonly timeMsMax: number;
  readonly signal: AbortSignal;
}

export interface SelectivityGate {
  /** The largest share that a version may let pass; null: any. */
  readonly shareMax: number | null;
  /** Of the newest alerts of the scope. Throws `QueryError` for what may not be run. */
  of(scope: TrialScope, pipeline: string, signal: AbortSignal): Promise<Selectivity>;
}

const TIME_MS_MAX = 10_000;

export function selectivityGate(
  db: Db,
  surveys: readonly SurveyDef[],
  { shareMax, alertsMax }: { readonly shareMax: number | null; readonly alertsMax: number },
): SelectivityGate {
  return {
    shareMax,
    of({ catalog, permissions }, pipeline, signal) {
      const survey = surveys.find(({ collections }) => collections.alerts === catalog)!;
      const options = { alertsMax, timeMsMax: TIME_MS_MAX, signal };
      return selectivityOf(db, survey, { permissions, pipeline }, options);
    },
  };
}

/** Rejects with `QueryError` for a pipeline that may not be run, or not be read. */
export async function selectivityOf(
  db: Db,
  survey: SurveyDef,
  { permissions, pipeline }: { readonly permissions: readonly number[]; readonly pipeline: string },
  { alertsMax, timeMsMax, signal }: SelectivityOptions,
): Promise<Selectivity> {
  const endMs = performance.now() + timeMsMax;
  const runner = new FilterRunner(db, [toFilter(pipeline, permissions)]);
  const raw = await told(() =>
    db.collection(survey.collections.alerts).find({}, {
      raw: true,
      sort: { "candidate.jd": -1 },
      limit: alertsMax,
      projection: { _id: 0, candid: 1 },
      maxTimeMS: timeMsMax,
      signal,
    } as FindOptions).toArray()
  );
  const candids = readDocuments(raw as unknown as Uint8Array[])
    .map(({ candid }) => candid as number | bigint);
  let [alerts, passes] = [0, 0];
  const which = { survey, permissions, isAsOf: true };
  for await (const inputs of readInputs(db, which, candids, signal)) {
    const { hits } = await told(() => runner.run(() => inputs));
    alerts += inputs.length;
    passes += hits.length;
    if (performance.now() > endMs) break;
  }
  return { alerts, passes };
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
