/**
 * Regions of the sky as HEALPix cells: pixels of any orders, sorted by place, none within another.
 * Typed arrays, since there may be millions of them.
 */
import { ORDER_MAX, pixelAreaSr } from "../astro/healpix.ts";
import type { Moc } from "../contract/skymaps.ts";

export interface Cells {
  readonly orders: Uint8Array;
  /** Nested numbers in their order. */
  readonly ipix: Float64Array;
}

/** Where a cell begins in pixels of `order`, which is its own or finer. */
export function startOf({ orders, ipix }: Cells, i: number, order: number): number {
  return ipix[i]! * 4 ** (order - orders[i]!);
}

export function finestOrder({ orders }: Cells): number {
  let finest = 0;
  for (const order of orders) if (order > finest) finest = order;
  return finest;
}

export function areaSr({ orders }: Cells): number {
  let area = 0;
  for (const order of orders) area += pixelAreaSr(order);
  return area;
}

/** The cells with these places in the arrays, which ascend. */
export function pick({ orders, ipix }: Cells, places: Uint32Array): Cells {
  return {
    orders: Uint8Array.from(places, (i) => orders[i]!),
    ipix: Float64Array.from(places, (i) => ipix[i]!),
  };
}

/** The same region in as few cells as can be. */
export function merged(cells: Cells): Cells {
  const order = finestOrder(cells);
  return fromRanges(rangesOf(cells, order), order);
}

/**
 * The region in cells no finer than `order`: a pixel is in it where at least `share` of it was, or
 * anything at all for a share of 0.
 */
export function coarsened(cells: Cells, order: number, share = 0.5): Cells {
  if (finestOrder(cells) <= order) return cells;
  const ranges: number[] = [];
  let parent = -1;
  let cover = 0;
  const flush = () => {
    if (cover > 0 && cover >= share) append(ranges, parent, parent + 1);
    cover = 0;
  };
  for (let i = 0; i < cells.orders.length; i++) {
    const finer = cells.orders[i]! - order;
    if (finer <= 0) {
      flush();
      const start = startOf(cells, i, order);
      append(ranges, start, start + 4 ** -finer);
      continue;
    }
    const of = Math.floor(cells.ipix[i]! / 4 ** finer);
    if (of !== parent) flush();
    parent = of;
    cover += 4 ** -finer;
  }
  flush();
  return fromRanges(ranges, order);
}

/** Fewer ranges than these are a document of a size that MongoDB takes. */
const RANGES_MAX = 30_000;
/** Regions of usual size have their ranges in pixels of one order, so that one number finds them. */
const MOC_ORDER_MIN = 11;

/** The region for tests of membership; coarser than it is, where it would be too long a list. */
export function toMoc(cells: Cells): Moc {
  let region = cells;
  for (let finest = finestOrder(cells);; finest--) {
    const order = Math.max(MOC_ORDER_MIN, finest);
    const ranges = rangesOf(region, order);
    if (ranges.length <= 2 * RANGES_MAX || finest === 0) {
      const pairs = Array.from(
        { length: ranges.length / 2 },
        (_, i) => [ranges[2 * i]!, ranges[2 * i + 1]!] as const,
      );
      return { order, ranges: pairs };
    }
    region = coarsened(region, finest - 1);
  }
}

/** Flat pairs `start, end` in pixels of `order`, ascending, with gaps between them. */
function rangesOf(cells: Cells, order: number): number[] {
  const ranges: number[] = [];
  for (let i = 0; i < cells.orders.length; i++) {
    const start = startOf(cells, i, order);
    append(ranges, start, start + 4 ** (order - cells.orders[i]!));
  }
  return ranges;
}

function append(ranges: number[], start: number, end: number): void {
  if (ranges.at(-1) === start) ranges[ranges.length - 1] = end;
  else ranges.push(start, end);
}

function fromRanges(ranges: readonly number[], order: number): Cells {
  const orders: number[] = [];
  const ipix: number[] = [];
  for (let i = 0; i < ranges.length; i += 2) {
    const end = ranges[i + 1]!;
    for (let at = ranges[i]!; at < end;) {
      let coarser = 0;
      // The largest cell that begins here and doesn't reach beyond the end.
      while (
        coarser < order && at % 4 ** (coarser + 1) === 0 && at + 4 ** (coarser + 1) <= end
      ) coarser++;
      orders.push(order - coarser);
      ipix.push(at / 4 ** coarser);
      at += 4 ** coarser;
    }
  }
  return { orders: Uint8Array.from(orders), ipix: Float64Array.from(ipix) };
}

/** The places of the cells in the sky's order; undefined where they have it. */
export function sortedPlaces(cells: Cells): Uint32Array | undefined {
  const starts = Float64Array.from(cells.ipix, (_, i) => startOf(cells, i, ORDER_MAX));
  let isSorted = true;
  for (let i = 1; i < starts.length && isSorted; i++) isSorted = starts[i - 1]! <= starts[i]!;
  if (isSorted) return undefined;
  return Uint32Array.from(starts, (_, i) => i).sort((a, b) => starts[a]! - starts[b]!);
}
