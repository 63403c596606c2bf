import { gzipSync } from "node:zlib";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { QueryError } from "../contract/query.ts";
import { fitsOf } from "../pipeline/packets_for_tests.ts";
import { readImage, readStamp } from "../pipeline/fits.ts";
import { readPng } from "../../tests/support/png.ts";
import { makeCutout } from "./cutout.ts";
import { keyOf } from "./wcs.ts";

const STYLE = { stretch: "log", interval: "zscale", cmap: "bone" } as const;
const PIXELS = [1, 2, 3, 4, 5, 6];

function valuesOf(file: Uint8Array): Record<string, string> {
  return Object.fromEntries(readImage(file).values);
}

describe("makeCutout()", () => {
  const stored = gzipSync(
    fitsOf({ width: 3, height: 2, pixels: PIXELS, cards: { BUNIT: "'DN'" } }),
  );

  it("gives a plain FITS file, turned, with the header as it was", () => {
    const file = makeCutout(stored, "upside-down", "fits", STYLE);
    assertEquals(file.length, 2 * 2880);
    assertEquals([...readStamp(file).pixels], [4, 5, 6, 1, 2, 3]);
    assertEquals(valuesOf(file).BUNIT, "'DN'");
  });

  it("changes the sides where rows become columns", () => {
    const { width, height, pixels } = readStamp(
      makeCutout(stored, "anti-transposed", "fits", STYLE),
    );
    assertEquals([width, height, ...pixels], [2, 3, 6, 3, 5, 2, 4, 1]);
  });

  it("keeps the bytes of the pixels, whatever they stand for", () => {
    for (const bitpix of [8, 16, 32, 64, -32, -64]) {
      const cards = { BITPIX: bitpix, BZERO: 5 };
      const file = makeCutout(
        fitsOf({ width: 3, height: 2, pixels: PIXELS, cards }),
        "upside-down",
        "fits",
        STYLE,
      );
      assertEquals([...readStamp(file).pixels], [9, 10, 11, 6, 7, 8]);
    }
  });

  it("mends a SIMPLE card that strict readers refuse, or that isn't there", () => {
    for (const SIMPLE of ["T", undefined]) {
      const cards = { SIMPLE };
      const file = makeCutout(
        fitsOf({ width: 3, height: 2, pixels: PIXELS, cards }),
        "as-is",
        "fits",
        STYLE,
      );
      const first = new TextDecoder().decode(file.subarray(0, 80));
      assertEquals(first, `SIMPLE  = ${"T".padStart(20)}`.padEnd(80));
      assertEquals(readImage(file).cards.filter((card) => keyOf(card) === "SIMPLE").length, 1);
    }
  });

  it("draws a picture", () => {
    assertEquals(readPng(makeCutout(stored, "as-is", "png", STYLE)).width, 168);
  });

  it("says of damaged bytes what is wrong with them, and that it is no fault of its own", () => {
    const file = Uint8Array.from({ length: 41 * 41 }, (_, i) => (i * 7919) % 251);
    const whole = fitsOf({ width: 41, height: 41, pixels: [...file] });
    const damaged = fc.tuple(
      fc.constantFrom(whole, gzipSync(whole)),
      fc.nat(20_000),
      fc.array(fc.tuple(fc.nat(20_000), fc.nat(255)), { maxLength: 8 }),
    ).map(([bytes, cut, flips]) => {
      const bad = Uint8Array.from(bytes.subarray(0, cut % 3 === 0 ? bytes.length : cut));
      // Half of them in the header, where they tell most.
      flips.forEach(([at, value], i) => bad[at % (i % 2 === 0 ? bad.length : 240)] = value);
      return bad;
    });
    const formats = fc.constantFrom("fits" as const, "png" as const);
    const orientations = fc.constantFrom("as-is", "upside-down", "anti-transposed");
    fc.assert(
      fc.property(damaged, formats, orientations, (bytes, format, orientation) => {
        try {
          assert(makeCutout(bytes, orientation, format, STYLE).length > 0);
        } catch (error) {
          assert(error instanceof QueryError, String(error));
          assert(error.message.length < 200, error.message);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("unfolds no more than an image can be", () => {
    const bomb = gzipSync(new Uint8Array(64 * 1024 * 1024));
    assertThrows(() => makeCutout(bomb, "as-is", "png", STYLE), QueryError, "failure: ");
  });
});
