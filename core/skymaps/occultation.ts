/** Takes out of a map what the Earth hid from the satellite that saw the event. */
import type { Direction } from "../astro/angles.ts";
import { QueryError } from "../contract/query.ts";
import { discPixels } from "./shapes.ts";
import { type SkyMap, toSkyMap } from "./sky_map.ts";

/** The original's resolution of the Earth's rim: pixels that it touches are hidden. */
const RIM_ORDER = 7;

/** Throws `QueryError` where nothing is left of the map. */
export function occulted(map: SkyMap, earth: Direction, radiusDeg: number): SkyMap {
  if (!(Math.abs(earth.decDeg) <= 90 && radiusDeg > 0 && radiusDeg < 180)) {
    throw new QueryError(
      "Cannot read the FITS map as GEO_RA, GEO_DEC and GEO_RAD must be a disc on the sky",
    );
  }
  const hidden = new Set(discPixels(RIM_ORDER, earth, radiusDeg).ipix);
  const [orders, ipix, densities]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < map.orders.length; i++) {
    const finer = Math.max(0, RIM_ORDER - map.orders[i]!);
    for (let part = 0; part < 4 ** finer; part++) {
      const order = map.orders[i]! + finer;
      const pixel = map.ipix[i]! * 4 ** finer + part;
      if (hidden.has(Math.floor(pixel / 4 ** (order - RIM_ORDER)))) continue;
      orders.push(order);
      ipix.push(pixel);
      densities.push(map.densities[i]!);
    }
  }
  return toSkyMap(
    { orders: Uint8Array.from(orders), ipix: Float64Array.from(ipix) },
    Float64Array.from(densities),
  );
}
