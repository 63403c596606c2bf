import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ColourMap, Interval, Stretch } from "../contract/cutouts.ts";
import { readPng } from "../../tests/support/png.ts";
import { drawPicture, PICTURE_SIDE } from "./picture.ts";

const LAST = PICTURE_SIDE - 1;
const PLAIN = { stretch: "linear", interval: "min_max", cmap: "gray" } as const;

function stamp(width: number, height: number, pixels: number[]) {
  return { width, height, pixels: Float32Array.from(pixels) };
}

/** How light each corner is: top left, top right, bottom left, bottom right. */
function corners(bytes: Uint8Array): number[] {
  const picture = readPng(bytes);
  return [[0, 0], [LAST, 0], [0, LAST], [LAST, LAST]].map(([x, y]) => picture.at(x!, y!)[0]!);
}

describe("drawPicture()", () => {
  const square = stamp(2, 2, [0, 1, 2, 3]);

  it("draws 168 x 168 pixels, the first row at the bottom", () => {
    const picture = readPng(drawPicture(square, "as-is", PLAIN));
    assertEquals([picture.width, picture.height], [168, 168]);
    assertEquals(corners(drawPicture(square, "as-is", PLAIN)), [170, 255, 0, 85]);
  });

  it("turns cutouts as their survey has it", () => {
    assertEquals(corners(drawPicture(square, "upside-down", PLAIN)), [0, 85, 170, 255]);
    // Rows from the bottom: (3, 1) and (2, 0).
    assertEquals(corners(drawPicture(square, "anti-transposed", PLAIN)), [170, 0, 255, 85]);
  });

  it("shows pixels that aren't known, or are too bright for light, as the mean of the others", () => {
    for (const gap of [NaN, Infinity, -3.4e38, 1.1e20]) {
      const shown = corners(drawPicture(stamp(2, 2, [gap, 0, 1, 2]), "as-is", PLAIN));
      assertEquals(shown, [128, 255, 128, 0]);
    }
  });

  it("stretches: what is faint is lighter by a logarithm than by a line", () => {
    const faint = stamp(2, 2, [0, 0.01, 0.1, 1]);
    const light = Stretch.options.map((stretch) =>
      corners(drawPicture(faint, "as-is", { ...PLAIN, stretch }))[0]
    );
    // 0.1 by: linear, log, asinh, sqrt.
    assertEquals(light, [25, 171, 75, 80]);
  });

  it("has the colours that people know by name, within a few units", () => {
    const ramp = stamp(3, 3, [0, 0, 0, 1, 1, 1, 2, 2, 2]);
    for (
      const [cmap, ...colours] of [
        ["gray", [0, 0, 0], [128, 128, 128], [255, 255, 255]],
        ["bone", [0, 0, 0], [112, 124, 140], [255, 255, 255]],
        ["cividis", [0, 34, 78], [125, 124, 120], [254, 232, 56]],
        ["viridis", [68, 1, 84], [33, 145, 140], [253, 231, 37]],
        ["magma", [0, 0, 4], [183, 55, 121], [252, 253, 191]],
      ] as const
    ) {
      const picture = readPng(drawPicture(ramp, "as-is", { ...PLAIN, cmap }));
      colours.forEach((colour, i) => {
        const shown = picture.at(80, LAST - [0, LAST >> 1, LAST][i]!);
        assertEquals(shown[3], 255);
        colour.forEach((light, c) => assert(Math.abs(light - shown[c]!) <= 4, `${cmap}: ${shown}`));
      });
    }
  });

  it("draws something of whatever pixels there are", () => {
    const pixel = fc.oneof(
      fc.float(),
      fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, 3.4e38, 1e-45),
    );
    const stamps = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })).chain(
      ([width, height]) =>
        fc.array(pixel, { minLength: width * height, maxLength: width * height })
          .map((pixels) => stamp(width, height, pixels)),
    );
    const styles = fc.record({
      stretch: fc.constantFrom(...Stretch.options),
      interval: fc.constantFrom(...Interval.options),
      cmap: fc.constantFrom(...ColourMap.options),
    });
    fc.assert(fc.property(stamps, styles, (image, style) => {
      const picture = readPng(drawPicture(image, "anti-transposed", style));
      assertEquals(picture.at(84, 84)[3], 255);
    }));
  });

  it("leaves a margin beside what isn't square, on both sides", () => {
    const picture = readPng(drawPicture(stamp(2, 1, [0, 1]), "as-is", PLAIN));
    const alpha = [0, 41, 42, 84, 125, 126, LAST].map((y) => picture.at(10, y)[3]);
    assertEquals(alpha, [0, 0, 255, 255, 255, 0, 0]);
    assertEquals([0, LAST].map((x) => picture.at(x, 84)[0]), [0, 255]);
  });
});
