// Pipelines of one form give the same; those that may not have another form.
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { Random } from "../../../tests/support/random.ts";
import { type Document, Double } from "../../contract/document.ts";
import { StreamContext } from "../engine/context.ts";
import { NotCompiled } from "../engine/errors.ts";
import { compileQuery } from "../engine/match/query.ts";
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

  it("is the same for conditions only where they decide alike, whatever the document", () => {
    const random = new Random(31);
    const value = () =>
      random.pick<unknown>([0, 1, new Double(1), 1n, null, "a", [], [1], [[1]], /a/, true]);
    const operator = (): Document =>
      random.pick<() => Document>([
        () => ({ [random.pick(["$eq", "$ne", "$gt", "$lte"])]: value() }),
        () => ({ [random.pick(["$in", "$nin"])]: random.list(2, value) }),
        () => ({ $exists: random.pick([true, false, 0, 1]) }),
        () => ({ $not: operator() }),
        () => ({ $size: random.below(2) }),
      ])();
    const query = (depth = 0): Document =>
      random.pick<() => Document>([
        () => ({ a: value() }),
        () => ({ [random.pick(["a", "b"])]: operator() }),
        () => ({ a: operator(), b: operator() }),
        () =>
          depth > 1 ? {} : {
            [random.pick(["$and", "$or", "$nor"])]: [
              query(depth + 1),
              ...random.list(1, () => query(depth + 1)),
            ],
          },
      ])();
    const documents = Array.from({ length: 60 }, () =>
      Object.fromEntries(
        ["a", "b"].filter(() => random.chance(0.8)).map((
          name,
        ) => [name, random.pick([value(), "ab", 2, [0, 1]])]),
      ));
    // By their form, what each decides of the documents; null where it isn't told here.
    const known = new Map<string, { query: Document; decides: string }>();
    let same = 0;
    for (let i = 0; i < 20_000; i++) {
      const each = query();
      const decides = decisions(each, documents);
      if (decides === null) continue;
      const form = canonicalPipeline([{ $match: each }]);
      const other = known.get(form);
      if (!other) known.set(form, { query: each, decides });
      else {
        assertEquals(decides, other.decides, Deno.inspect([each, other.query], { depth: 9 }));
        same++;
      }
    }
    assert(same > 2_000 && known.size > 2_000, `${same} of ${known.size}`);
  });
});

function decisions(query: Document, documents: readonly Document[]): string | null {
  try {
    const predicates = compileQuery(query, StreamContext.root(() => new Date(0)));
    return documents.map((each) => predicates.every(({ test }) => test(each)) ? "1" : "0").join("");
  } catch (error) {
    if (error instanceof NotCompiled) return null;
    throw error;
  }
}
