/** What queries around positions have in common: their catalogs, their options, their answers. */
import { z } from "zod";
import type { Document } from "../contract/document.ts";
import type { Answer, ArchiveView } from "../contract/query.ts";
import { CatalogName, Kwargs, OptionalFilter, Projection } from "./_inputs.ts";
import type { NamedPosition } from "./_radec.ts";
import { withSeparation } from "./_separation.ts";

export const Catalogs = z.record(
  CatalogName,
  z.object({ filter: OptionalFilter, projection: Projection }),
);

export const MatchKwargs = Kwargs.extend({
  /** Matches get a field with their separation, and the nearest come first. */
  with_separation: z.boolean().nullish(),
});

export interface Matching {
  readonly positions: ReadonlyMap<string, NamedPosition>;
  readonly catalogs: z.output<typeof Catalogs>;
  readonly kwargs: z.output<typeof MatchKwargs>;
  /** What has to be true of a match of a position, besides the catalog's filter. */
  condition(position: NamedPosition): Document;
  /** Of distances, where these are computed. */
  readonly rangeRad?: readonly [number, number];
}

export function matchesOf(
  { positions, catalogs, kwargs, condition, rangeRad }: Matching,
  archive: ArchiveView,
): Answer {
  const places = [...positions.values()];
  const conditions = places.map(condition);
  const { with_separation, ...options } = kwargs;
  return {
    kind: "matches",
    catalogs: Object.keys(catalogs),
    names: [...positions.keys()],
    documents(catalog: string): ReturnType<ArchiveView["findEach"]> {
      const { filter, projection } = catalogs[catalog]!;
      const asked = { projection, ...options };
      const each = with_separation ? withSeparation(asked, places, rangeRad) : asked;
      return archive.findEach(catalog, conditions, filter, each);
    },
  };
}

/** Within `radiusRad` of the position along the great circle. Stored longitudes are RA - 180. */
export function cone({ raDeg, decDeg }: NamedPosition, radiusRad: number): Document {
  const circle = { $centerSphere: [[raDeg - 180, decDeg], radiusRad] };
  return { "coordinates.radec_geojson": { $geoWithin: circle } };
}
