import { z } from "zod";
import { toRadians } from "../astro/angles.ts";
import type { Document } from "../contract/document.ts";
import { defineQuery, QueryError } from "../contract/query.ts";
import { toDistanceRad, toUnit } from "./_angles.ts";
import { field } from "./_inputs.ts";
import { Catalogs, cone, matchesOf, MatchKwargs } from "./_matches.ts";
import { type NamedPosition, toPositions } from "./_radec.ts";

/** Where no `max_distance` is given, whatever the unit of distances. */
const MAX_DISTANCE_RAD = toRadians(1, "arcmin");

const Input = z.object({
  query: z.object({
    radec: field(toPositions),
    catalogs: Catalogs,
    min_distance: z.unknown().optional(),
    max_distance: z.unknown().optional(),
    distance_units: field((unit) => toUnit(unit ?? "rad")).default("rad"),
  }).transform(
    ({ radec, catalogs, min_distance: min, max_distance: max, distance_units: unit }) => {
      const minRad = toDistanceRad("min_distance", min ?? 0, unit);
      const maxRad = max == null ? MAX_DISTANCE_RAD : toDistanceRad("max_distance", max, unit);
      if (minRad > maxRad) {
        throw new QueryError("ValueError: min_distance must be <= max_distance");
      }
      return { positions: radec, catalogs, minRad, maxRad };
    },
  ),
  kwargs: MatchKwargs,
});

/** `near`: what each catalog holds within a range of distances from each position, the nearest first. */
export default defineQuery<z.output<typeof Input>>({
  name: "near",
  input: Input,
  run({ query: { positions, catalogs, minRad, maxRad }, kwargs }, { archive }) {
    const condition = (position: NamedPosition) =>
      // What has its distance computed needn't be found in the order of it.
      kwargs.with_separation ? cone(position, maxRad) : nearest(position, minRad, maxRad);
    const rangeRad = [minRad, maxRad] as const;
    return matchesOf({ positions, catalogs, kwargs, condition, rangeRad }, archive);
  },
});

/** Both ends included; in the order of distance, for which the catalog needs an index of positions. */
function nearest({ raDeg, decDeg }: NamedPosition, minRad: number, maxRad: number): Document {
  const near = { $nearSphere: [raDeg - 180, decDeg], $minDistance: minRad, $maxDistance: maxRad };
  return { "coordinates.radec_geojson": near };
}
