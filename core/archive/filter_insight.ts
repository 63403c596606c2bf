/** What is looked up for people who ask about a filter: alerts as it sees them, and what it makes of them. */
import type { Db, FindOptions } from "mongodb";
import type { Document } from "../contract/document.ts";
import type { FilterSchema } from "../contract/filter_fields.ts";
import type { SurveyDef } from "../contract/survey.ts";
import {
  comparePasses,
  type Pass,
  type PassComparison,
} from "../filters/explain/compare_passes.ts";
import { type Additions, filterSchema } from "../filters/filter_schema.ts";
import { readDocuments } from "./bson_read.ts";
import { told } from "./cursor_batches.ts";
import { FilterRunner } from "./filter_runner.ts";
import { bare, checkCost, readPipeline, type TrialScope } from "./filter_trials.ts";
import { toFilter } from "./selectivity.ts";
import { readInputs, visibleAlerts } from "./stored_inputs.ts";
import { catalogsOf, surveyOf } from "./survey_of.ts";

/** One alert, or the newest ones of an object. */
export type WhichAlerts =
  | { readonly candid: bigint }
  | { readonly objectId: string; readonly limit: number };

export interface InsightOptions {
  /** With the light curve that each alert had at its time; else as the archive has it by now. */
  readonly isAsOf: boolean;
  readonly signal: AbortSignal;
}

export interface FilterInsight {
  readonly catalogs: readonly string[];
  /** The stages of a pipeline's text. Throws `QueryError` where a filter may not have them. */
  read(pipeline: string): Document[];
  /** What filters of the catalog see; undefined where its survey doesn't say. Throws `QueryError`. */
  schema(catalog: string): FilterSchema | undefined;
  /** Alerts as a filter of the scope sees them, the newest first; none that it may not see. */
  inputs(scope: TrialScope, which: WhichAlerts, options: InsightOptions): Promise<Document[]>;
  /** Runs one stage on documents. Rejects with `QueryError` for what MongoDB refuses or what costs too much. */
  runStage(
    documents: readonly Document[],
    stage: Document,
    signal: AbortSignal,
  ): Promise<Document[]>;
  /** What two pipelines make of the newest alerts of the scope. */
  compare(
    scope: TrialScope,
    pipelines: { readonly ours: string; readonly theirs: string },
    alertsMax: number,
    signal: AbortSignal,
  ): Promise<PassComparison & { readonly failures: readonly string[] }>;
}

/** For each of the few reads that a question takes. */
const READ_MS_MAX = 10_000;
const STAGE_MS_MAX = 3_000;
const ROWS_PER_REPLY = 10_000;

export function filterInsight(
  db: Db,
  surveys: readonly SurveyDef[],
  additionsOf: (survey: SurveyDef) => Additions = () => ({ catalogs: [], models: [] }),
): FilterInsight {
  return {
    catalogs: catalogsOf(surveys),
    read: readPipeline,
    schema(catalog) {
      const survey = surveyOf(surveys, catalog);
      return filterSchema(survey, additionsOf(survey));
    },
    async inputs({ catalog, permissions }, which, { isAsOf, signal }) {
      const survey = surveyOf(surveys, catalog);
      const candids = "candid" in which ? [which.candid] : await candidsOf(
        survey,
        { ...visibleAlerts(survey, permissions), [survey.objectIdKey]: which.objectId },
        { sort: { "candidate.jd": -1 }, limit: which.limit, signal } as FindOptions,
      );
      const found: Document[] = [];
      for await (const inputs of readInputs(db, { survey, permissions, isAsOf }, candids, signal)) {
        found.push(...inputs);
      }
      const order = new Map(candids.map((candid, i) => [String(candid), i]));
      const placeOf = ({ candid }: Document) => order.get(String(candid)) ?? 0;
      return found.sort((a, b) => placeOf(a) - placeOf(b));
    },
    async runStage(documents, stage, signal) {
      checkCost([stage], documents);
      const pipeline = [{ $documents: { $literal: documents } }, stage];
      const cursor = db.aggregate(pipeline, {
        raw: true,
        batchSize: ROWS_PER_REPLY,
        maxTimeMS: STAGE_MS_MAX,
        allowDiskUse: false,
        comment: "filter insight",
      });
      signal.throwIfAborted();
      try {
        return readDocuments(await told(() => cursor.toArray()) as unknown as Uint8Array[]);
      } catch (error) {
        throw bare(error);
      }
    },
    async compare({ catalog, permissions }, { ours, theirs }, alertsMax, signal) {
      const survey = surveyOf(surveys, catalog);
      const candids = await candidsOf(
        survey,
        visibleAlerts(survey, permissions),
        { sort: { "candidate.jd": -1 }, limit: alertsMax, signal } as FindOptions,
      );
      const filters = [ours, theirs].map((text) => toFilter(text, permissions));
      const runner = new FilterRunner(db, filters);
      const passes: Pass[][] = [[], []];
      const failures = new Set<string>();
      let alerts = 0;
      const wanted = { survey, permissions, isAsOf: false };
      for await (const inputs of readInputs(db, wanted, candids, signal)) {
        const outcome = await told(() => runner.run(() => inputs));
        alerts += inputs.length;
        for (const { filter, alert, data } of outcome.hits) {
          const candid = inputs[alert]!.candid as number | bigint;
          passes[filters.indexOf(filter)]!.push({ candid, data });
        }
        for (const { reason } of outcome.failures) failures.add(reason);
      }
      const compared = comparePasses(alerts, passes[0]!, passes[1]!);
      return { ...compared, failures: [...failures] };
    },
  };

  async function candidsOf(
    { collections }: SurveyDef,
    filter: Document,
    options: FindOptions,
  ): Promise<(number | bigint)[]> {
    const raw = await told(() =>
      db.collection(collections.alerts).find(filter, {
        ...options,
        raw: true,
        projection: { _id: 0, candid: 1 },
        maxTimeMS: READ_MS_MAX,
      }).toArray()
    );
    return readDocuments(raw as unknown as Uint8Array[])
      .map(({ candid }) => candid as number | bigint);
  }
}
