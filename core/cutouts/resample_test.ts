import { describe, it } from "@std/testing/bdd";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { resample } from "./resample.ts";

const grid = (width: number, height: number) => ({ width, height });

describe("resample()", () => {
  it("goes from one value to the next along a cosine", () => {
    const values = resample(Float64Array.of(0, 1), grid(2, 1), grid(5, 1));
    const step = 2 / 5;
    const expected = [0, 1, 2, 3, 4].map((i) => {
      const at = Math.min(Math.max((i + 0.5) * step - 0.5, 0), 1);
      return 0.5 - 0.5 * Math.cos(Math.PI * at);
    });
    expected.forEach((value, i) => assertAlmostEquals(values[i]!, value, 1e-12));
  });

  it("repeats pixels where it makes them evenly twice as large, or more than three times", () => {
    const values = Float64Array.of(1, 2);
    assertEquals([...resample(values, grid(2, 1), grid(4, 1))], [1, 1, 2, 2]);
    assertEquals([...resample(values, grid(1, 2), grid(1, 8))], [1, 1, 1, 1, 2, 2, 2, 2]);
  });

  it("takes a smaller picture's pixels from all that they cover", () => {
    const values = Float64Array.from({ length: 100 }, (_, i) => i % 2);
    for (const value of resample(values, grid(100, 1), grid(10, 1)).subarray(1, -1)) {
      assertAlmostEquals(value, 0.5, 0.03);
    }
  });

  it("stays between the values that there are, and keeps what is flat", () => {
    const side = fc.integer({ min: 1, max: 20 });
    fc.assert(fc.property(side, side, side, side, fc.nat(1000), (w, h, toW, toH, seed) => {
      const values = Float64Array.from({ length: w * h }, (_, i) => (i * seed) % 17);
      const result = resample(values, grid(w, h), grid(toW, toH));
      assertEquals(result.length, toW * toH);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      assert(result.every((value) => value >= low - 1e-9 && value <= high + 1e-9));
      const flat = resample(values.map(() => 3), grid(w, h), grid(toW, toH));
      assert(flat.every((value) => Math.abs(value - 3) < 1e-9));
    }));
  });
});
