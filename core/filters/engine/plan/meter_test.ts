// What MongoDB is to run is known to be affordable first: it can't be stopped within an expression.
import { describe, it } from "@std/testing/bdd";
import { assertThrows } from "@std/assert";
import type { Document } from "../../../contract/document.ts";
import { BudgetError } from "../errors.ts";
import { meterOf } from "./meter.ts";

const doubled = (operator: string, start: unknown): Document => ({
  $project: {
    x: {
      $reduce: {
        input: { $range: [0, 60] },
        initialValue: start,
        in: { [operator]: ["$$value", "$$value"] },
      },
    },
  },
});
const UNKNOWN: readonly Document[] = [
  { $bucketAuto: { groupBy: "$n", buckets: 2 } },
  { $match: { $jsonSchema: { required: ["n"] } } },
  { $densify: { field: "n", range: { step: 1, bounds: "full" } } },
];
const alert = { n: 5_000_000, text: "ab", many: Array.from({ length: 300 }, (_, i) => i) };

describe("meterOf()", () => {
  for (const unknown of UNKNOWN) {
    const name = Object.keys(unknown)[0];
    it(`finds what is too expensive before and behind ${name}, which isn't compiled`, () => {
      const expensive = [
        doubled("$concatArrays", ["$n"]),
        doubled("$concat", "$text"),
        doubled("$concatArrays", [1]),
        { $project: { x: { $size: { $range: [0, "$n"] } } } },
        { $match: { text: { $not: { $regex: "^(a+)+$" } }, $expr: loops(4) } },
      ];
      for (const stage of expensive) {
        for (const pipeline of [[unknown, stage], [stage, unknown]]) {
          assertThrows(() => meterOf(pipeline)(alert), BudgetError);
        }
      }
    });

    it(`finds it within a stage that isn't compiled: beside ${name}`, () => {
      const { $project: { x } } = doubled("$concatArrays", ["$n"]) as { $project: Document };
      const stages = [
        { $match: { $jsonSchema: { required: ["n"] }, $expr: { $gt: [{ $size: x }, 0] } } },
        { $bucketAuto: { groupBy: "$n", buckets: 1, output: { x: { $push: x } } } },
        { $fill: { output: { a: { value: { $size: x } } } } },
        { $facet: { a: [unknown, { $project: { x } }] } },
        { $project: { m: { $median: { input: "$many", method: "approximate" } }, x } },
      ];
      for (const stage of stages) {
        assertThrows(() => meterOf([unknown, stage])(alert), BudgetError);
      }
    });

    it(`lets the rest pass, and what MongoDB will refuse: ${name}`, () => {
      meterOf([{ $match: { $expr: loops(1) } }, unknown, { $unwind: "$many" }, unknown])(alert);
      meterOf([unknown, { $project: { x: { $divide: [1, { $subtract: ["$n", "$n"] }] } } }])(alert);
      meterOf([{ $nope: 1 }, unknown, { $project: { x: { $nope: 1 } } }])(alert);
    });
  }
});

function loops(depth: number): unknown {
  const inner = depth === 1 ? 1 : loops(depth - 1);
  return { $gt: [{ $size: { $map: { input: "$many", in: inner } } }, 0] };
}
