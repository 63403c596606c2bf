import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Double, ObjectId } from "../contract/document.ts";
import { compareValues } from "./document_order.ts";

const scalar = fc.oneof(
  fc.constantFrom(null, undefined, NaN, 0, -0, 1, new Double(1), new Double(0), 1n, true, "1", ""),
  fc.integer({ min: -3, max: 3 }),
  fc.bigInt({ min: -3n, max: 3n }),
  fc.constantFrom(new Date(1), new Date(2), new ObjectId("0".repeat(24))),
);
const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    scalar,
    fc.array(tie("value"), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom("a", "b"), tie("value")),
  ),
})).value;

describe("compareValues()", () => {
  it("is a total order", () => {
    fc.assert(fc.property(value, value, value, (a, b, c) => {
      assertEquals(compareValues(a, a), 0);
      assertEquals(Math.sign(compareValues(a, b)) + Math.sign(compareValues(b, a)), 0);
      if (compareValues(a, b) <= 0 && compareValues(b, c) <= 0) {
        assertEquals(compareValues(a, c) <= 0, true);
      }
    }));
  });

  it("finds values equal only when they are stored the same", () => {
    const different = [
      1,
      1n,
      new Double(1),
      "1",
      true,
      [1],
      { a: 1 },
      { a: 1, b: null },
      { a: 1, b: undefined },
      { b: null, a: 1 },
      { a: new Double(1) },
      null,
      0,
      -0,
      new Double(0),
      NaN,
      new Date(1),
      new Date(2),
    ];
    different.forEach((a, i) =>
      different.forEach((b, j) => assertEquals(compareValues(a, b) === 0, i === j, `${i} ${j}`))
    );
    assertEquals(compareValues({ a: [new Double(1), NaN] }, { a: [new Double(1), NaN] }), 0);
    assertEquals(compareValues(new Date(1), new Date(1)), 0);
  });
});
