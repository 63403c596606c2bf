import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Double } from "../../contract/document.ts";
import { brief, numberText, typeText, valueText } from "./value_text.ts";

describe("valueText() and brief()", () => {
  it("leaves out digits that only a type brings", () => {
    assertEquals(numberText(Math.fround(0.62)), "0.62");
    assertEquals(numberText(2460229.9338542), "2460229.9338542");
    assertEquals(numberText(new Double(1)), "1");
    assertEquals(numberText(2475433850315015013n), "2475433850315015013");
  });

  it("writes each type, and says how much it leaves out", () => {
    assertEquals(valueText([1, null, undefined, true]), "[1, null, null, true]");
    assertEquals(
      valueText(Array.from({ length: 12 }, (_, i) => i)),
      "[0, 1, 2, 3, 4, 5, 6, 7, ... 12 in all]",
    );
    assertEquals(valueText({ a: { b: { c: { d: 1 } } } }), "{a: {b: {c: {...}}}}");
    assertEquals(valueText(new Date(0)), "1970-01-01T00:00:00.000Z");
    assertEquals(valueText(new Date(NaN)), "an invalid date");
    assertEquals(valueText(undefined), "missing");
    assertEquals([typeText(1), typeText([]), typeText({})], ["a number", "an array", "an object"]);
  });

  it("is never larger than an answer may be", () => {
    fc.assert(fc.property(fc.anything(), (value) => {
      assert(valueText(value).length < 100_000);
      assert((JSON.stringify(brief(value), noBigInt) ?? "").length < 200_000);
    }));
    assertEquals(brief("x".repeat(1_000)), `${"x".repeat(120)}...`);
    assertEquals<unknown>(brief([[[[1]]]]), [[[[]]]]);
  });
});

function noBigInt(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
