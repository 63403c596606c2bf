/**
 * Merges the light curves of an object's packets. Whatever the order in which packets come, and
 * however often, the same light curve comes out: so brokers needn't agree on an order.
 */
import { type Document, toDouble, toNumber } from "../contract/document.ts";
import { compareValues } from "./document_order.ts";
import { Pick } from "./pick.ts";

/**
 * The union of two lists of past detections and upper limits, in the order of `jd`, `fid`, `pid`.
 * Entries are one only when they are the same in every field: an epoch that was processed again is
 * there twice. `stored` itself where `incoming` brings nothing new; its entries by reference.
 */
export function mergePrvCandidates(
  stored: readonly Document[],
  incoming: readonly Document[],
): Document[] {
  const fresh = Map.groupBy(incoming, jdOf);
  for (const [jd, entries] of fresh) {
    if (entries.length > 1) fresh.set(jd, entries.filter(isFirst));
  }
  for (const entry of stored) {
    const twins = fresh.get(jdOf(entry));
    const at = twins?.findIndex((twin) => compareValues(twin, entry) === 0) ?? -1;
    if (at >= 0) twins!.splice(at, 1);
  }
  const added = [...fresh.values()].flat();
  if (added.length === 0) return stored as Document[];
  return [...stored, ...added].sort(compareEntries);
}

function isFirst(entry: Document, index: number, all: readonly Document[]): boolean {
  return all.findIndex((other) => compareValues(other, entry) === 0) === index;
}

function compareEntries(a: Document, b: Document): number {
  return jdOf(a) - jdOf(b) || compareKey(a, b, "fid") || compareKey(a, b, "pid") ||
    compareValues(a, b);
}

function compareKey(a: Document, b: Document, key: string): number {
  const [left, right] = [toNumber(a[key]), toNumber(b[key])];
  if (left === right) return 0;
  return left < right || Number.isNaN(right) ? -1 : 1;
}

/** An entry without a time comes first, and at a time that can be compared. */
function jdOf({ jd }: Document): number {
  const days = toNumber(jd);
  return Number.isFinite(days) ? days : 0;
}

/** An entry that does not say which alert brought it wins over those that do. */
const ALERT_MAG_MISSING = -99999;

/**
 * The union of two forced light curves in the order of `jd`: of several entries of one `jd`, the one
 * that came with the brightest alert (the smallest `alert_mag`). `stored` itself where `incoming`
 * changes nothing; its entries by reference.
 */
export function mergeFpHists(
  stored: readonly Document[],
  incoming: readonly Document[],
): Document[] {
  const best = new Map<number, Document>();
  let changed = false;
  for (const entry of stored) changed = !takeBetter(best, entry) || changed;
  // What is stored may have been written by others: in another order, or with a jd twice.
  changed ||= stored.some((entry, i) => i > 0 && jdOf(stored[i - 1]!) > jdOf(entry));
  for (const entry of incoming) changed = takeBetter(best, entry) || changed;
  if (!changed) return stored as Document[];
  return [...best.values()].sort((a, b) => jdOf(a) - jdOf(b));
}

/** Whether the entry is now the one of its `jd`. */
function takeBetter(best: Map<number, Document>, entry: Document): boolean {
  const jd = jdOf(entry);
  const rival = best.get(jd);
  if (rival !== undefined) {
    // Of two as bright, always the same one, whichever came first.
    const order = alertMag(entry) - alertMag(rival) || compareValues(entry, rival);
    if (order >= 0) return false;
  }
  best.set(jd, entry);
  return true;
}

function alertMag({ alert_mag }: Document): number {
  const mag = toNumber(alert_mag);
  return Number.isNaN(mag) ? ALERT_MAG_MISSING : mag;
}

/** Stands for "no value" in forced photometry, beside null. */
const SENTINEL = -99999;

/**
 * The forced photometry of a packet as it is stored, in the order of `jd`, the first entry of each:
 * without keys that have no value, with magnitudes and limits (AB mag) and signal to noise where the
 * flux allows, and with the alert that brought it (`alert_mag`, `alert_ra`, `alert_dec`).
 */
export function cleanFpHists(raw: readonly Document[], candidate: Document): Document[] {
  const { magpsf, ra, dec } = candidate;
  return raw
    .toSorted((a, b) => jdOf(a) - jdOf(b))
    .filter((entry, i, all) => i === 0 || jdOf(entry) !== jdOf(all[i - 1]!))
    .map((entry) => withFlux.of(entry, [...fluxFields(entry), magpsf, ra, dec]));
}

/** A copy without null keys, or the entry itself where there is none: an upper limit has most of them. */
export function withoutNulls(entry: Document): Document {
  for (const key in entry) {
    if (entry[key] === null) return valued.of(entry);
  }
  return entry;
}

const valued = new Pick((value) => value === null);

function hasNoValue(value: unknown): boolean {
  return value === null || toNumber(value) === SENTINEL;
}

const FLUX_FIELDS = ["mag", "magerr", "snr", "limmag3sig", "limmag5sig"] as const;
const withFlux = new Pick(hasNoValue, [...FLUX_FIELDS, "alert_mag", "alert_ra", "alert_dec"]);

/**
 * The values of `FLUX_FIELDS`, from flux and its error in DN and the zero point in mag. A negative flux has no magnitude but keeps
 * its sign in `snr` and `magerr`. An entry without zero point has neither magnitude nor limits (the
 * original lost the whole alert). Values that are not a number are left out; infinite ones are kept.
 */
function fluxFields(entry: Document): unknown[] {
  const flux = valueOf(entry.forcediffimflux);
  const error = valueOf(entry.forcediffimfluxunc);
  const zeroPoint = valueOf(entry.magzpsci);
  const snr = flux / error;
  if (Number.isNaN(snr)) return FLUX_FIELDS.map(() => undefined);
  return [
    -2.5 * Math.log10(flux) + zeroPoint,
    1.0857 * error / flux,
    snr,
    -2.5 * Math.log10(3 * error) + zeroPoint,
    -2.5 * Math.log10(5 * error) + zeroPoint,
  ].map((value) => Number.isNaN(value) ? undefined : toDouble(value));
}

function valueOf(value: unknown): number {
  return hasNoValue(value) ? NaN : toNumber(value);
}
