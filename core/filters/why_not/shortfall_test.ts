import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { least, type Limiting, opposite, shortfall } from "./shortfall.ts";

const OPERATORS: readonly Limiting[] = ["$gt", "$gte", "$lt", "$lte", "$eq"];

function holds(operator: Limiting, value: number, limit: number): boolean {
  switch (operator) {
    case "$gt":
      return value > limit;
    case "$gte":
      return value >= limit;
    case "$lt":
      return value < limit;
    case "$lte":
      return value <= limit;
    case "$eq":
      return value === limit;
    case "$ne":
      return value !== limit;
  }
}

describe("shortfall()", () => {
  it("says which way and how far, in the unit of the field", () => {
    assertEquals(shortfall("$gt", 0.5, [0.25]), { by: 0.25, way: "short", share: 0.5 });
    assertEquals(shortfall("$lt", 18, [19], "mag"), {
      by: 1,
      way: "over",
      unit: "mag",
      share: 1 / 18,
    });
    assertEquals(shortfall("$eq", 4, [1]), { by: 3, way: "off", share: 0.75 });
    // Exactly at a limit that is not included.
    assertEquals(shortfall("$gt", 2, [2]), { by: 0, way: "short", share: 0 });
    assertEquals(shortfall("$lt", 2, [2]), { by: 0, way: "over", share: 0 });
  });

  it("is of the nearest of several values", () => {
    assertEquals(shortfall("$gte", 10, [1, 8, null, "9"])?.by, 2);
  });

  it("counts days between dates, whatever the unit", () => {
    const [limit, value] = [new Date("2024-01-03T00:00:00Z"), new Date("2024-01-01T12:00:00Z")];
    assertEquals(shortfall("$gt", limit, [value], "mag"), {
      by: 1.5,
      way: "short",
      unit: "days",
      share: 1.5,
    });
  });

  it("is untold where values can't be compared, or any other would do", () => {
    for (const value of ["a", null, undefined, NaN, Infinity, true, new Date(0), [1]]) {
      assertEquals(shortfall("$gt", 1, [value]), undefined);
      if (typeof value !== "number") assertEquals(shortfall("$gt", value, [1]), undefined);
    }
    assertEquals(shortfall("$ne", 1, [1]), undefined);
    assertEquals(shortfall("$gt", 1, []), undefined);
    assertEquals(least([]), undefined);
  });

  it("of what doesn't hold is the way to the limit", () => {
    const whole = fc.integer({ min: -1000, max: 1000 });
    fc.assert(fc.property(fc.constantFrom(...OPERATORS), whole, whole, (operator, limit, value) => {
      fc.pre(!holds(operator, value, limit));
      const { by, way } = shortfall(operator, limit, [value])!;
      const towards = way === "short" ? 1 : way === "over" ? -1 : Math.sign(limit - value);
      assertEquals(value + towards * by, limit);
    }));
  });
});

describe("opposite()", () => {
  it("holds exactly where the comparison doesn't", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...OPERATORS, "$ne" as const),
        fc.nat(3),
        fc.nat(3),
        (operator, a, b) => {
          assert(holds(operator, a, b) !== holds(opposite(operator), a, b));
        },
      ),
    );
  });
});
