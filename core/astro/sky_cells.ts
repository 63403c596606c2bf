/**
 * Small cells of the sky, so that what lies around many positions is found with a plain index on an
 * integer: one look-up for all of them, where a spherical index takes a query each.
 *
 * The sky is cut into zones of declination, each zone into cells of about the same size (Gray et al.
 * 2006, "The Zones Algorithm"). How many there are in a zone follows Bhaskara's approximation of the
 * cosine, which is made of operations that every machine rounds alike: so a cell that MongoDB
 * computes is the one that is computed here.
 */
import type { Document } from "../contract/document.ts";
import { type Direction, toRadians } from "./angles.ts";

/** A cone of 2 arcsec touches about two of them, and a crowded field has few stars in one. */
const CELL_ARCSEC = 8;
const ZONES_PER_DEG = 3600 / CELL_ARCSEC;
const ZONES = 180 * ZONES_PER_DEG;
const CELLS_AT_EQUATOR = 360 * ZONES_PER_DEG;
/** More than a zone has cells. */
const ZONE_STEP = 2 ** 18;
/** Positions on an edge may fall on either side of it, by what a sum of doubles is rounded by. */
const ROUNDING_DEG = 1e-9;

/** The widest cone that cells are good for, degrees: a wider one has too many of them. */
export const CELLS_RADIUS_DEG_MAX = 60 / 3600;

/** The cell of a position, an integer below 2^53. */
export function cellOf({ raDeg, decDeg }: Direction): number {
  const zone = zoneOf(decDeg);
  const cells = cellsIn(zone);
  return zone * ZONE_STEP + Math.min(Math.floor(raDeg / 360 * cells), cells - 1);
}

/** All cells that a cone touches, and maybe some beside it. */
export function cellsAround({ raDeg, decDeg }: Direction, radiusDeg: number): number[] {
  const reachDeg = radiusDeg + ROUNDING_DEG;
  const halfWidthDeg = halfWidth(decDeg, reachDeg);
  const found: number[] = [];
  for (let zone = zoneOf(decDeg - reachDeg); zone <= zoneOf(decDeg + reachDeg); zone++) {
    const cells = cellsIn(zone);
    const first = Math.floor((raDeg - halfWidthDeg) / 360 * cells);
    const last = Math.floor((raDeg + halfWidthDeg) / 360 * cells);
    for (let i = first; i <= Math.min(last, first + cells - 1); i++) {
      found.push(zone * ZONE_STEP + (i % cells + cells) % cells);
    }
  }
  return found;
}

/** MongoDB's expression for `cellOf` a stored point, whose longitude is the right ascension - 180. */
export function cellExpression(point = "$coordinates.radec_geojson.coordinates"): Document {
  const lowest = (a: unknown, b: unknown) => ({ $min: [a, b] });
  const d = { $abs: { $subtract: [{ $divide: [{ $add: ["$$zone", 0.5] }, ZONES_PER_DEG] }, 90] } };
  const cells = {
    $max: [1, {
      $floor: {
        $multiply: [CELLS_AT_EQUATOR, {
          $divide: [
            { $subtract: [32400, { $multiply: [4, { $multiply: ["$$d", "$$d"] }] }] },
            { $add: [32400, { $multiply: ["$$d", "$$d"] }] },
          ],
        }],
      },
    }],
  };
  const zone = {
    $floor: { $multiply: [{ $add: [{ $arrayElemAt: [point, 1] }, 90] }, ZONES_PER_DEG] },
  };
  const ra = { $add: [{ $arrayElemAt: [point, 0] }, 180] };
  const cell = { $floor: { $multiply: [{ $divide: [ra, 360] }, "$$cells"] } };
  return {
    $let: {
      vars: { zone: lowest(zone, ZONES - 1) },
      in: {
        $let: {
          vars: { d },
          in: {
            $let: {
              vars: { cells },
              in: {
                $toLong: {
                  $add: [
                    { $multiply: ["$$zone", ZONE_STEP] },
                    lowest(cell, { $subtract: ["$$cells", 1] }),
                  ],
                },
              },
            },
          },
        },
      },
    },
  };
}

function zoneOf(decDeg: number): number {
  return Math.max(0, Math.min(Math.floor((decDeg + 90) * ZONES_PER_DEG), ZONES - 1));
}

function cellsIn(zone: number): number {
  const d = Math.abs((zone + 0.5) / ZONES_PER_DEG - 90);
  return Math.max(1, Math.floor(CELLS_AT_EQUATOR * ((32400 - 4 * (d * d)) / (32400 + d * d))));
}

/** How far in right ascension a cone reaches, degrees: sin(half width) = sin(radius) / cos(dec). */
function halfWidth(decDeg: number, radiusDeg: number): number {
  if (Math.abs(decDeg) + radiusDeg >= 90) return 180;
  const sine = Math.sin(toRadians(radiusDeg, "deg")) / Math.cos(toRadians(decDeg, "deg"));
  return Math.asin(sine) * 180 / Math.PI + ROUNDING_DEG / Math.cos(toRadians(decDeg, "deg"));
}
