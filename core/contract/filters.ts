/** Users' filters as clients send and get them: what the core checks and the edge documents. */
import { z } from "zod";
import { toPythonJson } from "./python_json.ts";

/** How many objects one test of a filter may name. */
export const OBJECT_IDS_MAX = 1_000;
/** How long a test of a filter takes at most, unless it asks for more; and the most it may ask for. */
export const TRIAL_MS = 30_000;
export const TRIAL_MS_MAX = 300_000;
/** Without objects a test reads all alerts of its time: those of one night, days. */
export const TRIAL_SPAN_DAYS_MAX = 1;

/** SkyPortal's number of a filter or a group. */
const Id = z.int().min(1);
const Ids = z.array(z.int());
export const Pipeline = z.union([z.array(z.unknown()), z.string()])
  .describe("Stages of MongoDB's aggregation, or their text as Extended JSON");

/** Whether a passing alert is saved, and how. What is null or left out is not set. */
export const Autosave = z.strictObject({
  active: z.boolean().nullable(),
  comment: z.string().nullable(),
  ignore_group_ids: Ids.nullable(),
  pipeline: Pipeline.nullable(),
  saver_id: z.int().nullable(),
}).partial();

/** What is asked of a telescope for an alert that was saved. */
export const AutoFollowup = z.strictObject({
  active: z.boolean().nullable(),
  comment: z.string().nullable(),
  pipeline: Pipeline.nullable(),
  allocation_id: z.union([z.int(), z.string()]).nullable(),
  payload: z.record(z.string(), z.unknown()).nullable(),
  target_group_ids: Ids.nullable(),
  ignore_allocation_ids: Ids.nullable(),
  not_if_tns_reported: z.int().nullable().describe("hours"),
  radius: z.number().nullable().describe("arcsec"),
  validity_days: z.int().nullable(),
  priority_order: z.enum(["asc", "desc"]).nullable(),
  implements_update: z.boolean().nullable(),
}).partial();

const Settings = z.record(z.string(), z.unknown());

/** A filter, or one more version of it. Whatever else the body holds is ignored. */
export const NewFilter = z.object({
  filter_id: Id,
  group_id: Id,
  catalog: z.string().describe("A survey's collection of alerts, such as ZTF_alerts"),
  permissions: z.array(z.int()).default([]).describe("The programids of the alerts it may see"),
  active: z.boolean().default(true),
  autosave: z.union([z.boolean(), Settings]).default(false),
  auto_followup: Settings.default({}),
  update_annotations: z.boolean().default(false),
  pipeline: Pipeline.nullish(),
});

/** The same for people to read: with what the settings may hold, which has messages of its own. */
export const NewFilterDoc = NewFilter.extend({
  autosave: z.union([z.boolean(), Autosave]).optional(),
  auto_followup: AutoFollowup.optional(),
  override: z.boolean().optional().describe(
    "Of an admin: saves it though more of a night's alerts pass it than the settings allow",
  ),
});

/** What of a filter may be changed; what is null stays as it is. */
export const FilterChanges = z.object({
  filter_id: Id,
  active: z.boolean().nullish(),
  active_fid: z.string().nullish(),
  autosave: z.union([z.boolean(), Autosave]).nullish(),
  auto_followup: AutoFollowup.nullish(),
  update_annotations: z.boolean().nullish(),
});

export const Time = z.union([z.number(), z.string()])
  .describe("Julian date, days; or ISO 8601, UTC, such as 2023-10-12T06:00:00");

/** Which alerts a version of a filter is tested on: those of objects, of a time, or both. */
export const FilterTrial = z.object({
  filter_version: z.string().nullish().describe("The newest version by default"),
  object_ids: z.array(z.string()).max(OBJECT_IDS_MAX).nullish(),
  start_date: Time.nullish(),
  end_date: Time.nullish(),
  max_time_ms: z.int().min(1).max(TRIAL_MS_MAX).nullish(),
});

export const FilterPath = z.object({ filter_id: z.string().regex(/^[0-9]+$/) });

/** Which filters are listed. */
export const FilterSearch = z.object({
  catalog: z.string().optional(),
  group_id: z.string().regex(/^[0-9]{1,15}$/).optional(),
});

const Instant = z.looseObject({ $date: z.unknown() });

/** Something about a filter that its author should know. `error`: it can't run, or nothing can pass. */
export const Finding = z.object({
  level: z.enum(["error", "warning"]),
  place: z.string().describe("As stage 3, $map.in"),
  message: z.string(),
});
export type Finding = z.output<typeof Finding>;

export const FilterVersionDoc = z.object({
  fid: z.string(),
  pipeline: z.string().describe("Extended JSON"),
  created_at: Instant,
  warnings: z.array(Finding).optional().describe("Where there is something odd about it"),
});

/** A filter as it is stored; those from before may lack what has a default. */
export const FilterDoc = z.looseObject({
  filter_id: z.int(),
  group_id: z.int(),
  catalog: z.string(),
  active_fid: z.string().nullish(),
  fv: z.array(z.looseObject({ fid: z.string() })).optional(),
  failures: z.array(z.object({
    fid: z.string(),
    reason: z.string(),
    batches: z.int(),
    first_at: Instant,
    last_at: Instant,
  })).optional().describe("Versions that couldn't be run on some alerts, and why the last time"),
  _id: z.unknown(),
});

/** A pipeline as it is stored: the client's own text, or the text that Python makes of its stages. */
export function pipelineText(pipeline: unknown): string {
  return typeof pipeline === "string" ? pipeline : toPythonJson(pipeline ?? null);
}
