import { z } from "zod";
import type { FilterFields, FilterVersion, StoredFilter } from "../archive/filter_store.ts";
import { type Document, toInteger, toNumber } from "../contract/document.ts";
import type { Finding } from "../contract/filters.ts";
import { NewFilter, pipelineText } from "../contract/filters.ts";
import { isPlainObject } from "../contract/extended_json.ts";
import { shortText } from "../contract/json.ts";
import { plainNumbers } from "../contract/plain_numbers.ts";
import { toPythonJson } from "../contract/python_json.ts";
import { QueryError } from "../contract/query.ts";
import { checkFilter } from "../filters/checks/check_filter.ts";
import { defineOperation, type OperationContext, RefusedError } from "../operation.ts";
import { checkReach } from "./_filter_access.ts";
import { isSameByText } from "./_filter_explain.ts";
import { aboutFilter, notFound } from "./_filter_id.ts";
import { textOf } from "./_filter_insight.ts";
import {
  checkSettings,
  isAutosaved,
  type SettingsCheck,
  type Wording,
} from "./_filter_settings.ts";
import { parsed } from "./_parsed.ts";
import { checkSelectivity } from "./_selectivity.ts";

/** The dry runs of one request together take less; nobody's leaving ends them, see below. */
const WORK_MS_MAX = 30_000;

/** Saves a new filter, or a new version of one that exists: then nothing else of the body is stored. */
export default defineOperation({
  name: "filters_add",
  permission: "filters",
  input: z.object({ body: z.unknown() }),
  async run({ body }, context) {
    const fields = toFields(body);
    const sent = body as Document;
    const { principal, stores } = context;
    checkReach(principal, fields.permissions);
    if (Object.keys(fields.auto_followup).length > 0 && !isAutosaved(fields.autosave)) {
      throw new QueryError("Cannot setup auto_followup without autosave enabled");
    }
    // Whoever gave up waiting asks again, and is given what the first request has come to: so it
    // goes on without them.
    const { version, message, findings } = await stores.retries.once(
      aboutFilter(fields.filter_id),
      toPythonJson([principal.name, body]),
      () => add(fields, sent, context, AbortSignal.timeout(WORK_MS_MAX)),
    );
    const data = findings.length > 0 ? { ...version, warnings: findings } : version;
    return { kind: "json", message, data };
  },
});

interface Added {
  readonly version: FilterVersion;
  readonly message: string;
  /** What its author should know, though it was saved. */
  readonly findings: readonly Finding[];
}

async function add(
  fields: FilterFields,
  sent: Document,
  context: OperationContext,
  signal: AbortSignal,
): Promise<Added> {
  const pipeline = pipelineText(sent.pipeline);
  const { stores: { filters, filterTrials, filterInsight, audit }, principal } = context;
  const { filter_id: id, group_id: group, catalog } = fields;
  const checkOwner = (owned: StoredFilter) => {
    if (toNumber(owned.group_id) !== toNumber(group)) throw otherGroup(fields);
    checkReach(principal, owned.permissions);
  };
  const existing = await filters.find(id);
  if (existing) checkOwner(existing);
  else if (!filterTrials.catalogs.includes(catalog)) {
    throw new QueryError(
      `Cannot save filter id ${id} as catalog must be one of ${
        filterTrials.catalogs.join(", ")
      }: current value is ${shortText(catalog)}`,
    );
  }
  // It will run with what is stored, whatever this request says.
  const filter = existing ?? fields;
  const ran = await filterTrials.dryRun(filter, pipeline, signal).catch((error) => {
    if (!(error instanceof QueryError) || !/^pipeline /.test(error.message)) throw error;
    throw new QueryError(`ValidationError: ${error.message}`);
  });
  const stages = filterInsight.read(pipeline);
  const { findings } = checkFilter(stages, filterInsight.schema(filter.catalog));
  const repeated = existing ? repeats(existing, stages, context) : [];
  const isOverridden = sent.override === true;
  await checkSelectivity(filter, pipeline, { isOverridden, context, signal });
  const check = { filter, replaces: undefined, wording: WORDING, context, signal };
  const autosave = await checkAutosave(fields.autosave, { ...check, needsPipeline: false });
  const followup = await checkFollowup(fields.auto_followup, { ...check, needsPipeline: true });

  const entry = { action: "filter.save", target: String(id), details: { group_id: group } };
  const version = await audit.write(context, entry, async () => {
    const filter = { ...fields, autosave, auto_followup: followup.settings };
    const created = existing ? "taken" : await filters.create(filter, pipeline, followup.order);
    if (created === "other order") throw new QueryError(WORDING.otherOrder());
    if (created !== "taken") return created;
    // It exists, or somebody was faster.
    const added = await filters.addVersion(id, pipeline, checkOwner);
    if (added === "absent") throw notFound(id); // And removed again.
    return added;
  });
  const tested = ran
    ? `pipeline test for filter id ${id} successful`
    : `WARNING: No documents in ${filter.catalog} collection, ` +
      `cannot properly test pipeline for filter id ${id}`;
  const message = `${tested}\nsaved new filter version: ${version.fid}`;
  return { version, message, findings: [...repeated, ...findings] };
}

/** Told of a version that gives what the one does that it replaces. */
function repeats(
  filter: StoredFilter,
  stages: readonly Document[],
  { stores: { filterInsight } }: OperationContext,
): Finding[] {
  const replaced = filter.fv.find(({ fid }) => fid === filter.active_fid);
  if (!replaced) return [];
  try {
    if (!isSameByText(stages, filterInsight.read(textOf(replaced)))) return [];
  } catch (error) {
    if (error instanceof QueryError) return []; // An old one, of what may not be run any more.
    throw error;
  }
  const message = `it gives the same as version ${replaced.fid}, which it replaces`;
  return [{ level: "warning", place: "all stages", message }];
}

/** What of a body is a filter's, by name: an `_id`, versions, dates that it brings are nobody's. */
function toFields(body: unknown): FilterFields {
  const { pipeline: _, ...plain } = parsed(NewFilter, plainNumbers(body));
  const sent = body as Document;
  return {
    ...plain,
    filter_id: toInteger(BigInt(plain.filter_id)),
    group_id: toInteger(BigInt(plain.group_id)),
    // With the number types that were sent.
    autosave: isPlainObject(sent.autosave) ? sent.autosave : plain.autosave as boolean,
    auto_followup: isPlainObject(sent.auto_followup) ? sent.auto_followup : {},
  };
}

function otherGroup({ filter_id, group_id }: FilterFields): RefusedError {
  return new RefusedError(
    409,
    `Cannot save filter id ${filter_id} for group id ${group_id}: it is another group's`,
  );
}

async function checkAutosave(
  autosave: boolean | Document,
  check: SettingsCheck,
): Promise<boolean | Document> {
  if (typeof autosave === "boolean") return autosave;
  return (await checkSettings("autosave", autosave, check)).settings;
}

async function checkFollowup(followup: Document, check: SettingsCheck) {
  if (Object.keys(followup).length === 0) return { settings: followup, order: undefined };
  return await checkSettings("auto_followup", followup, check);
}

const WORDING: Wording = {
  invalidKeys: (name) => `Cannot test ${name} pipeline: invalid keys`,
  invalidValue: (name, reason) => `ValidationError: ${name}: ${reason}`,
  invalidPipeline: (name, reason) => `Cannot test ${name} pipeline: ${reason}`,
  otherOrder: () =>
    "Cannot add new filter with auto_followup: existing filters with the same allocation have " +
    "priority_order set to a different value, which is unexpected",
};
