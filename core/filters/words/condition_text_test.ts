import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { askText, foundText } from "./condition_text.ts";

describe("askText()", () => {
  const CASES: [string, unknown, string, string][] = [
    ["$gt", 0.8, "must be > 0.8", "must not be > 0.8"],
    ["$ne", "a", 'must not be "a"', 'must be "a"'],
    ["$in", [1, 3], "must be one of [1, 3]", "must not be one of [1, 3]"],
    ["$nin", [1], "must not be one of [1]", "must be one of [1]"],
    ["$exists", true, "must be there", "must not be there"],
    ["$exists", 0, "must not be there", "must be there"],
    ["$size", 1, "must have 1 item", "must not have 1 item"],
    ["$size", 2, "must have 2 items", "must not have 2 items"],
    ["$regex", /^ZTF/i, "must match /^ZTF/i", "must not match /^ZTF/i"],
    ["$regex", "^ZTF", "must match /^ZTF/", "must not match /^ZTF/"],
    ["$mod", [4, 1], "must leave 1 when divided by 4", "must not leave 1 when divided by 4"],
    ["$elemMatch", { a: 1 }, "must have an item with {a: 1}", "must have no item with {a: 1}"],
    ["$bitsAllSet", 3, "must fulfil bitsAllSet 3", "must not fulfil bitsAllSet 3"],
    [
      "$geoWithin",
      { $centerSphere: [[10, 20], Math.PI / 180] },
      "must be within 1 deg of [10, 20]",
      "must not be within 1 deg of [10, 20]",
    ],
  ];
  for (const [operator, operand, asked, refused] of CASES) {
    it(`says that it ${asked}, or ${refused}`, () => {
      assertEquals(askText(operator, operand, true), asked);
      assertEquals(askText(operator, operand, false), refused);
    });
  }
});

describe("foundText()", () => {
  it("tells nothing, one value, and several, apart", () => {
    assertEquals(foundText([]), "it is missing");
    assertEquals(foundText([[]]), "it is empty");
    assertEquals(foundText([null]), "it is null");
    assertEquals(foundText([1, "a"]), 'its items are 1, "a"');
  });
});
