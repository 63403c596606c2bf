import { describe, it } from "@std/testing/bdd";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { damagedFile } from "../../tests/fakes/damaged_file.ts";
import { type FakeColumn, fitsMap, gzipped } from "../../tests/fakes/fits_maps.ts";
import { noSamples, SAMPLES_DIR } from "../../tests/support/samples.ts";
import { separationDeg } from "../astro/angles.ts";
import { centreOf, nestedToRing, pixelAreaSr, pixelCount, toUniq } from "../astro/healpix.ts";
import { QueryError } from "../contract/query.ts";
import type { Contour } from "../contract/skymaps.ts";
import { makeContours } from "./contours.ts";
import { readFitsMap } from "./fits_map.ts";
import type { SkyMap } from "./sky_map.ts";

const ORDER = 5;
const NSIDE = 32;
const PIXELS = pixelCount(ORDER);
/** A spot of 20 deg and a little everywhere; by nested pixel. */
const SPOT = { raDeg: 120, decDeg: -25 };
const nested = Array.from({ length: PIXELS }, (_, ipix) => {
  const distanceDeg = separationDeg(centreOf({ order: ORDER, ipix }), SPOT);
  return Math.fround(Math.exp(-0.5 * (distanceDeg / 20) ** 2) + 0.001);
});
const rings = nested.reduce((values, value, ipix) => {
  values[nestedToRing(ORDER, ipix)] = value;
  return values;
}, new Array<number>(PIXELS));
const uniqs = nested.map((_, ipix) => toUniq({ order: ORDER, ipix }));
const flat = (name: string, format: string, values = nested): FakeColumn[] => [
  { name, format, values },
];
const NESTED = { ORDERING: "NESTED", NSIDE };

describe("a FITS map", () => {
  const expected = densitiesOf(fitsMap(flat("PROB", "D"), NESTED));
  const files: [string, () => Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>][] = [
    ["in rings", () => fitsMap(flat("PROB", "D", rings), { ORDERING: "RING", NSIDE })],
    ["in single precision, as Fermi's", () => fitsMap(flat("PROBABILITY", "E"), NESTED)],
    ["with 1,024 values a row", () => fitsMap(flat("PROB", "1024E"), NESTED)],
    ["gzipped", () => gzipped(fitsMap(flat("PROB", "D"), NESTED))],
    ["without NSIDE", () => fitsMap(flat("PROB", "D"), { ORDERING: "NESTED", COORDSYS: "C" })],
    ["of many orders", () =>
      fitsMap([
        { name: "UNIQ", format: "K", values: uniqs },
        { name: "DISTMU", format: "D", values: nested },
        { name: "PROBDENSITY", format: "D", values: nested },
      ], { ORDERING: "NUNIQ", MOC: "T" })],
    ["of many orders in any order", () =>
      fitsMap([
        { name: "probdensity", format: "E", values: nested.toReversed() },
        { name: "note", format: "3A", values: new Array(3 * PIXELS).fill(65) },
        { name: "uniq", format: "J", values: uniqs.toReversed() },
      ])],
  ];
  for (const [form, file] of files) {
    it(`is read ${form}`, async () => {
      const densities = await densitiesOf(await file());
      (await expected).forEach((density, ipix) =>
        assertAlmostEquals(densities[ipix]!, density, 1e-12)
      );
    });
  }

  it("that is finer than contours are is averaged", async () => {
    const values = new Array<number>(pixelCount(10)).fill(0);
    values.fill(1, 400, 404);
    values[404] = 2;
    const map = await readFitsMap(fitsMap(flat("PROB", "1024E", values), { ORDERING: "NESTED" }));
    assertEquals([...map.ipix], [100, 101]);
    assertAlmostEquals(map.densities[0]! / map.densities[1]!, 2, 1e-12);
  });

  it("of Fermi has nothing where the Earth was", async () => {
    const earth = { raDeg: 300, decDeg: -20 };
    const cards = { ...NESTED, GEO_RA: earth.raDeg, GEO_DEC: earth.decDeg };
    const ones = new Array<number>(PIXELS).fill(1);
    const map = await readFitsMap(fitsMap(flat("PROBABILITY", "E", ones), cards));
    for (let i = 0; i < map.ipix.length; i++) {
      const centre = centreOf({ order: map.orders[i]!, ipix: map.ipix[i]! });
      assert(separationDeg(centre, earth) > 67.5);
    }
    // What astropy-healpix 2.0.1 gives for the pixels at nside 128 that the disc touches.
    const hiddenSr = 61_180 * pixelAreaSr(7);
    assertAlmostEquals(seenSr(map), 4 * Math.PI - hiddenSr, 1e-9);
    const small = await readFitsMap(fitsMap(flat("PROBABILITY", "E", ones), {
      ...NESTED,
      GEO_RA: 0,
      GEO_DEC: 90,
      GEO_RAD: 30,
    }));
    assertAlmostEquals(seenSr(small), 4 * Math.PI - 13_612 * pixelAreaSr(7), 1e-9);
  });

  const table = flat("PROB", "D");
  const refused: [string, () => Uint8Array<ArrayBuffer>, string][] = [
    ["no table", () => fitsMap(flat("FLUX", "D")), "must have a table"],
    ["no order", () => fitsMap(table, { NSIDE }), "ORDERING"],
    ["galactic axes", () => fitsMap(table, { ...NESTED, COORDSYS: "G" }), "COORDSYS"],
    ["part of the sky", () => fitsMap(flat("PROB", "D", nested.slice(5)), NESTED), "all pixels"],
    ["a wrong nside", () => fitsMap(table, { ...NESTED, NSIDE: 31 }), "all pixels"],
    ["nothing in it", () => fitsMap(flat("PROB", "D", nested.map(() => 0)), NESTED), "above zero"],
    ["a wrong row", () => fitsMap(table, { ...NESTED, NAXIS1: 9 }), "a row 9"],
    [
      "a huge row",
      () => fitsMap(table, { ...NESTED, TFORM1: "9999999D", NAXIS1: 79999992 }),
      "all pixels",
    ],
    ["a wrong format", () => fitsMap(table, { ...NESTED, TFORM1: "Z" }), "TFORM1"],
    ["no pixel's number", () =>
      fitsMap([
        { name: "UNIQ", format: "K", values: [5, 3] },
        { name: "PROBDENSITY", format: "D", values: [1, 1] },
      ]), "UNIQ of row 1"],
    ["a pixel beyond all orders", () =>
      fitsMap([
        { name: "UNIQ", format: "K", values: [4 ** 30] },
        { name: "PROBDENSITY", format: "D", values: [1] },
      ]), "UNIQ of row 0"],
    ["an end too early", () => fitsMap(table, NESTED).slice(0, 20_000), "too early"],
    ["no FITS", () => new TextEncoder().encode("hello ".repeat(1000)), "too early"],
    ["nothing", () => new Uint8Array(), "must have a table"],
  ];
  for (const [what, file, message] of refused) {
    it(`with ${what} is refused`, async () => {
      await assertRejects(() => readFitsMap(file()), QueryError, message);
    });
  }

  it("18. that says more of itself than it may be is not even unpacked", async () => {
    const zeros = new Uint8Array(16 * 1024 * 1024);
    const says = fitsMap(table, { ...NESTED, NAXIS2: 200_000_000 }).slice(0, 2 * 2880);
    const bomb = await gzipped(new Uint8Array(await new Blob([says, zeros]).arrayBuffer()));
    assert(bomb.length < zeros.length / 500);
    await assertRejects(() => readFitsMap(bomb), QueryError, "all pixels");
    const skips = fitsMap(flat("FLUX", "D"), { NAXIS2: 200_000_000 });
    await assertRejects(() => readFitsMap(skips), QueryError, "the data must be in");
  });

  it("18. that is damaged is read or refused, and nothing else", async () => {
    const whole = [
      fitsMap(table, NESTED),
      fitsMap([
        { name: "UNIQ", format: "K", values: uniqs.slice(0, 500) },
        { name: "PROBDENSITY", format: "D", values: nested.slice(0, 500) },
      ]),
    ];
    whole.push(await gzipped(whole[1]!));
    await fc.assert(
      fc.asyncProperty(damagedFile(whole), async (file) => {
        await readFitsMap(file).catch((error) =>
          assert(error instanceof QueryError, String(error))
        );
      }),
      { numRuns: 300 },
    );
  });

  it("of a gravitational wave has the areas that mocpy finds", { skip: noSamples }, async () => {
    const map = await readFitsMap(Deno.readFileSync(`${SAMPLES_DIR}/localization.fits`));
    const { contours } = makeContours({ map }, [50, 90, 95]);
    // mocpy 0.21, which leaves the last cell out: 2668.11, 8403.01, 10680.01.
    for (const [level, areaDeg2] of [[50, 2668.954], [90, 8403.847], [95, 10680.851]] as const) {
      const { properties } = contours[`contour${level}`] as Contour;
      assertAlmostEquals(properties.area_deg2!, areaDeg2, 0.01);
    }
  });
});

/** By pixel; where the map is high, its cells have been divided. */
async function densitiesOf(file: Uint8Array<ArrayBuffer>): Promise<Float64Array> {
  const map = await readFitsMap(file);
  const densities = new Float64Array(PIXELS);
  map.ipix.forEach((ipix, i) => {
    densities[Math.floor(ipix / 4 ** (map.orders[i]! - ORDER))] = map.densities[i]!;
  });
  return densities;
}

/** The area of a map that is the same where it isn't zero. */
function seenSr(map: SkyMap): number {
  return 1 / map.densities[0]!;
}
