import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { floatText } from "./python_number.ts";

describe("floatText()", () => {
  // What Python 3.11 prints.
  for (
    const [value, text] of [
      [0, "0.0"],
      [-0, "-0.0"],
      [100, "100.0"],
      [0.1, "0.1"],
      [1e-4, "0.0001"],
      [1e-5, "1e-05"],
      [1e-7, "1e-07"],
      [1.5e-10, "1.5e-10"],
      [123456789012345680, "1.2345678901234568e+17"],
      [9999999999999998, "9999999999999998.0"],
      [1e16, "1e+16"],
      [1e22, "1e+22"],
      [-1.7976931348623157e308, "-1.7976931348623157e+308"],
      [5e-324, "5e-324"],
      [2458849.5, "2458849.5"],
      [NaN, "nan"],
      [Infinity, "inf"],
      [-Infinity, "-inf"],
    ] as const
  ) {
    it(`prints ${text}`, () => assertEquals(floatText(value), text));
  }

  it("prints what reads back, and never like an integer", () => {
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      assertEquals(Number(floatText(value)), value);
      assertEquals(/[.e]/.test(floatText(value)), true);
    }));
  });
});
