import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { separationDeg } from "./angles.ts";
import {
  beyond,
  centreOf,
  cornerId,
  fromNested,
  fromUniq,
  nestedToRing,
  ORDER_MAX,
  orderOf,
  orderOfPixels,
  pixelAt,
  pixelCount,
  pointAt,
  ringToNested,
  type Side,
  sidePixels,
  toNested,
  toUniq,
} from "./healpix.ts";

/**
 * What healpy 1.20.1 gives: order, position, its pixel nested and in rings, the pixel's centre, its
 * neighbours to the south-east, north-east, north-west, south-west. Degrees.
 */
// deno-fmt-ignore
const HEALPY: [number, number, number, number, number, number, number, number[]][] = [
  [0, 225.034368, 52.601225, 2, 2, 224.99999999999997, 41.81031489577859, [7, 3, 1, 6]],
  [0, 279.246848, -33.338589, 11, 11, 315.0, -41.81031489577862, [8, 4, 7, 10]],
  [0, 108.059863, -89.9, 9, 9, 135.0, -41.81031489577862, [10, 6, 5, 8]],
  [3, 1.89551, 39.975265, 42, 112, 5.625, 41.81031489577859, [40, 43, 213, 319]],
  [3, 286.944994, -3.676907, 473, 393, 286.875, 0.0, [467, 476, 475, 472]],
  [3, 109.091674, 89.9, 127, 1, 135.0, 84.14973293629666, [125, 191, 63, 126]],
  [9, 91.753052, -6.306518, 1372639, 1746442, 91.7578125, -6.354347916611289, [1372637, 1373322, 1372661, 1372638]],
  [9, 181.637373, 6.142102, 1771438, 1404937, 181.66992187499997, 6.12920145594002, [1771436, 1771439, 1772804, 1771435]],
  [9, 358.380102, 89.9, 1048573, 11, 337.5, 89.81725848475484, [1048567, 262142, 1048575, 1048572]],
  [24, 223.984523, 77.93752, 831225180759821, 37289317428085, 223.9845275971492, 77.93751851962642, [831225180759815, 831225180759832, 831225180759823, 831225180759820]],
  [24, 77.511131, -42.810514, 2349968377783359, 2836551617299719, 77.51113204432939, -42.810516436754966, [2349968377783357, 2349968377783402, 2349968377783445, 2349968377783358]],
  [24, 220.514258, -89.9, 2814750404051069, 3377697148377927, 220.51405387318056, -89.90000191843026, [2814750404051063, 2814750404051240, 2814750404051071, 2814750404051068]],
];

const cells = fc.integer({ min: 0, max: ORDER_MAX }).chain((order) =>
  fc.maxSafeNat().map((seed) => ({ order, ipix: seed % pixelCount(order) }))
);
const directions = fc.record({
  raDeg: fc.double({ min: 0, max: 360, noNaN: true, maxExcluded: true }),
  decDeg: fc.double({ min: -90, max: 90, noNaN: true }),
});

describe("HEALPix", () => {
  for (const [order, raDeg, decDeg, nested, ring, centreRa, centreDec, around] of HEALPY) {
    it(`is healpy's at order ${order} of ${raDeg}, ${decDeg}`, () => {
      assertEquals(pixelAt(order, { raDeg, decDeg }), nested);
      assertEquals(nestedToRing(order, nested), ring);
      assertEquals(ringToNested(order, ring), nested);
      const centre = { raDeg: centreRa, decDeg: centreDec };
      assert(separationDeg(centreOf({ order, ipix: nested }), centre) < 1e-11);
      const neighbours = neighboursOf(order, fromNested(order, nested));
      assertEquals(neighbours.map((pixel) => toNested(order, pixel)), around);
    });
  }

  it("has each number of a scheme once in the others", () => {
    for (const order of [0, 1, 4]) {
      const all = Array.from({ length: pixelCount(order) }, (_, ipix) => ipix);
      const rings = all.map((ipix) => nestedToRing(order, ipix));
      assertEquals(rings.toSorted((a, b) => a - b), all);
      assertEquals(rings.map((ring) => ringToNested(order, ring)), all);
    }
  });

  it("finds a pixel by its centre, by its face, by its uniq, by its ring", () => {
    fc.assert(fc.property(cells, (cell) => {
      const { order, ipix } = cell;
      assertEquals(pixelAt(order, centreOf(cell)), ipix);
      assertEquals(toNested(order, fromNested(order, ipix)), ipix);
      assertEquals(fromUniq(toUniq(cell)), cell);
      assertEquals(ringToNested(order, nestedToRing(order, ipix)), ipix);
    }));
  });

  it("puts a pixel into the one of a lower order that holds it", () => {
    fc.assert(fc.property(directions, fc.integer({ min: 1, max: ORDER_MAX }), (at, order) => {
      assertEquals(Math.floor(pixelAt(order, at) / 4), pixelAt(order - 1, at));
    }));
  });

  it("has a position not farther from its pixel's centre than a pixel reaches", () => {
    fc.assert(fc.property(directions, fc.integer({ min: 0, max: 20 }), (at, order) => {
      const reachDeg = 75 / sidePixels(order);
      assert(separationDeg(centreOf({ order, ipix: pixelAt(order, at) }), at) < reachDeg);
    }));
  });

  it("has neighbours that share an edge: two corners, wherever they are seen from", () => {
    fc.assert(fc.property(cells.filter(({ order }) => order <= 20), ({ order, ipix }) => {
      const here = fromNested(order, ipix);
      for (const there of neighboursOf(order, here)) {
        const shared = cornersOf(order, here).filter(([id, at]) =>
          cornersOf(order, there).some(([otherId, otherAt]) =>
            id === otherId && separationDeg(at, otherAt) < 1e-12
          )
        );
        // The four faces of order 0 that meet at a pole share more.
        assert(order === 0 ? shared.length >= 2 : shared.length === 2);
        const back = neighboursOf(order, there).map((pixel) => toNested(order, pixel));
        assert(back.includes(ipix));
      }
    }));
  });

  it("finds the order of pixels of a size", () => {
    assertEquals([0.6, 0.62, 60, 1_000, 1e-9].map(orderOfPixels), [7, 7, 0, 0, 24]);
    assertEquals([0.4581, 0.458].map(orderOfPixels), [7, 8]);
  });

  it("knows what is no uniq, and no side", () => {
    const uniq = 4 ** (ORDER_MAX + 1) + pixelCount(ORDER_MAX);
    for (const wrong of [-1, 0, 3, 4.5, NaN, 1e300, uniq]) assertEquals(fromUniq(wrong), undefined);
    assertEquals(fromUniq(uniq - 1), { order: ORDER_MAX, ipix: pixelCount(ORDER_MAX) - 1 });
    assertEquals([512, 1, 0, 3, -4, NaN, 2 ** 30].map(orderOf), [
      9,
      0,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

function neighboursOf(order: number, pixel: ReturnType<typeof fromNested>) {
  return ([0, 1, 2, 3] as Side[]).map((side) => beyond(order, pixel, side));
}

function cornersOf(order: number, { face, x, y }: ReturnType<typeof fromNested>) {
  return [[0, 0], [1, 0], [1, 1], [0, 1]].map(([dx, dy]) => {
    const corner = { face, x: x + dx!, y: y + dy! };
    return [cornerId(order, corner), pointAt(order, corner)] as const;
  });
}
