import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertThrows } from "@std/assert";
import { readStamp } from "./fits.ts";
import { fitsOf } from "./packets_for_tests.ts";

const PIXELS = [1, -2, 3, 4, 5, 600];

describe("readStamp()", () => {
  it("reads a gzipped and a plain image, row by row", () => {
    const file = fitsOf({ width: 3, height: 2, pixels: PIXELS });
    for (const bytes of [file, gzipSync(file)]) {
      const { width, height, pixels } = readStamp(bytes);
      assertEquals([width, height], [3, 2]);
      assertEquals(pixels, Float32Array.from(PIXELS));
    }
  });

  for (const bitpix of [-32, -64, 8, 16, 32, 64]) {
    it(`reads BITPIX ${bitpix}`, () => {
      const pixels = bitpix === 8 ? [1, 2, 3, 4, 5, 255] : PIXELS;
      const file = fitsOf({ width: 3, height: 2, pixels, cards: { BITPIX: bitpix } });
      assertEquals(readStamp(file).pixels, Float32Array.from(pixels));
    });
  }

  it("scales by BSCALE and BZERO, and gives NaN where an integer is BLANK", () => {
    const cards = { BITPIX: 16, BSCALE: 0.5, BZERO: 10, BLANK: -2 };
    const file = fitsOf({ width: 3, height: 2, pixels: PIXELS, cards });
    assertEquals(readStamp(file).pixels, Float32Array.from([10.5, NaN, 11.5, 12, 12.5, 310]));
    const floats = fitsOf({ width: 3, height: 2, pixels: PIXELS, cards: { BZERO: 1, BLANK: -2 } });
    assertEquals(readStamp(floats).pixels, Float32Array.from([2, -1, 4, 5, 6, 601]));
  });

  it("keeps NaN and infinity", () => {
    const pixels = [NaN, Infinity, -Infinity, 0];
    assertEquals(
      readStamp(fitsOf({ width: 2, height: 2, pixels })).pixels,
      Float32Array.from(pixels),
    );
  });

  it("does not miss SIMPLE, and takes a comment for no value", () => {
    const cards = { SIMPLE: undefined, BITPIX: "-32 / bits a pixel" };
    assertEquals(readStamp(fitsOf({ width: 3, height: 2, pixels: PIXELS, cards })).width, 3);
  });

  it("reads a header of several blocks", () => {
    const more = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`KEY${i}`, i]));
    assertEquals(
      readStamp(fitsOf({ width: 3, height: 2, pixels: PIXELS, cards: more })).pixels,
      Float32Array.from(PIXELS),
    );
  });
});

describe("readStamp() of what is no image", () => {
  const good = { width: 3, height: 2, pixels: PIXELS };

  it("says that there is no header", () => {
    assertThrows(() => readStamp(new Uint8Array(0)), Error, "no END card");
    assertThrows(() => readStamp(Buffer.alloc(5000)), Error, "no END card");
  });

  it("says what is wrong with its shape or its pixels", () => {
    for (const cards of [{ NAXIS: 3 }, { NAXIS1: 0 }, { NAXIS2: "x" }, { NAXIS1: undefined }]) {
      assertThrows(() => readStamp(fitsOf({ ...good, cards })), Error, "two sides");
    }
    assertThrows(() => readStamp(fitsOf({ ...good, cards: { NAXIS1: 100_000 } })), Error, "1024");
    assertThrows(() => readStamp(fitsOf({ ...good, cards: { BITPIX: 12 } })), Error, "value is 12");
    assertThrows(() => readStamp(fitsOf({ ...good, cards: { NAXIS1: 1000 } })), Error, "ends at");
  });

  it("says that the gzip stream is damaged, or unfolds to more than an image", () => {
    const gz = gzipSync(fitsOf(good));
    assertThrows(() => readStamp(gz.subarray(0, gz.length - 12)), Error);
    assertThrows(() => readStamp(gzipSync(Buffer.alloc(20_000_000))), Error);
  });
});
