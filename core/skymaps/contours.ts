/** Contours of a map for credible levels, in the form that is stored. */
import { type Direction, toDegrees } from "../astro/angles.ts";
import { orderOfPixels } from "../astro/healpix.ts";
import { toDirection } from "../astro/vectors.ts";
import { type Contour, contourKey, type MadeContours } from "../contract/skymaps.ts";
import { areaSr, type Cells, toMoc } from "./cells.ts";
import { circle, circleAreaSr, levelRadiusDeg, RADIUS_DEG_MAX } from "./circle.ts";
import { credibleRegion } from "./credible.ts";
import { outlinesOf, type Polygon } from "./outline.ts";
import { discCells } from "./shapes.ts";
import { peakOf, type SkyMap } from "./sky_map.ts";

export interface SkymapSource {
  readonly map: SkyMap;
  /** The map is a cone: its contours are circles. */
  readonly cone?: { readonly centre: Direction; readonly sigmaDeg: number };
  /** Said by whoever made the map; else it is where the map is highest. */
  readonly centre?: Direction | undefined;
}

interface Region {
  readonly cells: Cells;
  readonly polygons: readonly Polygon[];
  readonly areaSr: number;
  readonly circle?: Contour["properties"]["circle"];
}

export function makeContours(source: SkymapSource, levels: readonly number[]): MadeContours {
  const centre = source.centre ?? peakOf(source.map);
  const made = levels.map((level) => ({ level, region: regionOf(source, level) }));
  return {
    centreRaDec: [centre.raDeg, centre.decDeg],
    contours: {
      center: {
        type: "Point",
        coordinates: [centre.raDeg - 180, centre.decDeg],
        properties: { credible_level: 0 },
      },
      ...Object.fromEntries(
        made.map(({ level, region }) => [contourKey(level), toContour(level, region)]),
      ),
    },
    mocs: Object.fromEntries(
      made.map(({ level, region }) => [contourKey(level), toMoc(region.cells)]),
    ),
  };
}

function regionOf({ map, cone }: SkymapSource, level: number): Region {
  if (cone !== undefined) return coneRegion(cone.centre, levelRadiusDeg(cone.sigmaDeg, level));
  const cells = credibleRegion(map, level);
  return { cells, polygons: outlinesOf(cells), areaSr: areaSr(cells) };
}

/** Pixels of a circle's cells in its radius. */
const PIXELS_PER_RADIUS = 64;

function coneRegion(centre: Direction, wantedDeg: number): Region {
  const radiusDeg = Math.min(180, wantedDeg);
  const cells = discCells(orderOfPixels(radiusDeg / PIXELS_PER_RADIUS), centre, radiusDeg);
  return {
    cells,
    polygons: radiusDeg <= RADIUS_DEG_MAX ? [[circle(centre, radiusDeg)]] : outlinesOf(cells),
    areaSr: circleAreaSr(radiusDeg),
    circle: { center_radec: [centre.raDeg, centre.decDeg], radius_deg: radiusDeg },
  };
}

/** A hundredth of a milliarcsecond; more digits are only longer. */
const DIGITS = 1e8;

function toContour(level: number, { polygons, areaSr, circle }: Region): Contour {
  const rounded = (deg: number) => Math.round(deg * DIGITS) / DIGITS;
  const coordinates = polygons.map((polygon) =>
    polygon.map((ring) => {
      const points = ring.map((point) => {
        const { raDeg, decDeg } = toDirection(point);
        return [rounded(raDeg - 180), rounded(decDeg)] as const;
      });
      return [...points, points[0]!]; // Closed, as GeoJSON has it.
    })
  );
  return {
    type: "MultiPolygon",
    properties: {
      credible_level: level,
      area_deg2: toDegrees(toDegrees(areaSr, "rad"), "rad"),
      ...circle && { circle },
    },
    coordinates,
  };
}
