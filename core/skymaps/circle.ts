/** Contours of a cone as the circles that they are. */
import { type Direction, toRadians } from "../astro/angles.ts";
import { cross, plus, toVector, type Vector } from "../astro/vectors.ts";

/** The sides of the polygon cut off less than a 20,000th of the radius. */
const POINTS = 360;
/** A polygon that is larger than a hemisphere would be taken for what lies outside of it. */
export const RADIUS_DEG_MAX = 80;

/** The radius that holds `level` percent of a Gaussian in two dimensions (Rayleigh's law), degrees. */
export function levelRadiusDeg(sigmaDeg: number, level: number): number {
  return sigmaDeg * Math.sqrt(-2 * Math.log(1 - level / 100));
}

/** Points on the circle, with its inside to the left; the radius up to `RADIUS_DEG_MAX`. */
export function circle(centre: Direction, radiusDeg: number): Vector[] {
  const middle = toVector(centre);
  const east = toVector({ raDeg: centre.raDeg + 90, decDeg: 0 });
  const north = cross(middle, east);
  const radius = toRadians(radiusDeg, "deg");
  const [sin, cos] = [Math.sin(radius), Math.cos(radius)];
  return Array.from({ length: POINTS }, (_, i) => {
    const angle = 2 * Math.PI * i / POINTS;
    const centred = plus([0, 0, 0], middle, cos);
    return plus(plus(centred, east, sin * Math.cos(angle)), north, sin * Math.sin(angle));
  });
}

export function circleAreaSr(radiusDeg: number): number {
  // 2 pi (1 - cos r), with all digits for small circles.
  return 4 * Math.PI * Math.sin(toRadians(radiusDeg, "deg") / 2) ** 2;
}
