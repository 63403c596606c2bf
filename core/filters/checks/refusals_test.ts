// What the checks call wrong a server refuses, and what they call well it takes.
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { isRefused } from "../../../tests/support/filter_oracle.ts";
import { malformedExpressions } from "../../../tests/support/malformed_expressions.ts";
import { type TestDatabase, testDatabase } from "../../../tests/support/mongo.ts";
import { Random } from "../../../tests/support/random.ts";
import { randomPipeline } from "../../../tests/support/random_pipelines.ts";
import { REALISTIC } from "../../../tests/support/realistic_filters.ts";
import type { Document } from "../../contract/document.ts";
import { canonicalText } from "../engine/canonical.ts";
import { COMPILED } from "../engine/expressions/operators.ts";
import { routeOf } from "../explain/stage_routes.ts";
import { checkFilter } from "./check_filter.ts";

/** Undefined: only MongoDB knows. */
function isCalledWrong(pipeline: readonly Document[]): boolean | undefined {
  const routes = routeOf(pipeline);
  const failing = routes.filter(({ failure }) => failure !== undefined);
  if (failing.length === 0) {
    return routes.some(({ runs }) => runs === "in MongoDB") ? undefined : false;
  }
  const { findings } = checkFilter(pipeline, undefined);
  for (const { stage, failure } of failing) {
    assert(
      findings.some(({ level, place, message }) =>
        level === "error" && place.startsWith(`stage ${stage}, `) && message === failure
      ),
      canonicalText(pipeline),
    );
  }
  return true;
}

describe("the checks and MongoDB", () => {
  let database: TestDatabase;
  beforeAll(async () => void (database = await testDatabase()));
  afterAll(() => database[Symbol.asyncDispose]());

  async function compare(pipelines: readonly (readonly Document[])[]) {
    const seen = { wrong: 0, well: 0, unknown: 0 };
    const differences: string[] = [];
    for (const pipeline of pipelines) {
      const wrong = isCalledWrong(pipeline);
      if (wrong === undefined) {
        seen.unknown++;
        continue;
      }
      const refused = await isRefused(database.client.db(database.name), pipeline);
      if (wrong !== refused) differences.push(`${canonicalText(pipeline)}: ${refused}`);
      seen[wrong ? "wrong" : "well"]++;
    }
    assertEquals(differences, []);
    return seen;
  }

  it("agree on filters as groups have them", async () => {
    const { wrong, well } = await compare(Object.values(REALISTIC));
    assertEquals(wrong, 0);
    assert(well > 40, String(well));
  });

  it("agree on random pipelines", async () => {
    const random = new Random(21);
    const pipelines = Array.from({ length: 500 }, () => randomPipeline(random))
      // These make a document of nothing, on which what follows may fail.
      .filter((pipeline) => !pipeline.some((stage) => "$facet" in stage));
    const { well } = await compare(pipelines);
    assert(well > 200, String(well));
  });

  it("agree on expressions that are nearly well", async () => {
    const random = new Random(22);
    const wrong = malformedExpressions(Object.keys(COMPILED));
    const stageOf = (expression: unknown) =>
      random.pick<Document>([
        { $project: { x: expression } },
        { $addFields: { "a.x": expression } },
        { $match: { $expr: expression } },
        { $group: { _id: expression } },
      ]);
    const pipelines = Array.from({ length: 400 }, () => [
      { $match: {} },
      stageOf(random.pick(wrong)),
    ]);
    const seen = await compare(pipelines);
    assert(seen.wrong > 100 && seen.well > 50, JSON.stringify(seen));
  });

  it("agree on stages that are written wrongly", async () => {
    const stages: Document[] = [
      { $match: 1 },
      { $match: { $where: "true" } },
      { $match: { a: { $gt: 1, b: 2 } } },
      { $match: { a: { $in: 1 } } },
      { $match: { $or: [] } },
      { $match: { a: { $regex: "(" } } },
      { $match: { a: { $size: -1 } } },
      { $project: {} },
      { $project: { a: 1, b: 0 } },
      { $project: { a: 1, "a.b": 1 } },
      { $addFields: 1 },
      { $unset: [] },
      { $unset: [1] },
      { $unwind: "a" },
      { $unwind: { path: "$a", more: 1 } },
      { $group: { a: { $sum: 1 } } },
      { $group: { _id: 1, a: { $nope: 1 } } },
      { $group: { _id: 1, a: 1 } },
      { $sort: {} },
      { $sort: { a: 2 } },
      { $limit: 0 },
      { $limit: -1 },
      { $skip: -1 },
      { $replaceRoot: {} },
      { $count: "" },
      { $count: "$a" },
      { $sortByCount: "a" },
      { $sortByCount: {} },
      { $sortByCount: 1 },
      { $bucket: { groupBy: "$a", boundaries: [2, 1] } },
      { $facet: {} },
      { $facet: { a: [{}] } },
      { $facet: { a: [{ $facet: { b: [] } }] } },
      { $nope: 1 },
    ];
    // Of those that aren't compiled it is MongoDB that tells what is wrong.
    const { well } = await compare(stages.map((stage) => [stage]));
    assertEquals(well, 0);
    for (const stage of stages) {
      assert(await isRefused(database.client.db(database.name), [stage]), canonicalText(stage));
    }
  });
});
