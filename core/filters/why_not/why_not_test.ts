// What is told of a filter and an alert has to be what the filter does: verdict, stage and conditions.
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { filterInputs } from "../../../tests/support/filter_inputs.ts";
import { filterOf } from "../../../tests/support/filters.ts";
import { Random } from "../../../tests/support/random.ts";
import { randomDocument } from "../../../tests/support/random_documents.ts";
import { randomPipeline } from "../../../tests/support/random_pipelines.ts";
import { REALISTIC } from "../../../tests/support/realistic_filters.ts";
import type { Document } from "../../contract/document.ts";
import type { ConditionReport, WhyReport } from "../../contract/filter_reports.ts";
import { canonicalText } from "../engine/canonical.ts";
import { NotCompiled } from "../engine/errors.ts";
import { FilterPlan } from "../engine/plan/filter_plan.ts";
import { whyNot } from "./why_not.ts";
import { whyText } from "./why_text.ts";

const OPTIONS = {
  runElsewhere: () => Promise.reject(new NotCompiled("not in this test")),
  now: new Date("2026-11-26T00:00:00Z"),
  timeMsMax: 60_000,
  units: new Map([["candidate.magpsf", "mag"]]),
};
const tell = (pipeline: readonly Document[], input: Document) => whyNot(pipeline, input, OPTIONS);

/** True, false, or null where only MongoDB could tell, or the filter fails. */
function verdict(pipeline: readonly Document[], input: Document): boolean | null {
  const plan = new FilterPlan([filterOf([...pipeline])]);
  plan.now = OPTIONS.now;
  if (plan.uncompiled.size > 0) return null;
  const { passes, failures, undecided } = plan.run(input);
  return failures.length + undecided.length > 0 ? null : passes.length === 1;
}

/** A stage that lets nothing through has a condition that isn't fulfilled; one that lets it all through has none. */
function assertConditionsAgree({ stages }: WhyReport): void {
  for (const { name, in: before, out, conditions = [] } of stages) {
    if (name !== "$match" || before !== 1) continue;
    const all: readonly ConditionReport[] = conditions;
    if (out === 1) assertEquals(all.filter(({ holds }) => holds === false), []);
    else if (all.length > 0) assert(all.some(({ holds }) => holds !== true), Deno.inspect(all));
  }
}

describe("why not", () => {
  it("says of filters as groups have them what they do, alert by alert", async () => {
    const seen = new Map<boolean | null, number>();
    for (const pipeline of Object.values(REALISTIC)) {
      for (const input of filterInputs({ simulated: 12 })) {
        const report = await tell(pipeline, input);
        const passes = verdict(pipeline, input);
        seen.set(passes, (seen.get(passes) ?? 0) + 1);
        if (passes !== null) assertEquals(report.passes, passes);
        assertConditionsAgree(report);
        assert(whyText("this one", report).startsWith("this one: "));
      }
    }
    assert(seen.get(true)! > 50 && seen.get(false)! > 50, JSON.stringify([...seen]));
  });

  it("says of random pipelines what they do", async () => {
    const random = new Random(11);
    const seen = { same: 0, unknown: 0 };
    for (let i = 0; i < 600; i++) {
      const pipeline = randomPipeline(random);
      const input = randomDocument(random);
      const passes = verdict(pipeline, input);
      const report = await tell(pipeline, input);
      if (passes === null || report.stages.some(({ failure }) => failure !== undefined)) {
        seen.unknown++;
        continue;
      }
      assertEquals(report.passes, passes, canonicalText(pipeline));
      assertConditionsAgree(report);
      seen.same++;
    }
    assert(seen.same > 250, JSON.stringify(seen));
  });

  it("tells how far a value is from what is asked, and in which unit", async () => {
    const { stages } = await tell(
      [{ $match: { "candidate.magpsf": { $lt: 18 }, "candidate.fid": { $in: [1, 3] } } }],
      { candidate: { magpsf: 18.75, fid: 2 } },
    );
    const [magnitude, band] = stages[0]!.conditions!;
    const { way, by, unit } = magnitude!.short!;
    assertEquals([way, by, unit], ["over", 0.75, "mag"]);
    assertEquals([band!.holds, band!.found], [false, "it is 2"]);
  });

  it("names the alternative that is nearest", async () => {
    const { stages } = await tell(
      [{ $match: { $or: [{ a: { $gt: 10 } }, { a: { $lt: 1 } }] } }],
      { a: 9 },
    );
    const [either] = stages[0]!.conditions!;
    assertEquals(either!.holds, false);
    assert(JSON.stringify(either).includes("> 10"), JSON.stringify(either));
  });

  it("tells of what can't be run, and stops there", async () => {
    const report = await tell([{ $project: { x: { $divide: [1, "$zero"] } } }, { $match: {} }], {
      zero: 0,
    });
    assertEquals([report.passes, report.stopped_at, report.stages.length], [false, 1, 1]);
    assert(report.reason.includes("can't be run on this alert"), report.reason);
  });
});
