import { describe, it } from "@std/testing/bdd";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { fitsOf } from "../pipeline/packets_for_tests.ts";
import { readImage } from "../pipeline/fits.ts";
import { writeFits } from "./fits_file.ts";

const [WIDTH, HEIGHT] = [4, 3];
const POSITION = { CRPIX1: 1.5, CRPIX2: 2.25, CRVAL1: 123.4, CRVAL2: -32.1 };

type Values = Record<string, number>;

/** The header's numbers of an image with these cards, after it was turned. */
function turned(cards: Values, orientation: "upside-down" | "anti-transposed"): Values {
  const file = fitsOf({ width: WIDTH, height: HEIGHT, pixels: Array(12).fill(0), cards });
  const { values } = readImage(writeFits(readImage(file), orientation));
  return Object.fromEntries([...values].map(([key, text]) => [key, Number(text)]));
}

/** Where pixel (x, y) is in the plane of projection, by the linear terms and the distortion. */
function project(values: Values, x: number, y: number, system = ""): [number, number] {
  const value = (key: string, otherwise: number) => values[key + system] ?? otherwise;
  const u = x - value("CRPIX1", 0);
  const v = y - value("CRPIX2", 0);
  const distorted = ["A", "B"].map((name, axis) => {
    let sum = axis === 0 ? u : v;
    for (let p = 0; p <= 3; p++) {
      for (let q = 0; q <= 3; q++) sum += (values[`${name}_${p}_${q}`] ?? 0) * u ** p * v ** q;
    }
    return sum;
  }) as [number, number];
  const hasMatrix = Object.keys(values).some((key) => /^CD\d_/.test(key));
  return [1, 2].map((i) => {
    const row = [1, 2].map((j) =>
      hasMatrix
        ? value(`CD${i}_${j}`, 0)
        : value(`CDELT${i}`, 1) * value(`PC${i}_${j}`, i === j ? 1 : 0)
    );
    return row[0]! * distorted[0] + row[1]! * distorted[1];
  }) as [number, number];
}

describe("turnedCards()", () => {
  const rotation = 33 * Math.PI / 180;
  for (
    const [what, cards, before = cards] of [
      ["a CD matrix", { CD1_1: -1e-4, CD1_2: 3e-5, CD2_1: 2.5e-5, CD2_2: 1.1e-4 }],
      ["scales only", { CDELT1: -2e-4, CDELT2: 3e-4 }],
      ["a PC matrix", { CDELT1: -2e-4, CDELT2: 3e-4, PC1_1: 0.9, PC1_2: -0.2, PC2_2: 1.1 }],
      ["part of a PC matrix", { CDELT1: -2e-4, CDELT2: 3e-4, PC2_1: -0.2 }],
      ["scales and a rotation", { CDELT1: -2e-4, CDELT2: 3e-4, CROTA2: 33 }, {
        CD1_1: -2e-4 * Math.cos(rotation),
        CD1_2: -3e-4 * Math.sin(rotation),
        CD2_1: -2e-4 * Math.sin(rotation),
        CD2_2: 3e-4 * Math.cos(rotation),
      }],
      ["distortion", {
        CD1_1: -1e-4,
        CD2_2: 1.1e-4,
        A_ORDER: 3,
        B_ORDER: 2,
        A_2_0: 1e-2,
        A_1_1: -3e-3,
        A_0_3: 2e-3,
        B_1_1: 5e-3,
        B_0_2: -1e-2,
      }],
    ] as [string, Values, Values?][]
  ) {
    for (const orientation of ["upside-down", "anti-transposed"] as const) {
      it(`leaves each pixel where it is on the sky: ${what}, ${orientation}`, () => {
        const values = turned({ ...POSITION, ...cards }, orientation);
        for (let x = 1; x <= WIDTH; x++) {
          for (let y = 1; y <= HEIGHT; y++) {
            const to: [number, number] = orientation === "upside-down"
              ? [x, HEIGHT + 1 - y]
              : [HEIGHT + 1 - y, WIDTH + 1 - x];
            const expected = project({ ...POSITION, ...before }, x, y);
            const found = project(values, ...to);
            assertAlmostEquals(found[0], expected[0], 1e-12);
            assertAlmostEquals(found[1], expected[1], 1e-12);
          }
        }
      });
    }
  }

  it("corrects alternate systems too", () => {
    const cards = { CRPIX1A: 2, CRPIX2A: 3, CD1_1A: 1e-4, CD2_2A: -2e-4 };
    const values = turned(cards, "upside-down");
    assertEquals([values.CRPIX1A, values.CRPIX2A], [2, HEIGHT + 1 - 3]);
    assertEquals([values.CD1_1A, values.CD2_2A], [1e-4, 2e-4]);
    assertEquals(project(values, 4, 3, "A"), project(cards, 4, 1, "A"));
  });

  it("keeps the orders of the distortion with their axes", () => {
    const values = turned({ ...POSITION, A_ORDER: 3, B_ORDER: 2 }, "anti-transposed");
    assertEquals([values.A_ORDER, values.B_ORDER], [2, 3]);
  });

  it("adds nothing to a header without a position", () => {
    assertEquals(
      Object.keys(turned({ GAIN: 2 }, "anti-transposed")).sort(),
      ["BITPIX", "GAIN", "NAXIS", "NAXIS1", "NAXIS2", "SIMPLE"],
    );
  });
});
