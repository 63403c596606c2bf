import { describe, it } from "@std/testing/bdd";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Direction, separationDeg } from "../astro/angles.ts";
import { centreOf, pixelAt, pixelCount, toUniq } from "../astro/healpix.ts";
import { QueryError } from "../contract/query.ts";
import type { Contour, MadeContours, Moc } from "../contract/skymaps.ts";
import { makeContours, type SkymapSource } from "./contours.ts";
import { coneSource, toSource } from "./forms.ts";
import { coneMap, discPixels, ellipseMap, polygonMap } from "./shapes.ts";
import { flatMap, type SkyMap, toSkyMap } from "./sky_map.ts";

const centre = { raDeg: 90, decDeg: 30 };

describe("a cone of 10 deg around (90, 30), as the original's", () => {
  const map = coneMap(centre, 10);

  it("has its cells and its density", () => {
    const uniqs = Array.from(map.orders, (order, i) => toUniq({ order, ipix: map.ipix[i]! }));
    assertEquals([uniqs.length, uniqs[0], uniqs.at(-1)], [23_305, 65_860, 163_839]);
    assertAlmostEquals(Math.max(...map.densities), 5.277001014162646, 1e-12);
  });

  it("has its centre where the map is highest", () => {
    const { contours, centreRaDec } = makeContours({ map }, []);
    assertEquals(centreRaDec.map((deg) => deg.toFixed(3)), ["89.648", "30.259"]);
    assertEquals(contours.center!.coordinates, [centreRaDec[0] - 180, centreRaDec[1]]);
  });

  it("has the original's outlines where it comes as cells, and none of its specks", () => {
    const made = makeContours({ map }, [90, 95]);
    for (
      const [level, areaDeg2, points, [fromDeg, toDeg]] of [
        [90, 1414.10, 358, [21.02, 21.69]],
        [95, 1832.13, 406, [23.96, 24.65]],
      ] as const
    ) {
      const { properties, coordinates } = contourOf(made, level);
      // A cell more or less: 0.2 square degrees.
      assertAlmostEquals(properties.area_deg2!, areaDeg2, 0.25);
      assertEquals(coordinates.map((polygon) => polygon.length), [1]);
      const ring = coordinates[0]![0]!;
      assertEquals(ring.at(-1), ring[0]);
      assertAlmostEquals(ring.length - 1, points, 15);
      for (const point of ring) {
        const distanceDeg = separationDeg(toDirection(point), centre);
        assert(distanceDeg > fromDeg && distanceDeg < toDeg, `${distanceDeg}`);
      }
    }
  });

  it("has circles where it comes as a cone", async () => {
    const source = await coneSource(centre, 10).make(() => Promise.reject());
    const made = makeContours(source, [90, 95]);
    for (const [level, radiusDeg] of [[90, 21.4597], [95, 24.4775]] as const) {
      const { coordinates, properties: { circle, area_deg2 } } = contourOf(made, level);
      assertEquals(coordinates.length, 1);
      for (const point of coordinates[0]![0]!) {
        assertAlmostEquals(separationDeg(toDirection(point), centre), radiusDeg, 1e-4);
      }
      assertEquals(circle!.center_radec, [90, 30]);
      assertAlmostEquals(circle!.radius_deg, radiusDeg, 1e-4);
      assertAlmostEquals(area_deg2!, mocAreaDeg2(made.mocs[`contour${level}`]!), 40);
    }
  });
});

it("a cone of 0.5 deg around (10, -30) is the original's", () => {
  const map = coneMap({ raDeg: 10, decDeg: -30 }, 0.5);
  const uniqs = Array.from(map.orders, (order, i) => toUniq({ order, ipix: map.ipix[i]! }));
  assertEquals([uniqs.length, uniqs[0], uniqs.at(-1)], [15_613, 33_637_213, 53_391_038]);
  assertAlmostEquals(Math.max(...map.densities), 2090.5387580282127, 1e-9);
  const made = makeContours({ map }, [90, 95]);
  assertAlmostEquals(contourOf(made, 90).properties.area_deg2!, 3.6195, 0.02);
  assertAlmostEquals(contourOf(made, 95).properties.area_deg2!, 4.7079, 0.02);
});

describe("contours of a map", () => {
  it("of all the sky, belts and caps are polygons within faces", () => {
    const all = contourOf(made(() => 1), 99);
    assertEquals(all.coordinates.length, 12);
    const belt = made(({ decDeg }) => Math.abs(decDeg) < 22 ? 1 : 0);
    const inRanges = sample(belt.mocs["contour99_9"]!).filter(({ isIn }) => isIn);
    const inBelt = [...pixels(3)].filter(({ at }) => Math.abs(at.decDeg) < 22);
    assertAlmostEquals(inRanges.length, inBelt.length, 3);
    assert(inRanges.every(({ at }) => Math.abs(at.decDeg) < 22));
    assert(contourOf(belt, 99).coordinates.length > 1);
  });

  it("have a hole where the map has one", () => {
    const at = { raDeg: 200, decDeg: -40 };
    const ring = made((direction) => {
      const distanceDeg = separationDeg(direction, at);
      return distanceDeg > 5 && distanceDeg < 10 ? 1 : 0;
    });
    const { coordinates } = contourOf(ring, 99.9);
    assertEquals(coordinates.map((polygon) => polygon.length), [2]);
    const [outer, hole] = coordinates[0]!.map((points) =>
      points.map((point) => separationDeg(toDirection(point), at))
    );
    assert(Math.min(...outer!) > 9 && Math.max(...hole!) < 6);
  });

  it("of two parts are two polygons, and specks aren't drawn", () => {
    const parts = [{ raDeg: 10, decDeg: 10 }, { raDeg: 100, decDeg: -60 }];
    const speckAt = { raDeg: 250, decDeg: 0 };
    const ipix = [
      ...parts.flatMap((part) => [...discPixels(9, part, 4).ipix]),
      pixelAt(9, speckAt),
    ];
    const densities = new Float64Array(ipix.length).fill(1);
    densities[ipix.length - 1] = 9; // The highest of all, and one pixel.
    const orders = new Uint8Array(ipix.length).fill(9);
    const map = toSkyMap({ orders, ipix: Float64Array.from(ipix) }, densities);
    const withSpeck = makeContours({ map }, [95]);
    assertEquals(contourOf(withSpeck, 95).coordinates.length, 2);
    const { order, ranges } = withSpeck.mocs.contour95!;
    const speck = pixelAt(order, speckAt);
    assert(ranges.some(([from, to]) => from <= speck && speck < to), "it is in the ranges");
  });

  it("18. of a vast cell beside a tiny one end soon", () => {
    const cells = { orders: Uint8Array.of(0, 24), ipix: Float64Array.of(0, 5 * 4 ** 24) };
    const map = toSkyMap(cells, Float64Array.of(1, 1e18));
    const { coordinates } = contourOf(makeContours({ map }, [99.99]), 99.99);
    assertEquals(coordinates.length, 1); // The tiny one is no more than a speck.
  });

  it("that is the same everywhere keep their part of it, around its middle", () => {
    const map = ellipseMap({ raDeg: 50, decDeg: 5 }, { amajDeg: 3, aminDeg: 2, phiDeg: 30 });
    const areaDeg2 = Math.PI * 6;
    for (const level of [50, 90]) {
      const { properties, coordinates } = contourOf(makeContours({ map }, [level]), level);
      assertAlmostEquals(properties.area_deg2!, areaDeg2 * level / 100, areaDeg2 * 0.04);
      assertEquals(coordinates.length, 1);
    }
  });

  it("hold what they say, lie within each other, and end at lower densities", () => {
    const maps = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 192, maxLength: 192 })
      .filter((values) => values.some((value) => value > 0))
      .map((values) => flatMap(2, Float64Array.from(values)));
    const levels = fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(maps, levels, (map, levels) => {
        const [lower, higher] = levels.toSorted((a, b) => a - b) as [number, number];
        const { mocs } = makeContours({ map }, [lower, higher]);
        const inner = mocs[`contour${lower}`]!;
        const outer = mocs[`contour${higher}`]!;
        for (const [level, moc] of [[lower, inner], [higher, outer]] as const) {
          assert(heldBy(moc, map) >= level / 100 - 1e-9);
          // One of the smallest cells less would be too little.
          assert(heldBy(moc, map) < level / 100 + 0.02);
        }
        for (const [from, to] of inner.ranges) {
          assert(outer.ranges.some(([start, end]) => start <= from && to <= end));
        }
      }),
      { numRuns: 20 },
    );
  });

  it("are of a map whose cells don't overlap, and hold something", () => {
    const cells = { orders: Uint8Array.of(0, 1), ipix: Float64Array.of(0, 2) };
    assertThrows(() => toSkyMap(cells, Float64Array.of(1, 1)), QueryError, "must not overlap");
    for (const nothing of [0, NaN, -1, Infinity]) {
      const densities = Float64Array.of(nothing, nothing);
      assertThrows(() => toSkyMap(cells, densities), QueryError, "above zero");
    }
  });
});

describe("a polygon", () => {
  it("is filled", () => {
    const corners = [[0, 0], [10, 0], [10, 10], [0, 10]]
      .map(([raDeg, decDeg]) => ({ raDeg: raDeg!, decDeg: decDeg! }));
    const { area_deg2 } =
      contourOf(makeContours({ map: polygonMap(corners) }, [90]), 90).properties;
    assertAlmostEquals(area_deg2!, 0.9 * 100.1, 2.5);
  });

  it("may be smaller than any pixel of the usual ones", () => {
    const [ra, dec] = [10, 20];
    const corners = [[ra, dec], [ra + 1e-4, dec], [ra, dec + 1e-4]];
    const { make } = toSource({ localization_name: "tiny", polygon: corners });
    const { map } = make(() => Promise.reject()) as SkymapSource;
    const { coordinates } = contourOf(makeContours({ map }, [90]), 90);
    assertEquals(coordinates.length, 1);
    for (const point of coordinates[0]![0]!) {
      assert(separationDeg(toDirection(point), { raDeg: ra, decDeg: dec }) < 1.2e-4);
    }
  });

  it("without an inside is none", () => {
    for (const corners of [[[1, 1], [1, 1], [1, 1]], [[0, 0], [5, 0], [10, 0]]]) {
      const { make } = toSource({ localization_name: "line", polygon: corners });
      assertThrows(() => make(() => Promise.reject()), QueryError, "No pixels found in polygon.");
    }
  });
});

function made(density: (at: Direction) => number): MadeContours {
  return makeContours({ map: flatMap(6, valuesAt(6, density)) }, [99, 99.9]);
}

function valuesAt(order: number, density: (at: Direction) => number): Float64Array {
  const values = new Float64Array(pixelCount(order));
  for (const { ipix, at } of pixels(order)) values[ipix] = density(at);
  return values;
}

function contourOf({ contours }: MadeContours, level: number): Contour {
  return contours[`contour${String(level).replace(".", "_")}`] as Contour;
}

function toDirection([lon, lat]: readonly [number, number]): Direction {
  return { raDeg: lon + 180, decDeg: lat };
}

function mocAreaDeg2({ order, ranges }: Moc): number {
  const pixels = ranges.reduce((sum, [from, to]) => sum + to - from, 0);
  return pixels / pixelCount(order) * 41_252.96;
}

function heldBy({ order, ranges }: Moc, map: SkyMap): number {
  let held = 0;
  map.orders.forEach((own, i) => {
    const size = 4 ** (order - own);
    const start = map.ipix[i]! * size;
    for (const [from, to] of ranges) {
      const shared = Math.min(to, start + size) - Math.max(from, start);
      if (shared > 0) held += map.densities[i]! * 4 * Math.PI / pixelCount(order) * shared;
    }
  });
  return held;
}

function* pixels(order: number): Generator<{ ipix: number; at: Direction }> {
  for (let ipix = 0; ipix < pixelCount(order); ipix++) {
    yield { ipix, at: centreOf({ order, ipix }) };
  }
}

/** Directions all over the sky, and whether they are in the ranges. */
function sample(moc: Moc): { at: Direction; isIn: boolean }[] {
  return [...pixels(3)].map(({ at }) => {
    const ipix = pixelAt(moc.order, at);
    return { at, isIn: moc.ranges.some(([from, to]) => from <= ipix && ipix < to) };
  });
}
