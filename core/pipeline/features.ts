/** The numbers that networks see of an alert: fields of its candidate, and what its history says. */
import { toNumber } from "../contract/document.ts";
import {
  type Alert,
  type HistoryPoint,
  type ObjectHistory,
  toHistoryPoint,
} from "../contract/survey.ts";

/** Magnitudes that any detection beats. */
const FAINTEST_MAG = 30;
const BRIGHTEST_MAG = 0;

/**
 * Features of all that was ever detected of the object, by name: `peakmag_so_far`, `maxmag_so_far`
 * (mag), `days_since_peak`, `days_to_peak`, `age` (days), `nnondet`.
 *
 * Throws where the candidate has no `jdstarthist`: then no network can be run for this alert.
 */
export function historyFeatures(alert: Alert, history: ObjectHistory): Record<string, number> {
  const { jd, candidate } = alert;
  const jdStart = toNumber(candidate.jdstarthist);
  if (Number.isNaN(jdStart)) {
    throw new Error(
      `Cannot make features as jdstarthist must be a number: current value is ${candidate.jdstarthist}`,
    );
  }
  let peakMag = FAINTEST_MAG;
  let maxMag = BRIGHTEST_MAG;
  let peakJd = jd;
  let firstJd = Math.min(jdStart, jd);
  const scan = (point: HistoryPoint) => {
    if (Number.isNaN(point.magpsf)) return;
    if (point.magpsf < peakMag) {
      peakMag = point.magpsf;
      peakJd = point.jd;
    }
    if (point.magpsf > maxMag) maxMag = point.magpsf;
    if (point.jd < firstJd) firstJd = point.jd;
  };
  // In this order: of several detections as bright, the first counts as the peak.
  for (const point of [...alert.prvCandidates, candidate]) scan(toHistoryPoint(point));
  history.prvCandidates.forEach(scan);
  history.candidates.forEach(scan);
  return {
    peakmag_so_far: peakMag,
    maxmag_so_far: maxMag,
    days_since_peak: jd - peakJd,
    days_to_peak: peakJd - firstJd,
    age: jd - firstJd,
    nnondet: toNumber(candidate.ncovhist ?? 0) - toNumber(candidate.ndethist ?? 0),
  };
}

/**
 * The value of each named feature: of `derived`, else of the candidate's field of that name, as it
 * is, sentinels too. NaN where it is null or missing. `drb` falls back to `rb`.
 */
export function featureVector(
  { candidate }: Alert,
  names: readonly string[],
  derived: Readonly<Record<string, number>>,
): number[] {
  return names.map((name) => {
    if (Object.hasOwn(derived, name)) return derived[name]!;
    return toNumber(name === "drb" ? candidate.drb ?? candidate.rb : candidate[name]);
  });
}
