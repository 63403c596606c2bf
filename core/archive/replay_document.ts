/** A replay as it is stored, and how it is read. */
import { type Binary, type Document, type ObjectId, toNumber } from "../contract/document.ts";
import { plainNumbers } from "../contract/plain_numbers.ts";
import type { ReplayState } from "../contract/replays.ts";
import type { ObjectReport } from "../filters/replays/object_report.ts";
import { readDocument } from "./bson_read.ts";
import type { FilterId } from "./filter_store.ts";

export const REPLAYS = "replays";
/** Objects that a replay has come by, of those that aren't done. */
export const REPLAY_OBJECTS = "replay_objects";

/** Leaves what a replay's state and progress are told with. */
export const SUMMARY_PROJECTION = {
  pipeline: 0,
  "live.pipeline": 0,
  sample: 0,
  objects: 0,
  nights: 0,
};

/** Where in a span a replay is: after this alert, in the order of exposures and then of ids. */
export interface AlertKey {
  readonly jd: number;
  readonly candid: number | bigint;
}

export interface Counts {
  readonly alerts: number;
  readonly passes: number;
  readonly live_passes: number;
}

/** Batches on some of whose alerts a filter couldn't be run, and why, the last time. */
export interface Failures {
  readonly batches: number;
  readonly reason: string | null;
}

/** A passing alert that is kept to be looked at. */
export interface SampledPass extends AlertKey {
  /** Those with the smallest are kept. */
  readonly hash: number;
  readonly objectId: unknown;
  /** BSON, since what a filter makes may have names that no update takes; null: too large. */
  readonly data: Uint8Array | null;
}

/** A share of a replay, which one thread of one core runs at a time. */
export interface ReplayPart {
  readonly n: number;
  /** No alerts: what is told of objects, from what the others have found. */
  readonly is_report: boolean;
  readonly jd_start: number;
  /** Null: up to the replay's end, and with it. */
  readonly jd_before: number | null;
  /** The last alert that is done. */
  readonly cursor: AlertKey | null;
  readonly done: boolean;
  /** How often it was claimed since it came on by a batch. */
  readonly attempts: number;
}

export interface Replay {
  readonly id: string;
  readonly owner: string;
  /** Whether the owner sees rows of programids that aren't known. */
  readonly sees_all: boolean;
  readonly filter_id: FilterId | null;
  readonly fid: string | null;
  readonly catalog: string;
  /** The survey's name. */
  readonly survey: string;
  readonly permissions: readonly number[];
  /** Extended JSON. */
  readonly pipeline: string;
  /** The version that was active when the replay was asked for. */
  readonly live: { readonly fid: string; readonly pipeline: string } | null;
  readonly as_of: boolean;
  readonly jd_start: number;
  readonly jd_end: number;
  readonly alerts_total: number;
  readonly state: ReplayState;
  readonly reason: string | null;
  readonly parts: readonly ReplayPart[];
  readonly counts: Counts;
  /** By the date, UTC. */
  readonly nights: Readonly<Record<string, Counts>>;
  readonly cost: {
    readonly read_ms: number;
    readonly filter_ms: number;
    readonly live_ms: number;
    readonly run_ms: number;
  };
  readonly ran: Ran | null;
  readonly failures: Failures;
  readonly live_failures: Failures;
  readonly sample: readonly SampledPass[];
  readonly objects: ObjectReport | null;
  /** Since it was queued or resumed, of all threads together. */
  readonly turn: { readonly alerts: number; readonly ms: number };
  readonly queued_at: Date;
  readonly updated_at: Date;
  readonly ended_at: Date | null;
}

/** Why each version isn't compiled; null: it is. */
export interface Ran {
  readonly uncompiled: string | null;
  readonly live_uncompiled: string | null;
}

/** What a projection has left out is undefined. */
export function toReplay(bytes: Uint8Array): Replay {
  const {
    _id,
    filter_id,
    parts,
    sample,
    queued_at,
    updated_at,
    ended_at,
    ...plain
  } = readDocument(bytes);
  return {
    ...plainNumbers(plain) as Replay,
    queued_at: queued_at as Date,
    updated_at: updated_at as Date,
    ended_at: ended_at as Date | null,
    id: (_id as ObjectId).toHexString(),
    filter_id: filter_id as FilterId | null,
    parts: ((parts ?? []) as Document[]).map(toPart),
    sample: ((sample ?? []) as Document[]).map((pass) => ({
      ...pass as unknown as SampledPass,
      jd: toNumber(pass.jd),
      data: pass.data === null ? null : (pass.data as Binary).value(),
    })),
  };
}

/** Who holds it is left out. */
export function toPart({ cursor, holder: _, until: __, ...part }: Document): ReplayPart {
  return { ...plainNumbers(part) as ReplayPart, cursor: toCursor(cursor as Document | null) };
}

function toCursor(cursor: Document | null): AlertKey | null {
  return cursor && { jd: toNumber(cursor.jd), candid: cursor.candid as number | bigint };
}
