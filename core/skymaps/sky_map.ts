/** A probability over the sky, as cells with a density each. */
import { type Direction } from "../astro/angles.ts";
import {
  type Cell,
  centreOf,
  nestedToRing,
  ORDER_MAX,
  pixelAreaSr,
  ringToNested,
} from "../astro/healpix.ts";
import { QueryError } from "../contract/query.ts";
import { type Cells, pick, sortedPlaces, startOf } from "./cells.ts";

export interface SkyMap extends Cells {
  /** Probability per steradian; all of them together hold 1, and none is zero. */
  readonly densities: Float64Array;
}

/** The original's resolution of contours. What is coarser is divided as if it had this. */
const CONTOUR_ORDER = 9;
/** A coarse cell with more than this is divided, so that a level isn't missed by more. */
const PROBABILITY_MAX = 5e-4;

/**
 * The map of these cells, whatever their sum; what is zero, negative or no number is left out. Throws
 * `QueryError` where nothing is left, or a cell lies within another.
 */
export function toSkyMap(cells: Cells, densities: Float64Array): SkyMap {
  const filled = Uint32Array.from(densities, (_, i) => i).filter((i) =>
    densities[i]! > 0 && densities[i]! < Infinity
  );
  let map = filled.length === densities.length
    ? { ...cells, densities }
    : { ...pick(cells, filled), densities: Float64Array.from(filled, (i) => densities[i]!) };
  const places = sortedPlaces(map);
  if (places !== undefined) {
    const unsorted = map.densities;
    map = { ...pick(map, places), densities: Float64Array.from(places, (i) => unsorted[i]!) };
  }
  let total = 0;
  let end = 0;
  for (let i = 0; i < map.orders.length; i++) {
    const start = startOf(map, i, ORDER_MAX);
    if (start < end) throw new QueryError("Cannot use the skymap as its cells must not overlap");
    end = start + 4 ** (ORDER_MAX - map.orders[i]!);
    total += probabilityOf(map, i);
  }
  if (!(total > 0 && total < Infinity)) {
    throw new QueryError("Cannot use the skymap as its probability must be above zero somewhere");
  }
  return divided({ ...map, densities: map.densities.map((density) => density / total) });
}

export function probabilityOf({ orders, densities }: SkyMap, i: number): number {
  return densities[i]! * pixelAreaSr(orders[i]!);
}

/**
 * The most probable pixel's centre. Of a coarse cell it is one of its pixels at the resolution of
 * contours, the northernmost, as where a map is read from the north on.
 */
export function peakOf({ orders, ipix, densities }: SkyMap): Direction {
  let best: { cell: Cell; at: number } | undefined;
  let highest = 0;
  for (let i = 0; i < densities.length; i++) {
    if (densities[i]! < highest) continue;
    const cell = firstPixel({ order: orders[i]!, ipix: ipix[i]! });
    const at = nestedToRing(cell.order, cell.ipix) / 4 ** cell.order;
    if (densities[i]! > highest || at < best!.at) best = { cell, at };
    highest = densities[i]!;
  }
  return centreOf(best!.cell);
}

/** A map of all pixels of one order as a list, with its densities to no scale. */
export function flatMap(order: number, densities: Float64Array): SkyMap {
  const orders = new Uint8Array(densities.length).fill(order);
  return toSkyMap({ orders, ipix: Float64Array.from(densities, (_, i) => i) }, densities);
}

/**
 * Puts the pixels of a full map into the order of contours, or leaves them in their own where it is
 * coarser: a function that takes pixel after pixel, and the map that comes of it.
 */
export function flatReader(order: number, isRing: boolean) {
  const kept = Math.min(order, CONTOUR_ORDER);
  const sums = new Float64Array(12 * 4 ** kept);
  const shrink = 4 ** (order - kept);
  return {
    add(pixel: number, value: number): void {
      if (!(value > 0 && value < Infinity)) return; // Blank, unseen, or none of it here.
      const nested = isRing ? ringToNested(order, pixel) : pixel;
      sums[Math.floor(nested / shrink)]! += value;
    },
    map: () => flatMap(kept, sums),
  };
}

function firstPixel({ order, ipix }: Cell): Cell {
  if (order >= CONTOUR_ORDER) return { order, ipix };
  return { order: CONTOUR_ORDER, ipix: (ipix + 1) * 4 ** (CONTOUR_ORDER - order) - 1 };
}

function divided(map: SkyMap): SkyMap {
  const isCoarse = (i: number) =>
    map.orders[i]! < CONTOUR_ORDER && probabilityOf(map, i) > PROBABILITY_MAX;
  if (!map.orders.some((_, i) => isCoarse(i))) return map;
  const [orders, ipix, densities]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < map.orders.length; i++) {
    const parts = isCoarse(i) ? 4 : 1;
    for (let part = 0; part < parts; part++) {
      orders.push(map.orders[i]! + (parts === 4 ? 1 : 0));
      ipix.push(map.ipix[i]! * parts + part);
      densities.push(map.densities[i]!);
    }
  }
  return divided({
    orders: Uint8Array.from(orders),
    ipix: Float64Array.from(ipix),
    densities: Float64Array.from(densities),
  });
}
