import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { expressionText } from "./expression_text.ts";

describe("expressionText()", () => {
  const CASES: [unknown, string][] = [
    ["$candidate.jd", "candidate.jd"],
    ["$$ROOT.candid", "candid"],
    ["$$p.magpsf", "p.magpsf"],
    [{ $subtract: ["$a", "$b"] }, "a - b"],
    [{ $multiply: [2, { $subtract: ["$a", "$b"] }] }, "2 * (a - b)"],
    [{ $and: [{ $gt: ["$a", 1] }, { $lt: ["$a", 2] }] }, "(a > 1) and (a < 2)"],
    [{ $not: [{ $gt: ["$a", 1] }] }, "not (a > 1)"],
    [{ $not: ["$a"] }, "not a"],
    [{ $max: "$a.jd" }, "max(a.jd)"],
    [{ $max: ["$a", "$b"] }, "max(a, b)"],
    [{ $size: { $literal: ["$a"] } }, 'size(["$a"])'],
    [
      { $filter: { input: "$a", cond: { $gt: ["$$this.m", 0] } } },
      "filter(input: a, cond: this.m > 0)",
    ],
    [{ a: "$b", c: 1 }, "{a: b, c: 1}"],
    ["a", '"a"'],
    [[1, "$a"], "[1, a]"],
  ];
  for (const [expression, text] of CASES) {
    it(`writes ${text}`, () => assertEquals(expressionText(expression), text));
  }

  it("ends, and is short, whatever it is", () => {
    fc.assert(fc.property(fc.anything(), (value) => assert(expressionText(value).length < 260)));
  });
});
