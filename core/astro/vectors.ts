/** Directions as unit vectors: x towards right ascension 0, y towards 90, z towards the north. */
import { type Direction, toDegrees, toRadians } from "./angles.ts";

export type Vector = readonly [number, number, number];

export function toVector({ raDeg, decDeg }: Direction): Vector {
  const [ra, dec] = [toRadians(raDeg, "deg"), toRadians(decDeg, "deg")];
  return [Math.cos(ra) * Math.cos(dec), Math.sin(ra) * Math.cos(dec), Math.sin(dec)];
}

/** Of a vector of any length; right ascension in [0, 360). */
export function toDirection([x, y, z]: Vector): Direction {
  const raDeg = toDegrees(Math.atan2(y, x), "rad");
  return {
    raDeg: raDeg < 0 ? (raDeg + 360) % 360 : raDeg,
    decDeg: toDegrees(Math.atan2(z, Math.hypot(x, y)), "rad"),
  };
}

export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cross(a: Vector, b: Vector): Vector {
  return [
    a[1] * b[2] - a[2] * b[1],
    a[2] * b[0] - a[0] * b[2],
    a[0] * b[1] - a[1] * b[0],
  ];
}

export function plus(a: Vector, b: Vector, times = 1): Vector {
  return [a[0] + times * b[0], a[1] + times * b[1], a[2] + times * b[2]];
}

/** The triangle's area on the sphere, steradians: positive where its corners go round to the left. */
export function triangleSr(a: Vector, b: Vector, c: Vector): number {
  // Van Oosterom & Strackee 1983, IEEE Trans. Biomed. Eng. 30, 125.
  return 2 * Math.atan2(dot(a, cross(b, c)), 1 + dot(a, b) + dot(b, c) + dot(c, a));
}
