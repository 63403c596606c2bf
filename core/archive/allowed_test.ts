import { describe, it } from "@std/testing/bdd";
import { assertThrows } from "@std/assert";
import type { Document } from "../contract/document.ts";
import { QueryError } from "../contract/query.ts";
import { checkExpression, checkFilterPipeline, checkPipeline } from "./allowed.ts";

describe("checkPipeline()", () => {
  for (
    const [what, pipeline] of [
      ["writes with $out", [{ $out: "x" }]],
      ["writes with $merge", [{ $match: {} }, { $merge: { into: "x" } }]],
      ["reads another collection with $unionWith", [{ $unionWith: "users" }]],
      ["hides $unionWith in $facet", [{ $facet: { a: [{ $unionWith: "users" }] } }]],
      ["hides $unionWith in $lookup", [{
        $lookup: { from: "x", as: "y", pipeline: [{ $unionWith: "users" }] },
      }]],
      ["hides $out two levels deep", [{
        $facet: { a: [{ $lookup: { from: "x", as: "y", pipeline: [{ $out: "z" }] } }] },
      }]],
      ["looks at other people's work", [{ $currentOp: {} }]],
      ["lists sessions", [{ $listSessions: {} }]],
      ["reads statistics", [{ $collStats: {} }]],
      ["reads plans", [{ $planCacheStats: {} }]],
      ["reads indexes", [{ $indexStats: {} }]],
      ["watches for ever", [{ $changeStream: {} }]],
      ["makes documents up", [{ $documents: [] }]],
      ["misspells a stage", [{ $matc: {} }]],
    ] as [string, Document[]][]
  ) {
    it(`refuses a pipeline that ${what}`, () => {
      assertThrows(
        () => checkPipeline(pipeline),
        QueryError,
        "Pipeline uses forbidden stages: {'$",
      );
    });
  }

  it("names all forbidden stages of a level", () => {
    assertThrows(
      () => checkPipeline([{ $out: "x" }, { $match: {} }, { $merge: "y" }]),
      QueryError,
      "Pipeline uses forbidden stages: {'$out', '$merge'}",
    );
  });

  for (
    const [what, pipeline] of [
      ["$function in $project", [{ $project: { a: { $function: { body: "f", args: [] } } } }]],
      ["$accumulator in $group", [{ $group: { _id: 1, a: { $accumulator: {} } } }]],
      ["$where in $match", [{ $match: { $where: "sleep(1000)" } }]],
      ["$where below $elemMatch", [{ $match: { a: { $elemMatch: { $where: "1" } } } }]],
      ["$function below $expr", [{ $match: { $expr: { $function: {} } } }]],
      ["$function in $facet", [{ $facet: { a: [{ $set: { b: { $function: {} } } }] } }]],
      ["$where in $lookup.pipeline", [{
        $lookup: { from: "x", as: "y", pipeline: [{ $match: { $where: "1" } }] },
      }]],
      ["$where in $graphLookup", [{ $graphLookup: { restrictSearchWithMatch: { $where: "1" } } }]],
      ["$where in $geoNear", [{ $geoNear: { query: { $where: "1" } } }]],
      ["$function in $lookup.let", [{ $lookup: { from: "x", let: { a: { $function: {} } } } }]],
      ["an operator nobody knows", [{ $set: { a: { $brandNew: 1 } } }]],
      ["$function in a list of lists", [{ $set: { a: [[{ $function: {} }]] } }]],
    ] as [string, Document[]][]
  ) {
    it(`refuses ${what}`, () => {
      assertThrows(() => checkPipeline(pipeline), QueryError, "an operator that isn't allowed: $");
    });
  }

  for (
    const [what, pipeline, message] of [
      ["a stage without a name", [{}], "pipeline[0] as a stage must be an object with one key"],
      ["a stage with two names", [{ $match: {}, $out: "x" }], "with one key"],
      ["a stage that is text", ["$match"], "with one key"],
      ["a stage that is a list", [[]], "with one key"],
      ["a facet that is no pipeline", [{ $facet: { a: {} } }], "$facet.a as it must be a list"],
      ["201 stages", Array(201).fill({ $match: {} }), "stages must be <= 200"],
      [
        "201 stages on two levels",
        [{ $facet: { a: Array(100).fill({ $match: {} }), b: Array(100).fill({ $match: {} }) } }],
        "stages must be <= 200",
      ],
    ] as [string, Document[], string][]
  ) {
    it(`refuses ${what}`, () => {
      assertThrows(() => checkPipeline(pipeline), QueryError, message);
    });
  }

  it("lets pass what filters and notebooks use", () => {
    checkPipeline([
      { $match: { "candidate.drb": { $gt: 0.5 }, $expr: { $lt: ["$a", "$b"] } } },
      { $lookup: { from: "ZTF_alerts_aux", localField: "objectId", foreignField: "_id", as: "a" } },
      {
        $project: {
          n: {
            $size: {
              $filter: { input: "$prv", as: "p", cond: { $and: [{ $lt: ["$$p.magpsf", 19] }] } },
            },
          },
          m: { $reduce: { input: "$x", initialValue: 0, in: { $add: ["$$value", "$$this"] } } },
        },
      },
      { $unwind: "$a" },
      { $group: { _id: "$objectId", n: { $sum: 1 }, all: { $push: "$$ROOT" } } },
      { $setWindowFields: { sortBy: { jd: 1 }, output: { d: { $derivative: { input: "$m" } } } } },
      { $facet: { a: [{ $count: "n" }], b: [{ $sample: { size: 3 } }] } },
      { $replaceRoot: { newRoot: { $mergeObjects: ["$a", "$b"] } } },
      { $sort: { jd: -1 } },
      { $skip: 1 },
      { $limit: 2 },
    ]);
  });
});

describe("checkFilterPipeline()", () => {
  it("refuses what reads other collections, which a query may, in whatever depth", () => {
    for (const name of ["$lookup", "$graphLookup", "$geoNear", "$unionWith", "$merge", "$out"]) {
      const stages = [{ $match: {} }, { [name]: { from: "users" } }];
      for (const pipeline of [stages, [{ $facet: { a: stages } }]]) {
        assertThrows(
          () => checkFilterPipeline(pipeline),
          QueryError,
          `pipeline uses forbidden stages: {'${name}'}`,
        );
      }
    }
    checkPipeline([{ $lookup: { from: "stars", localField: "a", foreignField: "b", as: "c" } }]);
  });

  it("refuses what is no list of stages", () => {
    for (const pipeline of [{}, "[]", 1, [1], [[]], [{}], [{ $match: {}, $limit: 1 }]]) {
      assertThrows(() => checkFilterPipeline(pipeline), QueryError, "must be");
    }
  });
});

describe("checkExpression()", () => {
  it("refuses $where wherever it stands in a filter", () => {
    for (const filter of [{ $where: "1" }, { $and: [{ a: 1 }, { $nor: [{ $where: "1" }] }] }]) {
      assertThrows(() => checkExpression(filter), QueryError, "$where");
    }
  });

  it("refuses more values than any query has", () => {
    const filter = { _id: { $in: Array.from({ length: 500_001 }, (_, i) => i) } };
    assertThrows(() => checkExpression(filter), QueryError, "values must be <= 500000");
  });

  it("lets pass the query language", () => {
    checkExpression({
      a: { $in: [1, 2], $nin: [3], $ne: null, $exists: true, $not: { $lt: 5 } },
      $or: [{ b: { $elemMatch: { $gt: 1, $lte: 2 } } }, { c: { $all: [1] } }, { d: { $size: 2 } }],
      e: { $regex: "^ZTF", $options: "i" },
      f: { $geoWithin: { $centerSphere: [[0, 0], 1] } },
      g: { $geoWithin: { $geometry: { type: "Polygon", coordinates: [] } } },
      h: { $nearSphere: [0, 0], $maxDistance: 1, $minDistance: 0 },
      i: { $type: "double" },
    });
  });
});
