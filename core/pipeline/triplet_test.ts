import { describe, it } from "@std/testing/bdd";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import ztf from "../../catalogs/live/ztf.ts";
import { noSamples, samplePackets } from "../../tests/support/samples.ts";
import { decodePacket } from "./decode.ts";
import { fitsOf } from "./packets_for_tests.ts";
import { fillTriplet, TRIPLET_SIZE } from "./triplet.ts";

function square(side: number, pixels: number[]) {
  const all = Array.from({ length: side * side }, (_, i) => pixels[i] ?? 0);
  return fitsOf({ width: side, height: side, pixels: all });
}

function tripletOf(science: Uint8Array, template = science, difference = science) {
  const target = new Float32Array(TRIPLET_SIZE);
  fillTriplet({ Science: science, Template: template, Difference: difference }, target, 0);
  return target;
}

function sampleTriplet(candid: string): Float32Array {
  const [record] = decodePacket(samplePackets("ztf").get(candid)!);
  const target = new Float32Array(TRIPLET_SIZE);
  fillTriplet(ztf.toAlert(record!).cutouts, target, 0);
  return target;
}

function pixelAt(triplet: Float32Array, y: number, x: number): number[] {
  return [...triplet.slice((y * 63 + x) * 3, (y * 63 + x) * 3 + 3)];
}

describe("fillTriplet()", () => {
  it("puts the three cutouts side by side, each divided by its own norm", () => {
    const triplet = tripletOf(square(63, [3, 4]), square(63, [0, 2]), square(63, [-6, 8]));
    assertEquals(pixelAt(triplet, 0, 0), [0.6, 0, -0.6].map(Math.fround));
    assertEquals(pixelAt(triplet, 0, 1), [0.8, 1, 0.8].map(Math.fround));
    assertEquals(pixelAt(triplet, 62, 62), [0, 0, 0]);
  });

  it("writes where it is told, and nothing else", () => {
    const target = new Float32Array(3 * TRIPLET_SIZE).fill(7);
    const cutout = square(63, [3, 4]);
    const cutouts = { Science: cutout, Template: cutout, Difference: cutout };
    fillTriplet(cutouts, target, TRIPLET_SIZE);
    assert(target.subarray(0, TRIPLET_SIZE).every((value) => value === 7));
    assertEquals(target.slice(TRIPLET_SIZE, 2 * TRIPLET_SIZE), tripletOf(cutout));
    assert(target.subarray(2 * TRIPLET_SIZE).every((value) => value === 7));
  });

  it("takes NaN for 0", () => {
    assertEquals(pixelAt(tripletOf(square(63, [NaN, 3, 4])), 0, 0), [0, 0, 0]);
    assertEquals(pixelAt(tripletOf(square(63, [NaN, 3, 4])), 0, 1), Array(3).fill(Math.fround(.6)));
  });

  it("makes a channel zero where its norm overflows float32", () => {
    for (const huge of [-3.4028234663852886e38, Infinity, -Infinity, 1e20]) {
      const triplet = tripletOf(square(63, [1]), square(63, [1, huge]));
      assert(triplet.every((value, i) => i % 3 !== 1 || value === 0), String(huge));
      assertEquals(triplet[0], 1);
    }
  });

  it("pads a smaller cutout below and to the right, after the division", () => {
    const triplet = tripletOf(square(62, [3, 4]), fitsOf({ width: 1, height: 2, pixels: [0, 5] }));
    assertEquals(pixelAt(triplet, 0, 0), [0.6, 0, 0.6].map(Math.fround));
    assertEquals(pixelAt(triplet, 1, 0), [0, 1, 0]);
    const padding = Math.fround(1e-9);
    assertEquals(pixelAt(triplet, 0, 62), [padding, padding, padding]);
    assertEquals(pixelAt(triplet, 62, 0), [padding, padding, padding]);
    assertEquals(pixelAt(triplet, 2, 0), [0, padding, 0]);
  });

  it("makes a cutout of zeros NaN", () => {
    assert(tripletOf(square(63, [])).every(Number.isNaN));
  });

  it("throws for a cutout that is missing, too large, or no image", () => {
    assertThrows(() => tripletOf(square(64, [1])), Error, "64 x 64");
    assertThrows(() => tripletOf(new Uint8Array(10)), Error, "FITS");
    const cutout = square(63, [1]);
    const cutouts = { Science: cutout, Template: null, Difference: cutout };
    const target = new Float32Array(TRIPLET_SIZE);
    assertThrows(() => fillTriplet(cutouts, target, 0), Error, "Template is missing");
  });

  it("gives the pixels that are known of a sample", { skip: noSamples }, () => {
    const triplet = sampleTriplet("1127561445515015011");
    const known = [
      [31, 31, [0.0253249016, 0.0178449210, 0.2682905793]],
      [0, 0, [0.0162789393, 0.0158913676, 0.0123710064]],
    ] as const;
    for (const [y, x, expected] of known) {
      pixelAt(triplet, y, x).forEach((value, i) => assertAlmostEquals(value, expected[i]!, 3e-8));
    }
  });
});
