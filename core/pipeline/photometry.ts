/** The light curve of an alert as SkyPortal takes it: one row an epoch, magnitudes turned to fluxes. */
import { type Document, toNumber } from "../contract/document.ts";

export interface PhotometryRow {
  /** Modified Julian date, days. */
  readonly mjd: number;
  /** SkyPortal's name of the filter: `ztfg`. */
  readonly filter: string;
  /** In units where `zp` is the magnitude of 1: microjansky at 23.9. Null where it is only an upper limit. */
  readonly flux: number | null;
  /** One sigma, units as `flux`. */
  readonly fluxerr: number | null;
  /** AB magnitude of flux 1. */
  readonly zp: number | null;
  /** Degrees. */
  readonly ra: number | null;
  readonly dec: number | null;
  readonly programid: number | null;
  readonly origin: "alert_fp" | null;
}

/** SkyPortal's name of an entry's filter; null where the entry is to be left out. Throws for one it doesn't know. */
export type FilterOf = (entry: Document) => string | null;

const JD_OF_MJD = 2_400_000.5;
/** The AB magnitude of one microjansky. */
const MICROJANSKY_ZP = 23.9;
/** Limiting magnitudes are those of five sigma. */
const LIMIT_SIGMAS = 5;
const FORCED_SNR_MIN = 3;
const POSITIVE: readonly unknown[] = [true, "y", "Y", "t", "T", "1"];

/**
 * Rows of a candidate and its past, in microjansky, by time. An epoch that is in both counts once,
 * and one without `diffmaglim` not at all.
 */
export function lightCurveRows(
  candidate: Document,
  prvCandidates: readonly Document[],
  filterOf: FilterOf,
): PhotometryRow[] {
  const seen = new Set<string>();
  const rows: PhotometryRow[] = [];
  for (const entry of [candidate, ...prvCandidates]) {
    const filter = filterOf(entry);
    if (filter === null) continue;
    const mjd = toNumber(entry.jd) - JD_OF_MJD;
    const mag = Math.fround(toNumber(entry.magpsf));
    const key = `${mjd} ${mag} ${filter}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const limit = toNumber(entry.diffmaglim);
    if (limit > 0) rows.push({ mjd, filter, ...fluxOf(entry, mag, limit), ...placeOf(entry) });
  }
  return rows.sort((a, b) => a.mjd - b.mjd);
}

function fluxOf(entry: Document, mag: number, limit: number) {
  if (!Number.isFinite(mag)) {
    return { flux: null, fluxerr: fluxOfLimit(limit, MICROJANSKY_ZP), zp: MICROJANSKY_ZP };
  }
  const isPositive = POSITIVE.includes(entry.isdiffpos) || toNumber(entry.isdiffpos) === 1;
  const flux = (isPositive ? 1 : -1) * 10 ** (-0.4 * (mag - MICROJANSKY_ZP));
  // d(flux) = flux ln(10) / 2.5 d(mag).
  const fluxerr = Math.abs(Math.fround(toNumber(entry.sigmapsf)) * flux * Math.LN10 / 2.5);
  return { flux, fluxerr: orNull(fluxerr), zp: MICROJANSKY_ZP };
}

/** One sigma of an image, from its limiting magnitude. */
function fluxOfLimit(limitMag: number, zp: number): number {
  return 10 ** (-0.4 * (limitMag - zp)) / LIMIT_SIGMAS;
}

function placeOf(entry: Document) {
  return {
    ra: orNull(toNumber(entry.ra)),
    dec: orNull(toNumber(entry.dec)),
    programid: orNull(toNumber(entry.programid)),
    origin: null,
  };
}

/**
 * Rows of forced photometry, in the images' own counts, by time: those whose processing went well
 * (`procstatus` "0"). Without a place, since that is the object's. A flux of three sigma or less is
 * none.
 */
export function forcedRows(fpHists: readonly Document[], filterOf: FilterOf): PhotometryRow[] {
  const seen = new Set<string>();
  const rows: PhotometryRow[] = [];
  for (const entry of fpHists) {
    const limit = toNumber(entry.diffmaglim);
    const isClean = entry.procstatus === "0" || toNumber(entry.procstatus) === 0;
    const filter = filterOf(entry);
    if (!isClean || !(limit > 0) || filter === null) continue;
    const mjd = toNumber(entry.jd) - JD_OF_MJD;
    const zp = toNumber(entry.magzpsci);
    const measured = toNumber(entry.forcediffimflux);
    const fluxerr = Number.isNaN(measured)
      ? fluxOfLimit(limit, zp)
      : toNumber(entry.forcediffimfluxunc);
    const flux = Math.abs(measured / fluxerr) > FORCED_SNR_MIN ? measured : null;
    const key = `${mjd} ${filter} ${flux}`;
    if (seen.has(key)) continue;
    seen.add(key);
    rows.push({
      mjd,
      filter,
      flux,
      fluxerr: orNull(fluxerr),
      zp: orNull(zp),
      ra: null,
      dec: null,
      programid: orNull(toNumber(entry.programid)),
      origin: "alert_fp",
    });
  }
  return rows.sort((a, b) => a.mjd - b.mjd);
}

/** What is not a number is null on the wire. */
function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
