/** A position in the forms the archive stores it in: for MongoDB's sphere, as text, galactic, ecliptic. */
import { type Document, toDouble } from "../contract/document.ts";
import { toRadians } from "./angles.ts";
import { dot, toVector, type Vector } from "./vectors.ts";

/**
 * The `coordinates` of a stored document, from J2000 right ascension and declination in degrees:
 *
 * - `radec_geojson`: a point at `[ra - 180, dec]`, since MongoDB's longitudes begin at -180;
 * - `radec_str`: `["HH:MM:SS.ssss", "DD:MM:SS.sss"]`;
 * - `l`, `b`: galactic, degrees, with `l` in (-180, 180];
 * - `geocentricmeanecliptic`: `lambda` in [0, 360) and `beta`, degrees.
 *
 * Throws a `RangeError` where `raDeg` is not in [0, 360) or `decDeg` not in [-90, 90].
 */
export function coordinatesBlock(raDeg: number, decDeg: number): Document {
  if (!(raDeg >= 0 && raDeg < 360)) {
    throw new RangeError(
      `Cannot use the position as ra must be in [0, 360): current value is ${raDeg}`,
    );
  }
  if (!(decDeg >= -90 && decDeg <= 90)) {
    throw new RangeError(
      `Cannot use the position as dec must be in [-90, 90]: current value is ${decDeg}`,
    );
  }
  const { l, b } = toGalactic(raDeg, decDeg);
  const { lambda, beta } = toEcliptic(raDeg, decDeg);
  return {
    radec_geojson: { type: "Point", coordinates: [toDouble(raDeg - 180), toDouble(decDeg)] },
    radec_str: [raText(raDeg), decText(decDeg)],
    l: toDouble(l),
    b: toDouble(b),
    geocentricmeanecliptic: { lambda: toDouble(lambda), beta: toDouble(beta) },
  };
}

/** `HH:MM:SS.ssss`. Seconds are not carried: 359.5 degrees give `23:57:60.0000`, as ever in the archive. */
function raText(raDeg: number): string {
  const hours = Math.floor(raDeg / 15);
  const minutes = Math.floor((raDeg / 15 - hours) * 60);
  const seconds = ((raDeg / 15 - hours) * 60 - minutes) * 60;
  return `${padded(hours, 0, 2)}:${padded(minutes, 0, 2)}:${padded(seconds, 4, 7)}`;
}

/** `DD:MM:SS.sss`. The degrees are two characters with their sign: `-3:06:42.936`, `-0:30:00.000`. */
function decText(decDeg: number): string {
  const sign = decDeg < 0 || Object.is(decDeg, -0) ? "-" : "";
  const size = Math.abs(decDeg);
  const degrees = Math.floor(size);
  const minutes = Math.floor((size - degrees) * 60);
  const seconds = Math.abs((size - degrees) * 60 - minutes) * 60;
  const width = 2 - sign.length;
  return `${sign}${padded(degrees, 0, width)}:${padded(minutes, 0, 2)}:${padded(seconds, 3, 6)}`;
}

function padded(value: number, decimals: number, width: number): string {
  return value.toFixed(decimals).padStart(width, "0");
}

/** From J2000 equatorial to galactic axes (ESA 1997, The Hipparcos and Tycho Catalogues, vol. 1, 1.5.3). */
const GALACTIC_AXES: readonly Vector[] = [
  [-0.054875539, -0.873437105, -0.483834992],
  [0.494109454, -0.444829594, 0.746982249],
  [-0.867666136, -0.198076390, 0.455983795],
];

/** Degrees; `l` in (-180, 180]. */
export function toGalactic(raDeg: number, decDeg: number): { l: number; b: number } {
  const direction = toVector({ raDeg, decDeg });
  const [x, y, z] = GALACTIC_AXES.map((axis) => dot(axis, direction)) as [number, number, number];
  return { l: degrees(Math.atan2(y, x)), b: degrees(Math.atan2(z, Math.hypot(x, y))) };
}

/** The mean obliquity of the ecliptic at J2000, degrees. */
const OBLIQUITY_DEG = 23.439291;

/** Degrees; `lambda` in [0, 360). */
export function toEcliptic(raDeg: number, decDeg: number): { lambda: number; beta: number } {
  const [x, y, z] = toVector({ raDeg, decDeg });
  const obliquity = toRadians(OBLIQUITY_DEG, "deg");
  const [sin, cos] = [Math.sin(obliquity), Math.cos(obliquity)];
  const [u, v] = [y * cos + z * sin, z * cos - y * sin];
  const lambda = degrees(Math.atan2(u, x));
  return {
    lambda: lambda < 0 ? (lambda + 360) % 360 : lambda,
    beta: degrees(Math.atan2(v, Math.hypot(x, u))),
  };
}

function degrees(radians: number): number {
  return radians / toRadians(1, "deg");
}
