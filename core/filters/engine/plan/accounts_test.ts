// A filter that can't be paid for is set aside, and stays so until it is changed.
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { filterInputs } from "../../../../tests/support/filter_inputs.ts";
import { filterOf } from "../../../../tests/support/filters.ts";
import { REALISTIC } from "../../../../tests/support/realistic_filters.ts";
import { Accounts } from "./accounts.ts";
import { FilterPlan } from "./filter_plan.ts";

const loop = (steps: number) => ({
  $match: { $expr: { $gte: [{ $size: { $range: ["$from", steps] } }, 0] } },
});
const reasonsOf = (plan: FilterPlan, alerts: number) =>
  Array.from({ length: alerts }, () => plan.run({ from: 0 }).failures.map(({ reason }) => reason))
    .flat();

describe("the account of a filter", () => {
  it("is kept while other filters change, and is closed when the filter does", () => {
    const accounts = new Accounts();
    const bad = filterOf([loop(2_000_000)], 1);
    assertEquals(reasonsOf(new FilterPlan([bad], accounts), 3).length, 3);
    const others = [filterOf([{ $match: {} }], 2), filterOf([{ $match: { from: 0 } }], 3)];
    accounts.keep([bad, ...others]);
    const [reason] = reasonsOf(new FilterPlan([bad, ...others], accounts), 1);
    assert(reason!.includes("too expensive 3 times"), reason);
    assert(reason!.includes("until it is changed"), reason);

    const versions = [
      { ...bad, fid: "other1" },
      // By hand, as the version that it was.
      { ...bad, pipeline: [loop(10)] },
    ];
    for (const changed of versions) {
      accounts.keep([changed]);
      const [first] = reasonsOf(new FilterPlan([changed], accounts), 1);
      assert(!first?.includes("until it is changed"), first);
    }
  });

  it("is empty in the end where each alert costs too much, though none costs more than it may", () => {
    const plan = new FilterPlan([filterOf([loop(300_000)], 1), filterOf([{ $match: {} }], 2)]);
    assertEquals(reasonsOf(plan, 10), []);
    const reasons = reasonsOf(plan, 10);
    assertEquals(reasons.length, 1, "it is told of once in a batch");
    assert(reasons[0]!.includes("must be <= 10000 an alert"), reasons[0]);
    plan.now = new Date();
    assertEquals(reasonsOf(plan, 10), reasons);
  });

  it("lets a filter have an alert now and then that costs a lot", () => {
    const plan = new FilterPlan([filterOf([loop(300_000)], 1)]);
    for (let i = 0; i < 1_000; i++) {
      const { passes } = plan.run({ from: i % 40 === 0 ? 0 : 300_000 });
      assertEquals(passes.length, 1);
    }
  });

  it("is hardly touched by what astronomers write", () => {
    const accounts = new Accounts();
    const filters = Object.values(REALISTIC).map((pipeline, i) => filterOf(pipeline, i));
    const plan = new FilterPlan(filters, accounts);
    for (let night = 0; night < 5; night++) {
      for (const input of filterInputs({ simulated: 40, real: true })) plan.run(input);
    }
    assertEquals(filters.filter((filter) => accounts.of(filter).aside !== undefined), []);
  });

  it("is closed at once where nothing but constants is too expensive", () => {
    const filter = filterOf([{ $project: { x: { $size: { $range: [0, 3_000_000] } } } }], 1);
    const plan = new FilterPlan([filter, filterOf([{ $match: {} }], 2)]);
    assertEquals(plan.uncompiled.size, 0, "MongoDB would have to pay for it");
    const { passes, failures } = plan.run({});
    assertEquals([passes.length, failures.map((failure) => failure.filter)], [1, [filter]]);
  });
});
