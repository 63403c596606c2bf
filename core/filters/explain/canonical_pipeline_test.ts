// Pipelines of one form give the same; those that may not have another form.
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { type Document, Double } from "../../contract/document.ts";
import { canonicalPipeline } from "./canonical_pipeline.ts";

const drb = { "candidate.drb": { $gt: 0.5 } };
const band = { "candidate.fid": 1 };

describe("canonicalPipeline()", () => {
  const SAME: [string, Document[], Document[]][] = [
    ["the order of conditions", [{ $match: { ...drb, ...band } }], [{
      $match: { ...band, ...drb },
    }]],
    ["one stage or two", [{ $match: { ...drb, ...band } }], [{ $match: drb }, { $match: band }]],
    ["an $and", [{ $match: { $and: [drb, band] } }], [{ $match: { ...drb, ...band } }]],
    ["nested $and", [{ $match: { $and: [{ $and: [drb] }, band] } }], [{
      $match: { ...drb, ...band },
    }]],
    ["$eq", [{ $match: { "candidate.fid": { $eq: 1 } } }], [{ $match: band }]],
    ["$in of one", [{ $match: { "candidate.fid": { $in: [1] } } }], [{ $match: band }]],
    ["$set", [{ $set: { a: 1 } }], [{ $addFields: { a: 1 } }]],
    ["$replaceWith", [{ $replaceWith: "$a" }], [{ $replaceRoot: { newRoot: "$a" } }]],
    ["$unset", [{ $unset: ["b", "a"] }], [{ $project: { a: 0, b: false } }]],
    ["$unwind", [{ $unwind: "$a" }], [{ $unwind: { path: "$a" } }]],
    ["a comment", [{ $match: { ...drb, $comment: "why" } }], [{ $match: drb }]],
    ["flags", [{ $project: { a: 1, b: new Double(1) } }], [{ $project: { a: true, b: 1 } }]],
  ];
  for (const [what, a, b] of SAME) {
    it(`is the same but for ${what}`, () =>
      assertEquals(canonicalPipeline(a), canonicalPipeline(b)));
  }

  const OTHER: [string, Document[], Document[]][] = [
    ["another limit", [{ $match: drb }], [{ $match: { "candidate.drb": { $gt: 0.6 } } }]],
    ["another operator", [{ $match: drb }], [{ $match: { "candidate.drb": { $gte: 0.5 } } }]],
    ["$or in place of $and", [{ $match: { $or: [drb, band] } }], [{
      $match: { $and: [drb, band] },
    }]],
    ["conditions around a computation", [{ $match: drb }, { $set: { a: 1 } }], [
      { $set: { a: 1 } },
      { $match: drb },
    ]],
    ["the order of fields that are kept", [{ $project: { a: 1, b: 1 } }], [{
      $project: { b: 1, a: 1 },
    }]],
    ["a number and its text", [{ $match: { a: 1 } }], [{ $match: { a: "1" } }]],
    ["an integer and a double that comes out", [{ $set: { a: 1 } }], [{
      $set: { a: new Double(1) },
    }]],
  ];
  for (const [what, a, b] of OTHER) {
    it(`differs by ${what}`, () => assert(canonicalPipeline(a) !== canonicalPipeline(b)));
  }
});
