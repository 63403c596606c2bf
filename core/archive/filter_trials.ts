/**
 * Runs users' filters on alerts that are stored already: once on the newest before a filter is saved,
 * and on as many as somebody asks for. Only reads, for a limited time, and what the permissions cover.
 */
import type { AggregateOptions, Db } from "mongodb";
import type { Document } from "../contract/document.ts";
import { decodeExtended } from "../contract/extended_json.ts";
import { JsonError, parseExact } from "../contract/json.ts";
import { QueryError, type RawBatches } from "../contract/query.ts";
import type { SurveyDef } from "../contract/survey.ts";
import { isTooExpensive } from "../filters/engine/plan/accounts.ts";
import { meterOf } from "../filters/engine/plan/meter.ts";
import { checkFilterPipeline } from "./allowed.ts";
import { readDocument, readDocuments } from "./bson_read.ts";
import { batchesOf, told } from "./cursor_batches.ts";
import { storedInputs } from "./stored_inputs.ts";
import { catalogsOf, surveyOf } from "./survey_of.ts";

/** Whose alerts a pipeline runs on, and which of them it may see. */
export interface TrialScope {
  readonly catalog: string;
  readonly permissions: readonly number[];
}

export interface TrialAlerts {
  readonly objectIds?: readonly string[] | undefined;
  /** Julian dates, both included. */
  readonly betweenJd?: readonly [number, number] | undefined;
}

export interface TrialOptions {
  readonly maxTimeMs: number;
  readonly signal: AbortSignal;
}

export interface FilterTrials {
  /** The collections that filters may be for. */
  readonly catalogs: readonly string[];
  /**
   * Runs it on the newest alert, and drops what comes out. False: there is none to run it on. Throws
   * `QueryError` with the bare reason: what may not be run, what MongoDB says.
   */
  dryRun(scope: TrialScope, pipeline: string, signal: AbortSignal): Promise<boolean>;
  /**
   * What the last stage gives for all these alerts together. Each is seen with its light curve as it
   * was at the time: the archive holds later points by now. Throws `QueryError` with the bare reason.
   */
  run(
    scope: TrialScope,
    pipeline: string,
    alerts: TrialAlerts,
    options: TrialOptions,
  ): RawBatches;
}

const DRY_RUN_MS_MAX = 3_000;
const REPLY_DOCUMENTS = 300;

export function filterTrials(db: Db, surveys: readonly SurveyDef[]): FilterTrials {
  return {
    catalogs: catalogsOf(surveys),
    async dryRun({ catalog, permissions }, text, signal) {
      const pipeline = readPipeline(text);
      const survey = surveyOf(surveys, catalog);
      const candid = await newestCandid(survey);
      if (candid === undefined) return false;
      const upstream = survey.upstream([candid], permissions);
      const options = { maxTimeMs: DRY_RUN_MS_MAX, signal };
      const inputs: Document[] = [];
      for await (const batch of aggregate(survey, upstream, options)) {
        inputs.push(...readDocuments(batch));
      }
      checkCost(pipeline, inputs);
      for await (const _ of aggregate(survey, [...upstream, ...pipeline], options));
      return true;
    },
    run({ catalog, permissions }, text, { objectIds, betweenJd }, options) {
      const pipeline = readPipeline(text);
      const survey = surveyOf(surveys, catalog);
      const which = {
        ...objectIds && { [survey.objectIdKey]: { $in: [...objectIds] } },
        ...betweenJd && { "candidate.jd": { $gte: betweenJd[0], $lte: betweenJd[1] } },
      };
      return aggregate(
        survey,
        [...storedInputs(survey, permissions, which), ...pipeline],
        options,
      );
    },
  };

  /** Of the alert that was stored last. */
  async function newestCandid({ collections }: SurveyDef): Promise<number | bigint | undefined> {
    const [raw] = await told(() =>
      db.collection(collections.alerts).find({}, {
        raw: true,
        sort: { $natural: -1 },
        limit: 1,
        projection: { _id: 0, candid: 1 },
        maxTimeMS: DRY_RUN_MS_MAX,
      }).toArray()
    );
    return raw && readDocument(raw as unknown as Uint8Array).candid as number | bigint;
  }

  async function* aggregate(
    { collections }: SurveyDef,
    pipeline: Document[],
    { maxTimeMs, signal }: TrialOptions,
  ): RawBatches {
    const cursor = db.collection(collections.alerts).aggregate(pipeline, {
      raw: true,
      batchSize: REPLY_DOCUMENTS,
      maxTimeMS: maxTimeMs,
      allowDiskUse: false,
      comment: "filter trial",
      signal,
    } as AggregateOptions);
    try {
      yield* batchesOf(db, cursor, signal);
    } catch (error) {
      throw bare(error);
    }
  }
}

/**
 * Throws `QueryError` where the pipeline does more for one of the inputs than a filter may: MongoDB,
 * which can't be stopped within an expression, isn't even asked.
 */
export function checkCost(pipeline: readonly Document[], inputs: readonly Document[]): void {
  try {
    // MongoDB computes constants even where there is no document.
    (inputs.length === 0 ? [{}] : inputs).forEach(meterOf(pipeline));
  } catch (error) {
    if (!isTooExpensive(error)) throw error;
    throw new QueryError(`the pipeline is too expensive: ${error.message}`);
  }
}

/** What MongoDB said, without the name that its errors have for who queries. */
export function bare(error: unknown): unknown {
  return error instanceof QueryError
    ? new QueryError(error.message.replace(/^OperationFailure: /, ""))
    : error;
}

/** The stages of a pipeline's text. Throws `QueryError` where a filter may not have them. */
export function readPipeline(text: string): Document[] {
  let pipeline: unknown;
  try {
    pipeline = decodeExtended(parseExact(text));
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new QueryError(`pipeline must contain at least one stage, as JSON: ${error.message}`);
  }
  if (pipeline === null || (Array.isArray(pipeline) && pipeline.length === 0)) {
    throw new QueryError("pipeline must contain at least one stage");
  }
  checkFilterPipeline(pipeline);
  return pipeline as Document[];
}
