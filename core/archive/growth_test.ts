import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertThrows } from "@std/assert";
import { QueryError } from "../contract/query.ts";
import { checkExpression, checkPipeline } from "./allowed.ts";

const reduce = (step: unknown) => ({
  $reduce: { input: { $range: [0, 60] }, initialValue: ["$a"], in: step },
});

describe("an expression that doubles what it makes at each step", () => {
  const DOUBLING: Record<string, unknown> = {
    "an array and itself": { $concatArrays: ["$$value", "$$value"] },
    "a text and itself": { $concat: ["$$value", "-", "$$value"] },
    "by another name": {
      $let: { vars: { v: "$$value" }, in: { $concatArrays: ["$$v", ["x"], "$$v"] } },
    },
    "by a name and its own": {
      $let: { vars: { v: { $slice: ["$$value", 9] } }, in: { $concatArrays: ["$$v", "$$value"] } },
    },
    "in a branch": { $cond: ["$b", "$$value", { $concatArrays: ["$$value", "$$value"] }] },
    "of what is made of it": {
      $concatArrays: ["$$value", { $map: { input: "$$value", in: "$$this" } }],
    },
  };
  for (const [name, step] of Object.entries(DOUBLING)) {
    it(`is refused in a pipeline and a query: ${name}`, () => {
      assertThrows(() => checkPipeline([{ $project: { x: reduce(step) } }]), QueryError, "doubled");
      assertThrows(() => checkExpression({ $expr: { $gt: [reduce(step), 1] } }), QueryError);
    });
  }

  it("isn't one that keeps the greater, adds one, or flattens", () => {
    for (
      const step of [
        { $cond: [{ $gt: ["$$this.m", "$$value.m"] }, "$$this", "$$value"] },
        { $add: ["$$value", "$$this"] },
        { $concatArrays: ["$$value", "$$this"] },
        { $concatArrays: ["$$value", { $cond: ["$$this.ok", ["$$this"], []] }] },
        { $concat: ["$$value", ",", "$$this"] },
        { n: { $add: ["$$value.n", 1] }, all: { $concatArrays: ["$$value.all", ["$$this"]] } },
      ]
    ) assertEquals(checkPipeline([{ $project: { x: reduce(step) } }]), undefined);
  });
});

describe("a range", () => {
  it("has an end that an array may have", () => {
    for (const range of [[0, 1e9], [-2e6, 0], [0, 1e7, 2], [1e8, 0, -1]]) {
      assertThrows(() => checkExpression({ $range: range }), QueryError, "<= 1000000 long");
    }
    for (const range of [[0, 1_000], [0, { $size: "$a" }], ["$a", "$b"], [0, 5e6, 10]]) {
      checkExpression({ $range: range });
    }
  });
});
