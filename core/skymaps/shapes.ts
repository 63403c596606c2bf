/** Maps of simple shapes: a cone, an ellipse, a polygon. Which cells a shape covers, a library knows. */
import { MOC } from "@fxpineau/moc-wasm";
import { type Direction, separationDeg, toRadians } from "../astro/angles.ts";
import { centreOf, fromNested, ORDER_MAX, pointAt } from "../astro/healpix.ts";
import { dot, toVector, triangleSr } from "../astro/vectors.ts";
import { QueryError } from "../contract/query.ts";
import type { Cells } from "./cells.ts";
import { type SkyMap, toSkyMap } from "./sky_map.ts";

/** Pixels of a cone's map in the radius of one sigma, and how many of these it reaches. */
const PIXELS_PER_SIGMA = 16;
const SIGMAS = 4;
/** The original's resolution of ellipses and polygons: small and thin ones are drawn finer. */
const UNIFORM_ORDER = 10;
/** How much larger a shape may be for the pixels that its rim only touches. */
const RIM_SHARE_MAX = 0.03;
/** How much finer than its cells the library looks at a shape's rim. */
const RIM_ORDERS = 2;

/** A Gaussian on the sky around a direction; `sigmaDeg` is its radius of one sigma. */
export function coneMap(centre: Direction, sigmaDeg: number): SkyMap {
  const pixelRad = toRadians(sigmaDeg, "deg") / PIXELS_PER_SIGMA;
  const order = Math.ceil(Math.log2(Math.sqrt(Math.PI / 3) / pixelRad));
  const pixels = discPixels(Math.min(ORDER_MAX, Math.max(0, order)), centre, SIGMAS * sigmaDeg);
  const densities = Float64Array.from(pixels.ipix, (ipix, i) => {
    const sigmas = separationDeg(centreOf({ order: pixels.orders[i]!, ipix }), centre) / sigmaDeg;
    return Math.exp(-0.5 * sigmas ** 2);
  });
  return toSkyMap(pixels, densities);
}

/** The pixels of one order that a disc touches. */
export function discPixels(order: number, centre: Direction, radiusDeg: number): Cells {
  const found: number[] = [];
  for (const [cellOrder, ipix] of pairsOf(disc(order, centre, radiusDeg))) {
    const count = 4 ** (order - cellOrder);
    for (let i = 0; i < count; i++) found.push(ipix * count + i);
  }
  // The library's cells may lie just outside.
  const ipix = Float64Array.from(found).filter((pixel) => touches(order, pixel, centre, radiusDeg));
  return { orders: new Uint8Array(ipix.length).fill(order), ipix };
}

/** The cells that a disc covers, with a rim of pixels of `order`. */
export function discCells(order: number, centre: Direction, radiusDeg: number): Cells {
  return toCells(disc(order, centre, radiusDeg));
}

/** The same everywhere within an ellipse; semi-axes and position angle (from north to east) in degrees. */
export function ellipseMap(
  centre: Direction,
  { amajDeg, aminDeg, phiDeg }: { amajDeg: number; aminDeg: number; phiDeg: number },
): SkyMap {
  // The library wants the longer one first.
  const isUpright = amajDeg >= aminDeg;
  const [long, short] = isUpright ? [amajDeg, aminDeg] : [aminDeg, amajDeg];
  const angleDeg = (((phiDeg + (isUpright ? 0 : 90)) % 180) + 180) % 180;
  return uniformMap((order) =>
    MOC.fromEllipse(order, centre.raDeg, centre.decDeg, long, short, angleDeg, RIM_ORDERS)
  );
}

/** The same everywhere within a polygon. Throws `QueryError` where it holds nothing. */
export function polygonMap(corners: readonly Direction[]): SkyMap {
  const flat = Float64Array.from(corners.flatMap(({ raDeg, decDeg }) => [raDeg, decDeg]));
  const [apex, ...rest] = corners.map(toVector);
  let area = 0;
  for (let i = 1; i < rest.length; i++) area += triangleSr(apex!, rest[i - 1]!, rest[i]!);
  // What has no inside is a line, or a point.
  if (Math.abs(area) < 1e-15 || corners.every((corner) => dot(toVector(corner), apex!) === 1)) {
    throw new QueryError("No pixels found in polygon.");
  }
  return uniformMap((order) => MOC.fromPolygon(order, flat, false));
}

function uniformMap(at: (order: number) => MOC): SkyMap {
  let order = UNIFORM_ORDER;
  let moc = at(order);
  // With pixels of half the size the rim is half as thick.
  for (let share = 1; share > RIM_SHARE_MAX && order < ORDER_MAX;) {
    const before = moc.coveragePercentage();
    moc.free();
    moc = at(++order);
    share = before / moc.coveragePercentage() - 1;
  }
  const cells = toCells(moc);
  return toSkyMap(cells, new Float64Array(cells.orders.length).fill(1));
}

function disc(order: number, { raDeg, decDeg }: Direction, radiusDeg: number): MOC {
  return radiusDeg >= 180
    ? MOC.fromAscii("0/0-11")
    : MOC.fromCone(order, raDeg, decDeg, radiusDeg, RIM_ORDERS);
}

function toCells(moc: MOC): Cells {
  const pairs = [...pairsOf(moc)];
  const finest = pairs.reduce((order, [own]) => Math.max(order, own), 0);
  pairs.sort(([a, i], [b, j]) => i * 4 ** (finest - a) - j * 4 ** (finest - b));
  return {
    orders: Uint8Array.from(pairs, ([order]) => order),
    ipix: Float64Array.from(pairs, ([, ipix]) => ipix),
  };
}

/** Order and nested number of each cell; the MOC can't be used after. */
function* pairsOf(moc: MOC): Generator<[order: number, ipix: number]> {
  const cells: Record<string, number[]> = JSON.parse(moc.toJson());
  moc.free();
  for (const [order, ipix] of Object.entries(cells)) {
    for (const pixel of ipix) yield [Number(order), pixel];
  }
}

/** Points along each side that are looked at: a disc reaches in between them by less than it matters. */
const POINTS_PER_SIDE = 16;

function touches(order: number, ipix: number, centre: Direction, radiusDeg: number): boolean {
  if (separationDeg(centreOf({ order, ipix }), centre) <= radiusDeg) return true;
  const { face, x, y } = fromNested(order, ipix);
  for (let i = 0; i < POINTS_PER_SIDE; i++) {
    const part = i / POINTS_PER_SIDE;
    const points = [[part, 0], [1, part], [1 - part, 1], [0, 1 - part]] as const;
    for (const [dx, dy] of points) {
      const point = pointAt(order, { face, x: x + dx, y: y + dy });
      if (separationDeg(point, centre) <= radiusDeg) return true;
    }
  }
  return false;
}
