/** A survey: all that is known of it in one file of `catalogs/live/`, held to this contract. */
import { type Document, toNumber } from "./document.ts";
import type { FilterField } from "./filter_fields.ts";

/** One record of a packet as the decoder gives it, numbers by the convention of `document.ts`. */
export type AvroRecord = Document;

/** One alert, read once from its record: what the later stages need, and the documents to store. */
export interface Alert {
  /** `candid`: the id of this detection, unique in its survey. */
  readonly candid: number | bigint;
  readonly objectId: string;
  /** Julian date of the exposure, days (UTC). */
  readonly jd: number;
  readonly raDeg: number;
  readonly decDeg: number;
  readonly programid: number;
  /**
   * The alert document but for `_id` and `classifications`: all top-level fields of the packet
   * without the light curves, cutouts included, plus `coordinates`.
   */
  readonly document: Document;
  /** The candidate record itself, as stored. */
  readonly candidate: Document;
  /** The packet's `prv_candidates`, null keys removed: what merges into the object's document. */
  readonly prvCandidates: readonly Document[];
  /** The packet's forced photometry, cleaned and with its derived fields; empty where there is none. */
  readonly fpHists: readonly Document[];
  /** Whether a new object with this first alert keeps a forced light curve at all. */
  readonly keepsForcedPhotometry: boolean;
  /** Gzipped FITS images, each null where the packet has none. */
  readonly cutouts: Readonly<Record<CutoutKind, Uint8Array | null>>;
}

export const CUTOUT_KINDS = ["Science", "Template", "Difference"] as const;
export type CutoutKind = (typeof CUTOUT_KINDS)[number];

/**
 * How cutouts are turned before people see them. `anti-transposed`: rows become columns, both counted
 * from their other ends.
 */
export type CutoutOrientation = "as-is" | "upside-down" | "anti-transposed";

/** A detection, or an upper limit (`magpsf` is NaN), of an object's past: what features need. */
export interface HistoryPoint {
  readonly jd: number;
  readonly magpsf: number;
}

/** What features need of a candidate or an entry of `prv_candidates`. */
export function toHistoryPoint({ jd, magpsf }: Document): HistoryPoint {
  return { jd: toNumber(jd), magpsf: toNumber(magpsf) };
}

/** What the archive knows of an object before an alert. */
export interface ObjectHistory {
  /** Whether the object has its own document, so that its cross-matches are done. */
  readonly known: boolean;
  /** `prv_candidates` of the object's document. */
  readonly prvCandidates: readonly HistoryPoint[];
  /** `candidate` of each stored alert of the object. */
  readonly candidates: readonly HistoryPoint[];
}

/** One MongoDB index: its name is part of the contract, since queries may pass it as a hint. */
export interface IndexDef {
  readonly name: string;
  readonly keys: Readonly<Record<string, 1 | -1 | "2dsphere">>;
  readonly unique?: true;
}

export interface SurveyDef {
  /** As settings name it: `ztf`. */
  readonly name: string;
  /** As the original names it: `ZTF`. */
  readonly instrument: string;
  readonly collections: {
    readonly alerts: string;
    readonly aux: string;
    /** Labels and scores that people and programs give alerts; absent: none are taken. */
    readonly classifications?: string;
  };
  /** The field that holds the object id, in packets and documents. */
  readonly objectIdKey: string;
  readonly cutoutKeys: Readonly<Record<CutoutKind, string>>;
  /** `as-is` by default. */
  readonly cutoutOrientation?: CutoutOrientation;
  /** Tonight's topics. */
  topics(nightUtc: Date): readonly string[];
  /** Pure: the same record gives the same alert. Throws a `RejectError` for what breaks the survey's rules. */
  toAlert(record: AvroRecord): Alert;
  /**
   * What user filters see of an alert: the fixed upstream stages of the survey, in memory. Pure.
   * `aux` is the object's document right after this alert merged into it. Null where the permissions
   * don't cover the alert.
   */
  toFilterInput(
    alert: Document,
    aux: Document | undefined,
    permissions: readonly number[],
  ): Document | null;
  /** The same, as stages of MongoDB, for stored alerts: `$match` on candids and permissions first. */
  upstream(candids: readonly (number | bigint)[], permissions: readonly number[]): Document[];
  /**
   * What `toFilterInput` gives, field by field, but for cross-matches and scores, which settings say;
   * absent: filters aren't checked against it.
   */
  readonly filterFields?: readonly FilterField[];
  /** In front of every read of the survey's alerts. */
  rowAccess(programIds: readonly number[]): Document;
  readonly indexes: readonly IndexDef[];
  /** Named features for networks, besides fields of the candidate. */
  features?(alert: Alert, history: ObjectHistory): Readonly<Record<string, number>>;
}

/** Says that the value is a survey, where its file is. */
export function defineSurvey(survey: SurveyDef): SurveyDef {
  return survey;
}

/** Why a packet can't become an alert: it is set aside with this reason, and the others go on. */
export class RejectError extends Error {
  override name = "RejectError";
}
