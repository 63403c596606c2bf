import { z } from "zod";
import { defineQuery } from "../contract/query.ts";
import { toDistanceRad, toUnit } from "./_angles.ts";
import { field } from "./_inputs.ts";
import { Catalogs, cone, matchesOf, MatchKwargs } from "./_matches.ts";
import { toPositions } from "./_radec.ts";

const Input = z.object({
  query: z.object({
    object_coordinates: z.object({
      cone_search_radius: field((value) => value),
      cone_search_unit: field(toUnit),
      radec: field(toPositions),
    }).transform(({ cone_search_radius, cone_search_unit, radec }) => ({
      positions: radec,
      radiusRad: toDistanceRad("cone_search_radius", cone_search_radius, cone_search_unit),
    })),
    catalogs: Catalogs,
  }),
  kwargs: MatchKwargs,
});

/** `cone_search`: what each catalog holds within a radius around each of the positions. */
export default defineQuery<z.output<typeof Input>>({
  name: "cone_search",
  input: Input,
  run({ query: { object_coordinates: { positions, radiusRad }, catalogs }, kwargs }, { archive }) {
    const condition = (position: Parameters<typeof cone>[0]) => cone(position, radiusRad);
    return matchesOf({ positions, catalogs, kwargs, condition }, archive);
  },
});
