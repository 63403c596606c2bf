import { z } from "zod";
import type { TrialAlerts } from "../archive/filter_trials.ts";
import { type Document, toNumber } from "../contract/document.ts";
import { isPlainObject } from "../contract/extended_json.ts";
import {
  OBJECT_IDS_MAX,
  pipelineText,
  TRIAL_MS,
  TRIAL_MS_MAX,
  TRIAL_SPAN_DAYS_MAX,
} from "../contract/filters.ts";
import { shortText } from "../contract/json.ts";
import { QueryError, type RawBatches } from "../contract/query.ts";
import { defineOperation } from "../operation.ts";
import { visible } from "./_filter_access.ts";
import { aboutFilter, filterIdOf, FilterIdPath, notFound } from "./_filter_id.ts";
import { toJd, versionOf } from "./_filter_versions.ts";

/**
 * Runs a version of a filter on stored alerts, each with the light curve that it had at its time, and
 * gives what comes out. Who may not see all that the filter sees gets what comes out of their part.
 */
export default defineOperation({
  name: "filters_try",
  permission: "filters",
  input: z.object({ path: FilterIdPath, body: z.unknown() }),
  async run({ path, body }, { principal, signal, stores: { filters, filterTrials, retries } }) {
    const id = filterIdOf(path);
    const asked = toTrial(isPlainObject(body) ? body : {});
    const filter = await filters.find(id);
    if (!filter) throw notFound(id);
    retries.seen(aboutFilter(id));
    const version = versionOf(filter, asked.version);
    const { catalog, permissions } = filter;
    const scope = { catalog, permissions: visible(principal, permissions) };
    const { alerts, maxTimeMs } = asked;
    const documents = saying(
      "failure: ",
      () => filterTrials.run(scope, pipelineText(version.pipeline), alerts, { maxTimeMs, signal }),
    );
    return { kind: "list", message: "filter test successful", documents };
  },
});

interface Trial {
  readonly version: string | undefined;
  readonly alerts: TrialAlerts;
  readonly maxTimeMs: number;
}

/** The order of the checks is the original's: which of several faults is told is part of it. */
function toTrial(body: Document): Trial {
  const { object_ids, start_date, end_date, filter_version, max_time_ms } = body;
  const isEmpty = object_ids == null || (Array.isArray(object_ids) && object_ids.length === 0);
  if (isEmpty && start_date == null && end_date == null) {
    throw new QueryError("At least one of object_ids, start_date, or end_date is required");
  }
  if (object_ids != null && !Array.isArray(object_ids)) {
    throw new QueryError("object_ids must be a list if provided");
  }
  const objectIds = object_ids ?? [];
  if (objectIds.length > OBJECT_IDS_MAX) {
    throw new QueryError(`object_ids list must have ${OBJECT_IDS_MAX} or fewer elements`);
  }
  if (!objectIds.every((id): id is string => typeof id === "string")) {
    throw new QueryError("object_ids must be a list of strings");
  }
  if ((start_date == null) !== (end_date == null)) {
    throw new QueryError("start_date and end_date must both be provided if either is provided");
  }
  const betweenJd = start_date == null
    ? undefined
    : [toJd("start_date", start_date), toJd("end_date", end_date)] as const;
  if (betweenJd && isEmpty && betweenJd[1] - betweenJd[0] > TRIAL_SPAN_DAYS_MAX) {
    throw new QueryError(
      "start_date and end_date must be within 1 day of each other if object_ids is not provided",
    );
  }
  if (filter_version != null && typeof filter_version !== "string") {
    throw new QueryError("filter_version must be a string");
  }
  return {
    version: filter_version ?? undefined,
    alerts: { betweenJd, ...!isEmpty && { objectIds } },
    maxTimeMs: toMaxTimeMs(max_time_ms),
  };
}

function toMaxTimeMs(value: unknown): number {
  if (value == null) return TRIAL_MS;
  const ms = toNumber(value);
  if (ms > TRIAL_MS_MAX) {
    throw new QueryError(`max_time_ms must be less than 5 minutes (in ms: ${TRIAL_MS_MAX})`);
  }
  if (Number.isInteger(ms) && ms >= 1) return ms;
  throw new QueryError(
    `max_time_ms must be an integer >= 1: current value is ${shortText(value)}`,
  );
}

/** The same documents, and what goes wrong with them in these words. */
async function* saying(words: string, run: () => RawBatches): RawBatches {
  try {
    yield* run();
  } catch (error) {
    throw error instanceof QueryError ? new QueryError(words + error.message) : error;
  }
}
