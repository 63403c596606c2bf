/**
 * Outlines of a region of cells, as polygons that MongoDB takes: rings that touch in corners at most,
 * each polygon within a hemisphere, its outer ring to the left, its holes to the right.
 */
import {
  beyond,
  type Cell,
  cornerId,
  type FacePixel,
  fromNested,
  pixelAreaSr,
  pointAt,
  type Side,
  toNested,
} from "../astro/healpix.ts";
import { toVector, triangleSr, type Vector } from "../astro/vectors.ts";
import { areaSr, type Cells, coarsened, finestOrder, pick, startOf } from "./cells.ts";
import { simplified } from "./simplify.ts";

/** The first ring is the outer one. */
export type Polygon = readonly (readonly Vector[])[];

/** The original's resolution of contours; regions with finer cells are traced finer. */
const ORDER_MIN = 9;
/** Pixels of a part, or of a hole, that is too small to be drawn. */
const SPECK_PIXELS = 3;
/** A point may be left out that bends the outline by less than this part of a pixel's area. */
const BEND_MAX = 0.025;
/** Sides of pixels in an outline: more are noise, and memory. */
const EDGES_MAX = 400_000;
/** Sides of pixels around all cells: more than a whole sky of the least order has. */
const SIDES_MAX = 16_000_000;
/** What queries can send along for one level. */
const POINTS_MAX = 50_000;
const HEMISPHERE_SR = 2 * Math.PI;

/** The region's polygons; drawn coarser than it is, where they would have too many points. */
export function outlinesOf(region: Cells): Polygon[] {
  for (let order = Math.max(ORDER_MIN, finestOrder(region));; order--) {
    const half = coarsened(region, order);
    // What is scattered fills the half of no pixel.
    const cells = half.orders.length > 0 ? half : coarsened(region, order, 0);
    const polygons = traceAll(cells, order);
    const points = polygons?.flat().reduce((sum, ring) => sum + ring.length, 0) ?? Infinity;
    if (points <= POINTS_MAX) return polygons!;
  }
}

/**
 * Each part of the region as one polygon. On a sphere a belt, or what is larger than a hemisphere, has
 * no outer ring: then each part of each face is a polygon, and they share edges. Undefined: there are
 * too many edges.
 */
function traceAll(cells: Cells, order: number): Polygon[] | undefined {
  const isSmall = areaSr(cells) < 0.9 * HEMISPHERE_SR;
  const whole = isSmall ? boundaryOf(cells, order, EDGES_MAX) : undefined;
  if (isSmall && whole === undefined) return undefined;
  const polygons = whole && polygonsOf(whole, order);
  if (polygons !== undefined) return polygons;
  const boundaries: Boundary[] = [];
  let edgesLeft = EDGES_MAX;
  for (const inFace of byFace(cells)) {
    const boundary = boundaryOf(inFace, order, edgesLeft, true);
    if (boundary === undefined) return undefined;
    boundaries.push(boundary);
    edgesLeft -= boundary.from.length;
  }
  return boundaries.flatMap((boundary) => polygonsOf(boundary, order)!);
}

/** Undefined: some part has no outer ring, or several. */
function polygonsOf(boundary: Boundary, order: number): Polygon[] | undefined {
  const speckSr = SPECK_PIXELS * pixelAreaSr(order);
  const areas = areasOf(boundary);
  let largestSr = 0;
  for (const area of areas.values()) largestSr = Math.max(largestSr, area);
  const polygons: Polygon[] = [];
  for (const [part, rings] of Map.groupBy(ringsOf(boundary), ({ part }) => part)) {
    const partSr = areas.get(part)!;
    if (partSr < speckSr && partSr < largestSr) continue;
    const outer = rings.filter(({ leftSr }) => leftSr < HEMISPHERE_SR);
    if (outer.length !== 1) return undefined;
    const holes = rings.filter(({ leftSr }) =>
      leftSr >= HEMISPHERE_SR && 2 * HEMISPHERE_SR - leftSr >= speckSr
    );
    polygons.push(
      [...outer, ...holes].map(({ points, isFixed }) =>
        simplified(points, BEND_MAX * pixelAreaSr(order), (place) => isFixed[place]!)
          .map((place) => points[place]!)
      ),
    );
  }
  return polygons;
}

function byFace(cells: Cells): Cells[] {
  const faces = cells.orders.map((order, i) => Math.floor(cells.ipix[i]! / 4 ** order));
  return [...Map.groupBy(faces.keys(), (i) => faces[i]!).values()]
    .map((places) => pick(cells, Uint32Array.from(places)));
}

/** Sides of pixels with the region on their left and none of it on their right. */
interface Boundary {
  /** Numbers of the corners that each goes from and to, and the first one's direction. */
  readonly from: number[];
  readonly to: number[];
  readonly points: Vector[];
  /** The pixel that each is a side of. */
  readonly pixels: number[];
  /** The cell that each is a side of: its place in the region. */
  readonly cells: number[];
  readonly region: Cells;
  /** By cell: any cell of the part that it hangs together with. */
  partOf(cell: number): number;
}

/** Undefined: there are too many, or more than `edgesMax`. With `isFaceAlone` other faces count as outside. */
function boundaryOf(
  cells: Cells,
  order: number,
  edgesMax: number,
  isFaceAlone = false,
): Boundary | undefined {
  const sides = cells.orders.reduce((sum, own) => sum + 4 * 2 ** (order - own), 0);
  if (sides > SIDES_MAX) return undefined;
  const starts = Float64Array.from(cells.ipix, (_, i) => startOf(cells, i, order));
  const parents = Uint32Array.from(starts, (_, i) => i);
  const partOf = (cell: number) => {
    let root = cell;
    while (parents[root] !== root) root = parents[root] = parents[parents[root]!]!;
    return root;
  };
  const boundary: Boundary = {
    from: [],
    to: [],
    points: [],
    pixels: [],
    cells: [],
    region: cells,
    partOf,
  };
  for (let i = 0; i < starts.length; i++) {
    for (
      const { pixel, side } of sidesOf({ order: cells.orders[i]!, ipix: cells.ipix[i]! }, order)
    ) {
      const there = beyond(order, pixel, side);
      const other = isFaceAlone && there.face !== pixel.face
        ? undefined
        : holderOf(starts, cells, order, toNested(order, there));
      if (other !== undefined) {
        parents[partOf(i)] = partOf(other);
        continue;
      }
      if (boundary.from.length === edgesMax) return undefined;
      const [from, to] = endsOf(pixel, side);
      boundary.from.push(cornerId(order, from));
      boundary.to.push(cornerId(order, to));
      boundary.points.push(toVector(pointAt(order, from)));
      boundary.pixels.push(toNested(order, pixel));
      boundary.cells.push(i);
    }
  }
  return boundary;
}

/** The pixels of `order` along the sides of a cell. */
function* sidesOf(cell: Cell, order: number): Generator<{ pixel: FacePixel; side: Side }> {
  const { face, x, y } = fromNested(cell.order, cell.ipix);
  const size = 2 ** (order - cell.order);
  const [x0, y0, last] = [x * size, y * size, size - 1];
  for (let i = 0; i < size; i++) {
    yield { pixel: { face, x: x0 + i, y: y0 }, side: 0 };
    yield { pixel: { face, x: x0 + last, y: y0 + i }, side: 1 };
    yield { pixel: { face, x: x0 + i, y: y0 + last }, side: 2 };
    yield { pixel: { face, x: x0, y: y0 + i }, side: 3 };
  }
}

/** The corners of a side, so that the pixel is on the left from the first to the second. */
function endsOf({ face, x, y }: FacePixel, side: Side): [FacePixel, FacePixel] {
  const corners = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1]] as const;
  const corner = (at: number): FacePixel => ({ face, x: corners[at]![0], y: corners[at]![1] });
  return [corner(side), corner((side + 1) % 4)];
}

/** The cell that holds a pixel of `order`, or undefined. */
function holderOf(
  starts: Float64Array,
  { orders }: Cells,
  order: number,
  pixel: number,
): number | undefined {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (starts[middle]! <= pixel) low = middle + 1;
    else high = middle;
  }
  const at = low - 1;
  if (at < 0) return undefined;
  return pixel < starts[at]! + 4 ** (order - orders[at]!) ? at : undefined;
}

function areasOf({ region, partOf }: Boundary): Map<number, number> {
  const areas = new Map<number, number>();
  region.orders.forEach((order, cell) => {
    const part = partOf(cell);
    areas.set(part, (areas.get(part) ?? 0) + pixelAreaSr(order));
  });
  return areas;
}

interface Ring {
  readonly part: number;
  readonly points: readonly Vector[];
  /** Corners that other rings, or this one's other turn, have too. */
  readonly isFixed: readonly boolean[];
  /** What lies to its left, of the whole sphere. */
  readonly leftSr: number;
}

/** The boundary as rings that don't meet themselves. */
function ringsOf(boundary: Boundary): Ring[] {
  const { from, to, pixels } = boundary;
  const leaving = Map.groupBy(from.keys(), (edge) => from[edge]!);
  const next = (edge: number) => {
    const ways = leaving.get(to[edge]!)!;
    // Where two pixels of the region touch with their corners only, each keeps to itself.
    return ways.length === 1 ? ways[0]! : ways.find((way) => pixels[way] === pixels[edge])!;
  };
  const rings: Ring[] = [];
  const isDone = new Uint8Array(from.length);
  const ring = (edges: readonly number[]) => {
    const points = edges.map((edge) => boundary.points[edge]!);
    rings.push({
      part: boundary.partOf(boundary.cells[edges[0]!]!),
      points,
      isFixed: edges.map((edge) => leaving.get(from[edge]!)!.length > 1),
      leftSr: leftSr(points),
    });
  };
  for (let first = 0; first < from.length; first++) {
    if (isDone[first]) continue;
    const path: number[] = [];
    const placeOf = new Map<number, number>();
    for (let edge = first; !isDone[edge]; edge = next(edge)) {
      isDone[edge] = 1;
      const met = placeOf.get(from[edge]!);
      if (met !== undefined) {
        const loop = path.splice(met);
        for (const passed of loop) placeOf.delete(from[passed]!);
        ring(loop);
      }
      placeOf.set(from[edge]!, path.length);
      path.push(edge);
    }
    ring(path);
  }
  return rings;
}

function leftSr(points: readonly Vector[]): number {
  const [apex, ...rest] = points;
  let area = 0;
  for (let i = 1; i < rest.length; i++) area += triangleSr(apex!, rest[i - 1]!, rest[i]!);
  const sphere = 2 * HEMISPHERE_SR;
  return ((area % sphere) + sphere) % sphere;
}
