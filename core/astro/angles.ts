/** Angles: their units, and the separation of two directions. */

/** Units of angles as clients and settings name them, with what one of each is in radians. */
const RADIANS = {
  arcsec: Math.PI / 180 / 3600,
  arcmin: Math.PI / 180 / 60,
  deg: Math.PI / 180,
  rad: 1,
} as const;
export type AngleUnit = keyof typeof RADIANS;

export function toRadians(angle: number, unit: AngleUnit): number {
  return angle * RADIANS[unit];
}

export function toDegrees(angle: number, unit: AngleUnit): number {
  return unit === "deg" ? angle : toRadians(angle, unit) / RADIANS.deg;
}

/** A direction on the sky, degrees. */
export interface Direction {
  readonly raDeg: number;
  readonly decDeg: number;
}

/**
 * The angle between two directions, degrees: Vincenty's form of the great-circle distance, which is
 * exact from zero to 180 degrees, where the haversine and the arc cosine lose digits.
 */
export function separationDeg(from: Direction, to: Direction): number {
  const dra = (to.raDeg - from.raDeg) * RADIANS.deg;
  const fromDec = from.decDeg * RADIANS.deg;
  const toDec = to.decDeg * RADIANS.deg;
  const [sinFrom, cosFrom] = [Math.sin(fromDec), Math.cos(fromDec)];
  const [sinTo, cosTo] = [Math.sin(toDec), Math.cos(toDec)];
  const across = Math.hypot(
    cosTo * Math.sin(dra),
    cosFrom * sinTo - sinFrom * cosTo * Math.cos(dra),
  );
  const along = sinFrom * sinTo + cosFrom * cosTo * Math.cos(dra);
  return Math.atan2(across, along) / RADIANS.deg;
}
