/** What people are told of a filter: why an alert didn't pass, how it runs, what is odd about it. */
import { z } from "zod";
import type { Document } from "./document.ts";
import { Finding, Pipeline } from "./filters.ts";

/** How many of an object's alerts are looked at, the newest first. */
export const WHY_ALERTS_MAX = 50;
/** Alerts that two versions are compared on: by default, and at most. */
export const COMPARED_ALERTS = 200;
export const COMPARED_ALERTS_MAX = 1_000;

const Flag = z.enum(["true", "false"]);
const Format = z.enum(["json", "text"]);
const Which = {
  candid: z.string().regex(/^-?\d{1,19}$/, "must be an integer of 64 bits").optional(),
  objectId: z.string().min(1).max(100).optional(),
};
const AsOf =
  "The light curve is cut at the alert's time; by default it is as the archive has it by now";

/** Which alerts, and which version of a filter, somebody asks about. */
export const WhySearch = z.object({
  ...Which,
  version: z.string().optional().describe("The active version by default"),
  as_of: Flag.default("false").describe(AsOf),
  format: Format.optional().describe("text: as people read it; also by Accept: text/plain"),
});

const Draft = {
  catalog: z.string().describe("A survey's collection of alerts, such as ZTF_alerts"),
  permissions: z.array(z.int()).optional().describe(
    "The programids of the alerts it may see; by default all that its author may",
  ),
  pipeline: Pipeline,
};

/** The same of a pipeline that isn't saved. */
export const WhyDraft = z.strictObject({
  ...Draft,
  candid: z.union([z.int(), z.string()]).meta({ format: "int64" }).optional(),
  objectId: z.string().min(1).max(100).optional(),
  as_of: z.boolean().default(false).describe(AsOf),
});

export const WhyDraftSearch = z.object({ format: Format.optional() });

const COMPARED = `So many of the newest alerts are compared: at most ${COMPARED_ALERTS_MAX}`;

export const ExplainSearch = z.object({
  version: z.string().optional().describe("The active version by default"),
  against: z.string().optional().describe("A version that this one is compared with"),
  alerts: z.string().regex(/^\d{1,6}$/, "must be a number of alerts").optional()
    .describe(COMPARED),
});

export const ExplainDraft = z.strictObject({
  ...Draft,
  filter_id: z.int().min(1).optional().describe(
    "A filter that it would be a version of: it is compared with the active one",
  ),
  against: z.string().optional().describe(
    "Another version of that filter that it is compared with",
  ),
  alerts: z.int().optional().describe(COMPARED),
});

/** How far a value is from what is asked: below a lower limit, above an upper one, or elsewhere. */
export interface Shortfall {
  readonly by: number;
  readonly way: "short" | "over" | "off";
  readonly unit?: string;
  /** `by` as a share of the limit. */
  readonly share: number;
}

/** A value that others were computed to. */
export interface MadeOf {
  readonly formula: string;
  /** Of which it comes out, from 1. */
  readonly stage: number;
  readonly of: readonly Ingredient[];
}

export interface Ingredient {
  readonly path: string;
  /** Absent where it is missing; of an array the first items. */
  readonly value?: unknown;
  /** How many items an array has. */
  readonly count?: number;
  readonly made_of?: MadeOf;
}

/** One thing that a `$match` asks for, or several with their `parts`. */
export interface ConditionReport {
  readonly place: string;
  /** `candidate.drb must be > 0.8`. */
  readonly asks: string;
  /** Null: it can't be told, for the reason in `failure`. */
  readonly holds: boolean | null;
  /** `it is 0.62`. */
  readonly found?: string;
  readonly path?: string;
  /** The first that were found; `count` of them in all. */
  readonly values?: readonly unknown[];
  readonly count?: number;
  readonly short?: Shortfall;
  /** The value that would do and is nearest to one that is there. */
  readonly nearest?: unknown;
  readonly made_of?: MadeOf;
  readonly failure?: string;
  readonly parts?: readonly ConditionReport[];
  /** One of the parts is enough. */
  readonly choice?: true;
}

export interface StageReport {
  /** From 1. */
  readonly stage: number;
  readonly name: string;
  /** Documents before and after it. */
  readonly in: number;
  readonly out: number;
  readonly ran: "in process" | "in MongoDB";
  /** Of a `$match`: of the document that is nearest to passing it, where several came in. */
  readonly conditions?: readonly ConditionReport[];
  /** Of what computes: its fields in the first document that came out. */
  readonly computed?: Document;
  readonly failure?: string;
}

/** What became of one alert. */
export interface WhyReport {
  readonly passes: boolean;
  readonly reason: string;
  /** The stage that stopped it, from 1. */
  readonly stopped_at?: number;
  readonly stages: readonly StageReport[];
  /** What came out, where exactly one document did. */
  readonly result?: Document;
}

const Shortfall = z.object({
  by: z.number(),
  way: z.enum(["short", "over", "off"]),
  unit: z.string().optional(),
  share: z.number(),
});

const ConditionDoc = z.object({
  place: z.string(),
  asks: z.string(),
  holds: z.boolean().nullable(),
  found: z.string().optional(),
  path: z.string().optional(),
  values: z.array(z.unknown()).optional(),
  count: z.int().optional(),
  short: Shortfall.optional().describe("How far it is from what is asked"),
  nearest: z.unknown().optional(),
  made_of: z.looseObject({}).optional().describe("What a computed value was computed from"),
  failure: z.string().optional(),
  parts: z.array(z.looseObject({})).optional().describe("The same of each part"),
  choice: z.boolean().optional().describe("One of the parts is enough"),
});

const WhyDoc = z.object({
  passes: z.boolean(),
  reason: z.string(),
  stopped_at: z.int().optional(),
  stages: z.array(z.object({
    stage: z.int(),
    name: z.string(),
    in: z.int(),
    out: z.int(),
    ran: z.enum(["in process", "in MongoDB"]),
    conditions: z.array(ConditionDoc).optional(),
    computed: z.looseObject({}).optional(),
    failure: z.string().optional(),
  })),
  result: z.looseObject({}).optional(),
});

const Candid = z.int().meta({ format: "int64" });

export const WhyAnswer = z.looseObject({
  catalog: z.string(),
  filter_id: z.int().optional(),
  version: z.string().optional(),
  as_of: z.boolean(),
  address: z.string().optional()
    .describe("To share: this very version, whichever is active by then; absent of a draft"),
  objectId: z.string(),
  candid: Candid.optional(),
  jd: z.number().optional(),
  why: WhyDoc.optional(),
  alerts: z.array(z.object({
    candid: Candid,
    jd: z.number(),
    passes: z.boolean(),
    reason: z.string(),
  })).optional().describe("Of an object: the newest first"),
  nearest: z.looseObject({ candid: Candid, why: WhyDoc }).optional()
    .describe("Of an object: the alert that passes, or is nearest to it"),
});

export const ExplainDoc = z.looseObject({
  runs: z.enum(["in process", "in MongoDB"]),
  reason: z.string().optional().describe("Why it doesn't run in process"),
  stages: z.array(z.object({
    stage: z.int(),
    name: z.string(),
    runs: z.enum(["in process", "in MongoDB"]),
    place: z.string().optional(),
    reason: z.string().optional(),
  })),
  reads: z.array(z.string()).nullable().describe("Fields of the alert; null: all of it"),
  leading: z.array(z.object({ place: z.string(), asks: z.string(), indexed: z.boolean() }))
    .describe("Asked first; indexed: looked up together with those of all other filters"),
  findings: z.array(Finding),
  against: z.looseObject({}).optional(),
});
