/** Rings of points with fewer points: those that hardly bend the line are left out. */
import { cross, dot, plus, type Vector } from "../astro/vectors.ts";

/**
 * The places of the points that stay: without those whose triangle with their neighbours is of
 * `areaMax` (steradians) or less, after Visvalingam & Whyatt 1993. Points of `isFixed` always stay.
 */
export function simplified(
  points: readonly Vector[],
  areaMax: number,
  isFixed: (place: number) => boolean,
): number[] {
  let places = points.map((_, place) => place);
  for (;;) {
    let wasDropped = false;
    const left = places.filter((place, i) => {
      const before = points[places.at(i - 1)!]!;
      const after = points[places[(i + 1) % places.length]!]!;
      // Not two in a row: the second one's triangle has just become another.
      wasDropped = !wasDropped && places.length > 4 && !isFixed(place) &&
        triangleArea(before, points[place]!, after) <= areaMax;
      return !wasDropped;
    });
    if (left.length === places.length || left.length < 4) return places;
    places = left;
  }
}

function triangleArea(a: Vector, b: Vector, c: Vector): number {
  const normal = cross(plus(b, a, -1), plus(c, a, -1));
  return Math.sqrt(dot(normal, normal)) / 2;
}
