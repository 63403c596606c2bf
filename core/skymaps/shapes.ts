/** Maps of simple shapes: a cone, an ellipse, a polygon. Which cells a shape covers, a library knows. */
import { MOC } from "@fxpineau/moc-wasm";
import { type Direction, separationDeg, toRadians } from "../astro/angles.ts";
import {
  type Cell,
  centreOf,
  fromNested,
  ORDER_MAX,
  orderOfPixels,
  pixelCount,
  pointAt,
} from "../astro/healpix.ts";
import { cross, dot, toVector, triangleSr } from "../astro/vectors.ts";
import { QueryError } from "../contract/query.ts";
import type { Cells } from "./cells.ts";
import { type SkyMap, toSkyMap } from "./sky_map.ts";

/** Pixels of a cone's map in the radius of one sigma, and how many of these it reaches. */
const PIXELS_PER_SIGMA = 16;
const SIGMAS = 4;
/** Outlines of narrower ones would be finer than the finest pixels, and than what is stored. */
const SIGMA_DEG_MIN = 1e-6;
/** The original's resolution of ellipses and polygons: small and thin ones are drawn finer. */
const UNIFORM_ORDER = 10;
/** How much larger a shape may be for the pixels that its rim only touches. */
const RIM_SHARE_MAX = 0.03;
/** What is so thin that it would need more pixels along its rim is left coarser. */
const RIM_PIXELS_MAX = 30_000;
/** Of an ellipse, in the shorter of its semi-axes. */
const PIXELS_PER_AXIS = 8;
/** How much finer than its cells the library looks at a shape's rim. */
const RIM_ORDERS = 2;
/** The library takes less than a quarter of a circle for the longer axis of an ellipse. */
const AXIS_DEG_MAX = 90 - 1e-9;

/**
 * A Gaussian on the sky around a direction; `sigmaDeg` is its radius of one sigma. Throws `QueryError`
 * where that is too small.
 */
export function coneMap(centre: Direction, sigmaDeg: number): SkyMap {
  if (sigmaDeg < SIGMA_DEG_MIN) {
    throw new QueryError(
      `Cannot use the skymap as error must be >= ${SIGMA_DEG_MIN} deg: current value is ${sigmaDeg}`,
    );
  }
  const order = orderOfPixels(sigmaDeg / PIXELS_PER_SIGMA);
  const pixels = discPixels(order, centre, SIGMAS * sigmaDeg);
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
  if (amajDeg === aminDeg) return uniformMap((order) => disc(order, centre, amajDeg));
  // The library wants the longer one first.
  const isUpright = amajDeg >= aminDeg;
  const [long, short] = isUpright ? [amajDeg, aminDeg] : [aminDeg, amajDeg];
  const angleDeg = (((phiDeg + (isUpright ? 0 : 90)) % 180) + 180) % 180;
  const pixelDeg = Math.max(short / PIXELS_PER_AXIS, 4 * long / RIM_PIXELS_MAX);
  const order = Math.max(UNIFORM_ORDER, orderOfPixels(pixelDeg));
  const { lonDeg, latDeg } = toLibrary(centre);
  const axes = [Math.min(long, AXIS_DEG_MAX), short] as const;
  const cells = toCells(
    drawn(() => MOC.fromEllipse(order, lonDeg, latDeg, ...axes, angleDeg, RIM_ORDERS)),
  );
  // The rim that the library gives a thin ellipse is thicker than the ellipse.
  const isIn = ellipse(centre, { long, short, angleDeg });
  const kept = Array.from(cells.ipix, (ipix, i) => ({ order: cells.orders[i]!, ipix }))
    .flatMap((cell) => [...partsIn(cell, order, isIn)]);
  if (kept.length === 0) return uniform(cells);
  return uniform({
    orders: Uint8Array.from(kept, ({ order }) => order),
    ipix: Float64Array.from(kept, ({ ipix }) => ipix),
  });
}

/** What of a cell is in a convex shape, in cells down to pixels of `order` whose centres are. */
function* partsIn(cell: Cell, order: number, isIn: (at: Direction) => boolean): Generator<Cell> {
  if (cell.order === order) {
    if (isIn(centreOf(cell))) yield cell;
    return;
  }
  const { face, x, y } = fromNested(cell.order, cell.ipix);
  const corners = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1]] as const;
  if (corners.every(([x, y]) => isIn(pointAt(cell.order, { face, x, y })))) return yield cell;
  for (let part = 0; part < 4; part++) {
    yield* partsIn({ order: cell.order + 1, ipix: cell.ipix * 4 + part }, order, isIn);
  }
}

/** Whether a direction is within the ellipse, as it is seen from its centre. */
function ellipse(
  centre: Direction,
  { long, short, angleDeg }: { long: number; short: number; angleDeg: number },
): (at: Direction) => boolean {
  const middle = toVector(centre);
  const east = toVector({ raDeg: centre.raDeg + 90, decDeg: 0 });
  const north = cross(middle, east);
  const sine = (deg: number) => Math.sin(toRadians(deg, "deg"));
  const [sin, cos] = [sine(angleDeg), sine(90 - angleDeg)];
  return (at) => {
    const point = toVector(at);
    const [x, y] = [dot(point, east), dot(point, north)];
    const along = (y * cos + x * sin) / sine(long);
    const across = (x * cos - y * sin) / sine(short);
    return dot(point, middle) > 0 && along ** 2 + across ** 2 <= 1;
  };
}

/** The same everywhere within a polygon. Throws `QueryError` where it holds nothing. */
export function polygonMap(corners: readonly Direction[]): SkyMap {
  const flat = Float64Array.from(corners.map(toLibrary).flatMap((at) => [at.lonDeg, at.latDeg]));
  const [apex, ...rest] = corners.map(toVector);
  let area = 0;
  for (let i = 1; i < rest.length; i++) area += triangleSr(apex!, rest[i - 1]!, rest[i]!);
  // What has no inside is a line, or a point.
  if (Math.abs(area) < 1e-15 || corners.every((corner) => dot(toVector(corner), apex!) === 1)) {
    throw new QueryError("No pixels found in polygon.");
  }
  return uniformMap((order) => drawn(() => MOC.fromPolygon(order, flat, false)));
}

function uniformMap(at: (order: number) => MOC): SkyMap {
  let order = UNIFORM_ORDER;
  let moc = at(order);
  // With pixels of half the size the rim is half as thick.
  let [share, rimPixels] = [1, 0];
  while (share > RIM_SHARE_MAX && rimPixels < RIM_PIXELS_MAX && order < ORDER_MAX) {
    const before = moc.coveragePercentage();
    moc.free();
    moc = at(++order);
    const now = moc.coveragePercentage();
    share = before / now - 1;
    rimPixels = (before - now) / 100 * pixelCount(order);
  }
  return uniform(toCells(moc));
}

function uniform(cells: Cells): SkyMap {
  return toSkyMap(cells, new Float64Array(cells.orders.length).fill(1));
}

function disc(order: number, centre: Direction, radiusDeg: number): MOC {
  const { lonDeg, latDeg } = toLibrary(centre);
  return radiusDeg >= 180
    ? MOC.fromAscii("0/0-11")
    : drawn(() => MOC.fromCone(order, lonDeg, latDeg, radiusDeg, RIM_ORDERS));
}

/** The library's longitudes are in [0, 360). */
function toLibrary({ raDeg, decDeg }: Direction): { lonDeg: number; latDeg: number } {
  return { lonDeg: ((raDeg % 360) + 360) % 360, latDeg: decDeg };
}

/** Throws `QueryError` with the library's word for a shape that it can't draw. */
function drawn(make: () => MOC): MOC {
  try {
    return make();
  } catch (error) {
    throw new QueryError(`Cannot use the skymap: ${(error as Error).message}`, { cause: error });
  }
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
