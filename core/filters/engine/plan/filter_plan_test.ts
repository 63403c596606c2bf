// Many filters in one plan must pass what each passes by itself, and a filter at fault must hurt no other.
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { type Document, Double } from "../../../contract/document.ts";
import type { ActiveFilter } from "../../../contract/passed.ts";
import { filterInputs } from "../../../../tests/support/filter_inputs.ts";
import { filterOf } from "../../../../tests/support/filters.ts";
import { Random } from "../../../../tests/support/random.ts";
import { randomDocument } from "../../../../tests/support/random_documents.ts";
import { randomPipeline } from "../../../../tests/support/random_pipelines.ts";
import { REALISTIC } from "../../../../tests/support/realistic_filters.ts";
import { variedFilters } from "../../../../tests/support/varied_filters.ts";
import { FilterPlan } from "./filter_plan.ts";

type Verdict = { readonly filterId: number; readonly data: Document };

function passesOf(plan: FilterPlan, input: Document): Verdict[] {
  return plan.run(input).passes.map(({ filter, data }) => ({ filterId: filter.filterId, data }));
}

function assertSameAsAlone(filters: readonly ActiveFilter[], inputs: readonly Document[]): number {
  const together = new FilterPlan(filters);
  const alone = filters.map((filter) => new FilterPlan([filter]));
  let passes = 0;
  for (const input of inputs) {
    const found = passesOf(together, input);
    assertEquals(found, alone.flatMap((plan) => passesOf(plan, input)));
    passes += found.length;
  }
  return passes;
}

describe("FilterPlan", () => {
  it("passes what each filter passes by itself: filters as groups have them", () => {
    const exercises = Object.values(REALISTIC).map((pipeline, i) => filterOf(pipeline, 1_000 + i));
    const filters = [...variedFilters(500), ...exercises];
    assert(assertSameAsAlone(filters, filterInputs({ simulated: 60 })) > 1_000);
  });

  it("passes what each filter passes by itself: random pipelines", () => {
    const random = new Random(7);
    const filters = Array.from({ length: 400 }, (_, i) => filterOf(randomPipeline(random), i));
    const inputs = Array.from({ length: 40 }, () => randomDocument(random));
    assert(assertSameAsAlone(filters, inputs) > 1_000);
  });

  it("finds filters by their limits, whatever stands at the field", () => {
    const operators = ["$gt", "$gte", "$lt", "$lte", "$eq"];
    const limits = [-1, 0, 1, 1.5, 2, new Double(3), 5n, Infinity];
    const filters = operators.flatMap((operator) => limits.map((limit) => ({ [operator]: limit })))
      .flatMap((condition, i) => [
        filterOf([{ $match: { "a.b": condition } }], 10 * i),
        filterOf([{ $match: { "a.b": { ...condition, $gte: 0 } } }], 10 * i + 1),
      ]);
    const values = [
      ...[-1, 0, -0, 1, 1.5, 2, 2.5, 5, NaN, Infinity, -Infinity, null, undefined, "1", true],
      ...[new Double(3), 5n, 2n ** 60n, [1, 5], [], { b: 1 }, new Date(1)],
    ];
    const inputs: Document[] = [
      ...values.map((b) => ({ a: { b } })),
      ...values.map((a) => ({ a })),
      { a: [{ b: 2 }, { b: -1 }] },
    ];
    assert(assertSameAsAlone(filters, inputs) > 100);
  });

  it("computes once what several filters ask for", () => {
    let asked = 0;
    const curve = [{ m: 18 }, { m: 19 }];
    const input = {
      get prv() {
        asked++;
        return curve;
      },
    };
    const brightest = { $min: { $map: { input: "$prv", as: "p", in: { $add: ["$$p.m", 0.5] } } } };
    const filters = Array.from(
      { length: 50 },
      (_, i) =>
        filterOf([{ $project: { [`x${i % 2}`]: brightest } }, {
          $match: { [`x${i % 2}`]: { $lt: 18 + i / 25 } },
        }], i),
    );
    const { passes } = new FilterPlan(filters).run(input);
    assertEquals(passes.length, 37);
    assertEquals(asked, 1);
  });

  it("leaves documents as they are, and shares with them what isn't changed", () => {
    const input = { a: { b: 1, c: [1, 2] }, d: { e: 2 } };
    const filter = filterOf([{ $addFields: { "a.b": 5 } }, { $unset: "a.x" }]);
    const { passes } = new FilterPlan([filter]).run(input);
    assertEquals(passes[0]!.data, { a: { b: 5, c: [1, 2] }, d: { e: 2 } });
    assertEquals(input, { a: { b: 1, c: [1, 2] }, d: { e: 2 } });
    assert(passes[0]!.data.d === input.d);
  });

  it("says which filters MongoDB has to run, and why", () => {
    const bucket = filterOf([{ $match: {} }, { $bucketAuto: { groupBy: "$a", buckets: 2 } }], 1);
    const misspelt = filterOf([{ $project: { x: { $ad: ["$a", 1] } } }], 2);
    const { uncompiled } = new FilterPlan([bucket, misspelt, filterOf([{ $match: {} }], 3)]);
    assertEquals([...uncompiled.keys()], [bucket, misspelt]);
    assert(uncompiled.get(bucket)!.includes("stage 2"), uncompiled.get(bucket));
    assert(uncompiled.get(misspelt)!.includes("stage 1"), uncompiled.get(misspelt));
  });

  it("tells of a filter that fails on an alert, and of no other alert", () => {
    const filter = filterOf([{ $project: { x: { $divide: [1, "$a"] } } }]);
    const plan = new FilterPlan([filter]);
    assertEquals(plan.run({ a: 0 }).failures.map((failure) => failure.filter), [filter]);
    assertEquals(plan.run({ a: 2 }).passes.map(({ data }) => data), [{ x: 0.5 }]);
    // What doesn't come to it is no failure.
    const guarded = filterOf([{ $match: { a: { $gt: 0 } } }, ...filter.pipeline]);
    assertEquals(new FilterPlan([guarded]).run({ a: 0 }).failures, []);
  });

  const doubled = (operator: string) => ({
    $reduce: {
      input: { $range: [0, 60] },
      initialValue: "$start",
      in: { [operator]: ["$$value", "$$value"] },
    },
  });
  const EXPENSIVE: Record<string, Document[]> = {
    "goes over a huge range": [{ $project: { x: { $size: { $range: [0, "$n"] } } } }],
    "goes over all pairs of all pairs": [{
      $project: {
        x: {
          $map: {
            input: "$many",
            as: "a",
            in: { $map: { input: "$many", as: "b", in: { $map: { input: "$many", in: "$$a" } } } },
          },
        },
      },
    }],
    "tries a pattern in all ways": [{ $match: { text: { $regex: "^(a+)+$" } } }],
    "doubles a text again and again": [{ $project: { x: doubled("$concat") } }],
    "doubles an array again and again": [{
      $project: { x: { ...doubled("$concatArrays") } },
    }],
    "unwinds arrays against each other": [
      { $project: { a: "$many", b: "$many", c: "$many" } },
      { $unwind: "$a" },
      { $unwind: "$b" },
      { $unwind: "$c" },
      { $count: "n" },
    ],
  };
  const expensive = {
    many: Array.from({ length: 300 }, (_, i) => i),
    text: `${"a".repeat(60)}b`,
    start: "ab",
    drb: 0.9,
    n: 3_000_000,
  };

  for (const [name, pipeline] of Object.entries(EXPENSIVE)) {
    it(`sets a filter aside that ${name}, and the others go on`, () => {
      const start = name.includes("array again") ? [1, 2] : "ab";
      const bad = filterOf(pipeline, 1);
      const others = Array.from(
        { length: 20 },
        (_, i) => filterOf([{ $match: { drb: { $gt: i / 20 } } }], 2 + i),
      );
      const plan = new FilterPlan([bad, ...others]);
      assertEquals(plan.uncompiled.size, 0);
      for (let alert = 0; alert < 5; alert++) {
        plan.now = new Date(alert);
        const { passes, failures, undecided } = plan.run({ ...expensive, start });
        assertEquals(passes.length, 18);
        assertEquals(undecided, []);
        assertEquals(failures.map(({ filter }) => filter), [bad]);
        if (alert >= 3) assert(failures[0]!.reason.includes("too expensive"), failures[0]!.reason);
      }
    });
  }

  it("lets a filter use what another one could not pay for", () => {
    const many = Array.from({ length: 1_000 }, (_, i) => i);
    const shared = { $sum: { $map: { input: "$many", as: "m", in: { $add: ["$$m", 1] } } } };
    const spends = {
      $size: { $map: { input: { $range: [0, 330] }, in: { $sum: { $range: [0, 3_000] } } } },
    };
    const bad = filterOf([{ $match: { $expr: { $gt: [{ $add: [spends, shared] }, 0] } } }], 1);
    const good = filterOf([{ $match: { $expr: { $gt: [shared, 0] } } }], 2);
    for (const filters of [[bad, good], [good, bad]]) {
      const { passes } = new FilterPlan(filters).run({ many });
      assert(passes.some(({ filter }) => filter === good));
    }
  });
});
