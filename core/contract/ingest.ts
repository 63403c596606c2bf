/** What crosses between the broker's thread and its workers. Structured-cloned, so plain data only. */
import type { Packet } from "./packet.ts";
import type { ActiveFilter } from "./passed.ts";

export interface IngestJob {
  readonly packets: readonly Packet[];
  /** The filters to run; absent when the worker has this version already. */
  readonly filterVersion: string;
  readonly filters?: readonly ActiveFilter[];
}

/** The stages of a batch, in order: each has its time in metrics. */
export const STAGES = [
  "decode",
  "history",
  "features",
  "score",
  "crossmatch",
  "filter",
  "write",
] as const;
export type Stage = (typeof STAGES)[number];

/** What a report counts; a packet is in several of them: read, stored, scored. */
export const OUTCOMES = [
  "read",
  "stored",
  "known",
  "rejected",
  "scored",
  "matched",
  "passed",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface IngestReport {
  readonly read: number;
  /** Alerts that are new in the archive. */
  readonly stored: number;
  /** Alerts that the archive held already: replays. */
  readonly known: number;
  readonly rejected: number;
  /** New alerts with at least one score. */
  readonly scored: number;
  /** New objects with at least one match in a catalog. */
  readonly matched: number;
  /** Passes put into the outbox. */
  readonly passed: number;
  readonly stageMs: Readonly<Record<Stage, number>>;
  readonly modelFailures: Readonly<Record<string, number>>;
  readonly catalogFailures: Readonly<Record<string, number>>;
  readonly filterFailures: readonly { filterId: number; fid: string; reason: string }[];
  /** From the packet's timestamp to its stored hit, one for each packet that passed a filter, ms. */
  readonly hitLatenciesMs: readonly number[];
}

/** The report of no packets at all. */
export const EMPTY_REPORT: IngestReport = {
  read: 0,
  stored: 0,
  known: 0,
  rejected: 0,
  scored: 0,
  matched: 0,
  passed: 0,
  stageMs: Object.fromEntries(STAGES.map((stage) => [stage, 0])) as Record<Stage, number>,
  modelFailures: {},
  catalogFailures: {},
  filterFailures: [],
  hitLatenciesMs: [],
};
