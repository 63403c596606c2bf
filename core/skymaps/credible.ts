/** Credible regions: the smallest part of the sky that holds a given part of the probability. */
import { centreOf } from "../astro/healpix.ts";
import { dot, plus, toVector, type Vector } from "../astro/vectors.ts";
import { type Cells, merged, pick } from "./cells.ts";
import { probabilityOf, type SkyMap } from "./sky_map.ts";

/**
 * The cells of the highest densities that hold at least `level` percent together. Of cells that are as
 * high as the last of them, as all are where a map is uniform, those nearest the map's middle come
 * first: so the region has no ragged parts, and one of a lower level lies within that of a higher.
 */
export function credibleRegion(map: SkyMap, level: number): Cells {
  const wanted = level / 100;
  const last = lastDensity(map, wanted);
  const places = new Uint32Array(map.densities.length);
  let count = 0;
  let held = 0;
  const equal: number[] = [];
  for (let i = 0; i < map.densities.length; i++) {
    if (map.densities[i]! > last) {
      places[count++] = i;
      held += probabilityOf(map, i);
    } else if (map.densities[i] === last) equal.push(i);
  }
  for (const i of fromMiddle(map, equal)) {
    if (held >= wanted * (1 - 1e-12)) break; // Sums of millions of parts are off by so much.
    places[count++] = i;
    held += probabilityOf(map, i);
  }
  return merged(pick(map, places.subarray(0, count).sort()));
}

/** The lowest density that belongs to the region, by halving the list of all of them. */
function lastDensity(map: SkyMap, wanted: number): number {
  const sorted = map.densities.toSorted();
  const heldFrom = (density: number) => {
    let held = 0;
    for (let i = 0; i < map.densities.length; i++) {
      if (map.densities[i]! >= density) held += probabilityOf(map, i);
    }
    return held;
  };
  let [enough, tooHigh] = [0, sorted.length];
  while (tooHigh - enough > 1) {
    const middle = (enough + tooHigh) >>> 1;
    if (heldFrom(sorted[middle]!) >= wanted) enough = middle;
    else tooHigh = middle;
  }
  return sorted[enough]!;
}

/** The places in the order of their distance from where the map's probability is centred. */
function fromMiddle(map: SkyMap, places: readonly number[]): Uint32Array {
  if (places.length === 1) return Uint32Array.from(places);
  let middle: Vector = [0, 0, 0];
  for (let i = 0; i < map.densities.length; i++) {
    middle = plus(middle, vectorOf(map, i), probabilityOf(map, i));
  }
  const nearness = Float64Array.from(places, (i) => dot(middle, vectorOf(map, i)));
  return Uint32Array.from(places, (_, at) => at)
    .sort((a, b) => nearness[b]! - nearness[a]!)
    .map((at) => places[at]!);
}

function vectorOf({ orders, ipix }: Cells, i: number): Vector {
  return toVector(centreOf({ order: orders[i]!, ipix: ipix[i]! }));
}
