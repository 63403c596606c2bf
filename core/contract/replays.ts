/** Replays: a version of a filter, or a draft, run over nights that are archived, as a job. */
import { z } from "zod";
import { Pipeline, Time } from "./filters.ts";

/**
 * `queued`: waits for a core. `paused`: has used up its time, and goes on where it is resumed. `failed`:
 * can't go on; `reason` says why. What was cancelled, or has failed, can be resumed too.
 */
const REPLAY_STATES = [
  "queued",
  "running",
  "paused",
  "done",
  "failed",
  "cancelled",
] as const;
export const ReplayState = z.enum(REPLAY_STATES);
export type ReplayState = z.output<typeof ReplayState>;

/** Nothing more happens to a replay of these unless somebody asks for it. */
export const RESTING: readonly ReplayState[] = ["paused", "done", "failed", "cancelled"];

const Span = {
  start_date: Time,
  end_date: Time,
  as_of: z.boolean().default(true).describe(
    "Each alert has the light curve that it had at its time; false: as it is archived by now",
  ),
};

/** Which version of a filter: one that is saved, the newest by default, or a draft. */
export const FilterReplay = z.strictObject({
  filter_version: z.string().optional().describe("The newest version by default"),
  pipeline: Pipeline.optional().describe("A draft, in place of a version that is saved"),
  ...Span,
}).refine(
  ({ filter_version, pipeline }) => filter_version === undefined || pipeline === undefined,
  { path: ["pipeline"], message: "must be left out where filter_version is given" },
);

/** A draft that belongs to no filter. */
export const DraftReplay = z.strictObject({
  catalog: z.string().describe("A survey's collection of alerts, such as ZTF_alerts"),
  permissions: z.array(z.int()).optional().describe(
    "The programids of the alerts it may see; by default all that its author may",
  ),
  pipeline: Pipeline,
  ...Span,
});

export const ReplayPath = z.object({ replay_id: z.string() });

/** Which replays are listed. */
export const ReplaySearch = z.object({
  catalog: z.string().optional(),
  filter_id: z.string().regex(/^[0-9]{1,18}$/).optional(),
  state: ReplayState.optional(),
});

const Count = z.int();
const Candid = z.int().meta({ format: "int64" });
const Jd = z.number().describe("Julian date, days (UTC)");
const Instant = z.looseObject({ $date: z.unknown() });

/** A replay in a list: what is asked, and how far it is. */
export const ReplaySummary = z.looseObject({
  id: z.string(),
  owner: z.string(),
  filter_id: Count.nullable(),
  fid: z.string().nullable().describe("Null: a draft"),
  catalog: z.string(),
  permissions: z.array(z.int()),
  as_of: z.boolean(),
  jd_start: Jd,
  jd_end: Jd,
  state: ReplayState,
  reason: z.string().nullable().describe("Why it is paused or has failed"),
  progress: z.object({
    alerts: Count,
    alerts_total: Count.describe("How many there were when it was asked for"),
    passes: Count,
    live_passes: Count.nullable(),
    parts: Count.describe("Spans that cores share, and the report at the end"),
    parts_done: Count,
  }),
  queued_at: Instant,
  updated_at: Instant,
  ended_at: Instant.nullable(),
});

const Days = z.object({
  objects: Count,
  earlier: Count,
  same: Count,
  later: Count,
  min: z.number().nullable(),
  median: z.number().nullable(),
  max: z.number().nullable(),
});

const KnownGroup = z.object({
  objects: Count.describe("That had alerts in these nights"),
  passed: Count,
  live_passed: Count.nullable(),
  gained: Count.nullable(),
  lost: Count.nullable(),
  days_against_live: Days.nullable()
    .describe("First pass, minus first pass of the live version, of those that passed both"),
  days_against_discovery: Days.nullable().describe("First pass, minus discovery"),
});

const NamedGroup = KnownGroup.extend({ name: z.string() });

const ObjectIds = z.object({
  count: Count,
  object_ids: z.array(z.unknown()).describe("The first of them"),
});

const Failures = z.object({ batches: Count, reason: z.string().nullable() })
  .describe("Batches on some of whose alerts it couldn't be run, and why the last time");

const Cost = z.object({
  us_per_alert: z.number().describe("Microseconds that the filter took for each alert"),
  ran: z.enum(["in process", "MongoDB"]),
  why: z.string().nullable().describe("What isn't compiled"),
});

const ReplayReport = z.object({
  alerts: Count,
  passes: Count,
  selectivity: z.number().nullable().describe("Share of the alerts that passed"),
  live: z.object({
    fid: z.string(),
    passes: Count,
    selectivity: z.number().nullable(),
    failures: Failures,
  }).nullable().describe("The version that was active when the replay was asked for"),
  nights: z.array(z.object({
    night: z.iso.date().describe("The date of its exposures, UTC"),
    alerts: Count,
    passes: Count,
    live_passes: Count.nullable(),
    selectivity: z.number(),
  })),
  cost: Cost.extend({
    live: Cost.nullable(),
    read_us_per_alert: z.number(),
    seconds: z.number(),
  }),
  failures: Failures,
  objects: z.object({
    passed: Count,
    live_passed: Count.nullable(),
    gained: ObjectIds.nullable(),
    lost: ObjectIds.nullable(),
  }).nullable().describe("Null until the replay is done or paused, as the next two"),
  tns: z.object({ all: KnownGroup, by_type: z.array(NamedGroup) }).nullable()
    .describe("Objects that the Transient Name Server knows; null: its catalog isn't here"),
  classes: z.array(NamedGroup).nullable()
    .describe("Objects with a label by people, by the label that they are given most surely"),
  sample: z.array(z.object({
    candid: Candid,
    objectId: z.unknown(),
    jd: Jd,
    data: z.looseObject({}).nullable().describe("Null: too large to be kept"),
    cutouts: z.record(z.string(), z.string()).describe("Addresses of pictures"),
  })).describe("Passing alerts, taken by chance"),
});

export const ReplayDoc = ReplaySummary.extend({
  pipeline: z.string().describe("Extended JSON"),
  report: ReplayReport,
});
