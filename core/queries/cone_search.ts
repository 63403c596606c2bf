import { z } from "zod";
import { type AngleUnit, toRadians } from "../astro/angles.ts";
import { ANGLE_UNITS } from "../contract/crossmatch.ts";
import { type Document, toNumber } from "../contract/document.ts";
import { shortText } from "../contract/json.ts";
import { type ArchiveView, defineQuery, QueryError } from "../contract/query.ts";
import { CatalogName, field, Kwargs, OptionalFilter, Projection } from "./_inputs.ts";
import { type NamedPosition, toPositions } from "./_radec.ts";

const Input = z.object({
  query: z.object({
    object_coordinates: z.object({
      cone_search_radius: field((value) => value),
      cone_search_unit: field(toUnit),
      radec: field(toPositions),
    }).transform(({ cone_search_radius, cone_search_unit, radec }) => ({
      positions: radec,
      radiusRad: toRadiusRad(cone_search_radius, cone_search_unit),
    })),
    catalogs: z.record(
      CatalogName,
      z.object({ filter: OptionalFilter, projection: Projection }),
    ),
  }),
  kwargs: Kwargs,
});

/** `cone_search`: what each catalog holds within a radius around each of the positions. */
export default defineQuery<z.output<typeof Input>>({
  name: "cone_search",
  input: Input,
  run({ query: { object_coordinates: { positions, radiusRad }, catalogs }, kwargs }, { archive }) {
    const cones = [...positions.values()].map((position) => cone(position, radiusRad));
    return {
      kind: "matches",
      catalogs: Object.keys(catalogs),
      names: [...positions.keys()],
      documents(catalog: string): ReturnType<ArchiveView["findEach"]> {
        const { filter, projection } = catalogs[catalog]!;
        return archive.findEach(catalog, cones, filter, { projection, ...kwargs });
      },
    };
  },
});

/** Within `radiusRad` of the position along the great circle. Stored longitudes are RA - 180. */
function cone({ raDeg, decDeg }: NamedPosition, radiusRad: number): Document {
  const circle = { $centerSphere: [[raDeg - 180, decDeg], radiusRad] };
  return { "coordinates.radec_geojson": { $geoWithin: circle } };
}

function toUnit(unit: unknown): AngleUnit {
  const known = ANGLE_UNITS.find((name) => name === unit);
  if (known !== undefined) return known;
  const names = ANGLE_UNITS.map((name) => `'${name}'`).join(", ");
  throw new QueryError(`Exception: Angular units not in (${names})`);
}

function toRadiusRad(radius: unknown, unit: AngleUnit): number {
  const number = typeof radius === "string" && radius.trim() !== ""
    ? Number(radius)
    : toNumber(radius);
  const radiusRad = toRadians(number, unit);
  if (radiusRad >= 0 && radiusRad <= Math.PI) return radiusRad;
  throw new QueryError(
    `ValueError: cone_search_radius must be in [0, 180] deg: current value is ${
      shortText(radius)
    } ${unit}`,
  );
}
