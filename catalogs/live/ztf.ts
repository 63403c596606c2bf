/**
 * The Zwicky Transient Facility. All that the broker knows of ZTF is here: its topics, its packet,
 * its documents, its data rights, and what user filters see of it.
 */
import { coordinatesBlock } from "../../core/astro/coordinates.ts";
import { type Document, isDouble, toNumber } from "../../core/contract/document.ts";
import {
  type Alert,
  type AvroRecord,
  type CutoutKind,
  defineSurvey,
  type IndexDef,
  RejectError,
} from "../../core/contract/survey.ts";
import { historyFeatures } from "../../core/pipeline/features.ts";
import { cleanFpHists, withoutNulls } from "../../core/pipeline/light_curve.ts";
import { FIELDS } from "./_ztf_fields.ts";

const COLLECTIONS = {
  alerts: "ZTF_alerts",
  aux: "ZTF_alerts_aux",
  classifications: "ZTF_alerts_classifications",
} as const;
const CUTOUT_KEYS = {
  Science: "cutoutScience",
  Template: "cutoutTemplate",
  Difference: "cutoutDifference",
} as const;
const PROGRAM_IDS = [1, 2, 3]; // Public, partnership, Caltech.

/** Two digits of the year and seven letters, or more of them once a year has used these up. */
const OBJECT_ID = /^ZTF\d{2}[a-z]{7,}$/;
/** From the epoch of Unix, which ids are counted from, to the year 2105, days. */
const JD_MIN = 2_440_587.5;
const JD_MAX = 2_490_000;
/** An object that is older when first seen has no forced light curve, since its past is not in the packet. */
const FORCED_HISTORY_DAYS = 30;
/** How far back filters see, days. */
const FILTER_HISTORY_DAYS = 365;
/** Forced photometry whose processing went well. */
const PROCSTATUS_CLEAN = "0";

export default defineSurvey({
  name: "ztf",
  instrument: "ZTF",
  collections: COLLECTIONS,
  objectIdKey: "objectId",
  cutoutKeys: CUTOUT_KEYS,
  cutoutOrientation: "upside-down",
  topics(nightUtc) {
    const night = nightUtc.toISOString().slice(0, 10).replaceAll("-", "");
    return PROGRAM_IDS.map((id) => `ztf_${night}_programid${id}`);
  },
  toAlert,
  toFilterInput,
  upstream,
  filterFields: FIELDS,
  rowAccess: (programIds) => ({ "candidate.programid": { $in: [...programIds] } }),
  indexes: indexes(),
  features: historyFeatures,
});

/**
 * Avro has checked the types already. This names the fields we read and says what Avro cannot. The
 * candidate, and points of the light curve that have all their values, are the packet's own objects.
 */
function toAlert(record: AvroRecord): Alert {
  const { prv_candidates, fp_hists, ...document } = record;
  const candidate = document.candidate;
  if (!isRecord(candidate)) throw reject("candidate", "a record", candidate);
  const { candid, objectId } = document;
  // More than 2^53: a number would have lost its last digits.
  if (typeof candid !== "bigint" && !Number.isSafeInteger(candid)) {
    throw reject("candid", "an integer", candid);
  }
  if (typeof objectId !== "string" || !OBJECT_ID.test(objectId)) {
    throw reject("objectId", `like ${OBJECT_ID.source}`, objectId);
  }
  const jd = toNumber(candidate.jd);
  if (!(jd >= JD_MIN && jd < JD_MAX)) {
    throw reject("candidate.jd", `in [${JD_MIN}, ${JD_MAX})`, candidate.jd);
  }
  const raDeg = toNumber(candidate.ra);
  if (!(raDeg >= 0 && raDeg < 360)) throw reject("candidate.ra", "in [0, 360)", candidate.ra);
  const decDeg = toNumber(candidate.dec);
  if (!(decDeg >= -90 && decDeg <= 90)) {
    throw reject("candidate.dec", "in [-90, 90]", candidate.dec);
  }
  const programid = toNumber(candidate.programid);
  if (!Number.isInteger(programid)) {
    throw reject("candidate.programid", "an integer", candidate.programid);
  }
  if (prv_candidates === undefined) throw reject("prv_candidates", "there, or null", undefined);
  document.coordinates = coordinatesBlock(raDeg, decDeg);
  return {
    candid: candid as number | bigint,
    objectId,
    jd,
    raDeg,
    decDeg,
    programid,
    document,
    candidate,
    prvCandidates: records("prv_candidates", prv_candidates).map(withoutNulls),
    fpHists: cleanFpHists(records("fp_hists", fp_hists), candidate),
    keepsForcedPhotometry: isRecent(candidate),
    cutouts: {
      Science: stampOf(document, "Science"),
      Template: stampOf(document, "Template"),
      Difference: stampOf(document, "Difference"),
    },
  };
}

/**
 * Whether the packet holds all of the object's past. Where `jdstarthist` is missing or null the
 * object's age isn't known, so only its first detection counts as recent.
 */
function isRecent({ jd, jdstarthist, ndethist }: Document): boolean {
  return toNumber(ndethist) <= 1 || toNumber(jd) - toNumber(jdstarthist) < FORCED_HISTORY_DAYS;
}

function records(name: string, value: unknown): Document[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value) || !value.every(isRecord)) {
    throw reject(name, "an array of records", value);
  }
  return value;
}

function stampOf(document: Document, kind: CutoutKind): Uint8Array | null {
  const cutout = document[CUTOUT_KEYS[kind]];
  if (cutout === null || cutout === undefined) return null;
  const stamp = (cutout as Document).stampData;
  if (!(stamp instanceof Uint8Array)) {
    throw reject(`${CUTOUT_KEYS[kind]}.stampData`, "bytes", stamp);
  }
  return stamp;
}

function isRecord(value: unknown): value is Document {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function reject(field: string, rule: string, value: unknown): RejectError {
  return new RejectError(
    `Cannot take the packet as ${field} must be ${rule}: current value is ${brief(value)}`,
  );
}

function brief(value: unknown): string {
  if (isDouble(value)) return String(value.value);
  if (typeof value === "object" && value !== null) return "an object";
  return String(value).slice(0, 100);
}

/** What is left of the alert document for filters. */
const SHOWN = new Set([
  "_id",
  "schemavsn",
  "publisher",
  "objectId",
  "candid",
  "candidate",
  "classifications",
  "coordinates",
]);

/**
 * In memory what `upstream` gives, value by value, with its keys in the same order. A light curve
 * that the object doesn't have is null, and `cross_matches` are absent without the object's document.
 */
function toFilterInput(
  alert: Document,
  aux: Document | undefined,
  permissions: readonly number[],
): Document | null {
  const candidate = alert.candidate as Document | undefined;
  if (!permissions.includes(toNumber(candidate?.programid))) return null;
  const shown: Document = {};
  for (const key in alert) {
    if (SHOWN.has(key)) shown[key] = alert[key];
  }
  if (aux?.cross_matches !== undefined) shown.cross_matches = aux.cross_matches;
  const isSeen = (item: Document | null) =>
    permissions.includes(toNumber(item?.programid)) &&
    // Said so because to MongoDB a difference with a missing jd is null, which is less than any number.
    !(toNumber(candidate?.jd) - toNumber(item?.jd) >= FILTER_HISTORY_DAYS);
  shown.prv_candidates = filtered(aux?.prv_candidates, isSeen);
  shown.fp_hists = filtered(
    aux?.fp_hists,
    (item) => item?.procstatus === PROCSTATUS_CLEAN && isSeen(item),
  );
  return shown;
}

function filtered(curve: unknown, isSeen: (item: Document | null) => boolean): Document[] | null {
  return curve === undefined || curve === null ? null : (curve as Document[]).filter(isSeen);
}

/** Items newer than the alert are seen too, if there are any by then. */
function upstream(
  candids: readonly (number | bigint)[],
  permissions: readonly number[],
): Document[] {
  const isPermitted = { $in: ["$$item.programid", [...permissions]] };
  const isInWindow = {
    $lt: [{ $subtract: ["$candidate.jd", "$$item.jd"] }, FILTER_HISTORY_DAYS],
  };
  const isClean = { $eq: ["$$item.procstatus", PROCSTATUS_CLEAN] };
  const curve = (name: string, conditions: Document[]) => ({
    $filter: {
      input: { $arrayElemAt: [`$aux.${name}`, 0] },
      as: "item",
      cond: { $and: conditions },
    },
  });
  return [
    {
      $match: {
        candid: { $in: [...candids] },
        "candidate.programid": { $in: [...permissions] },
      },
    },
    { $project: Object.fromEntries(Object.values(CUTOUT_KEYS).map((key) => [key, 0])) },
    {
      $lookup: {
        from: COLLECTIONS.aux,
        localField: "objectId",
        foreignField: "_id",
        as: "aux",
      },
    },
    {
      $project: {
        ...Object.fromEntries([...SHOWN].map((key) => [key, 1])),
        cross_matches: { $arrayElemAt: ["$aux.cross_matches", 0] },
        prv_candidates: curve("prv_candidates", [isPermitted, isInWindow]),
        fp_hists: curve("fp_hists", [isPermitted, isInWindow, isClean]),
      },
    },
  ];
}

/** By the names that queries may pass as a hint. */
function indexes(): IndexDef[] {
  const radec = { "coordinates.radec_geojson": "2dsphere" } as const;
  return [
    { name: "radec_candid", keys: { ...radec, candid: -1 } },
    { name: "radec_objectId", keys: { ...radec, objectId: -1 } },
    { name: "jd_radec_candid", keys: { "candidate.jd": 1, ...radec, candid: -1 } },
    { name: "jd_radec_objectId", keys: { "candidate.jd": 1, ...radec, objectId: -1 } },
    { name: "objectId", keys: { objectId: -1 } },
    { name: "candid", keys: { candid: -1 }, unique: true },
    { name: "pid", keys: { "candidate.pid": 1 } },
    { name: "objectId_pid", keys: { objectId: -1, "candidate.pid": 1 } },
    { name: "pdiffimfilename", keys: { "candidate.pdiffimfilename": 1 } },
    {
      name: "jd_programid_programpi",
      keys: { "candidate.jd": 1, "candidate.programid": 1, "candidate.programpi": 1 },
    },
    {
      name: "jd_braai_candid",
      keys: { "candidate.jd": -1, "classifications.braai": -1, candid: -1 },
    },
    { name: "jd_drb_candid", keys: { "candidate.jd": -1, "candidate.drb": -1, candid: -1 } },
    {
      name: "jd_braai_magpsf_isdiffpos_ndethist",
      keys: {
        "candidate.jd": 1,
        "classifications.braai": 1,
        "candidate.magpsf": 1,
        "candidate.isdiffpos": 1,
        "candidate.ndethist": 1,
      },
    },
    {
      name: "jd_field_drb_ndethhist_magpsf_isdiffpos_objectId",
      keys: {
        "candidate.jd": 1,
        "candidate.field": 1,
        "candidate.rb": 1,
        "candidate.drb": 1,
        "candidate.ndethist": 1,
        "candidate.magpsf": 1,
        "candidate.isdiffpos": 1,
        objectId: -1,
      },
    },
  ];
}
