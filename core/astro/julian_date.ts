/** Julian dates (UTC), days. */

/** 1970-01-01T00:00:00 UTC, from which computers count. */
const JD_OF_1970 = 2_440_587.5;
const MS_PER_DAY = 86_400_000;

/** Of a time in ms since 1970. */
export function julianDate(unixMs: number): number {
  return unixMs / MS_PER_DAY + JD_OF_1970;
}

/** The date (UTC) of a Julian date, as `2023-10-12`. */
export function dateOfJulianDate(jd: number): string {
  return new Date((jd - JD_OF_1970) * MS_PER_DAY).toISOString().slice(0, 10);
}
