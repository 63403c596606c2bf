// Queries must match what a real MongoDB matches: random queries on random documents, by seed.
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { BSON } from "mongodb";
import { readDocument } from "../../../archive/bson_read.ts";
import { writeDocument } from "../../../archive/bson_write.ts";
import type { Document } from "../../../contract/document.ts";
import { type TestDatabase, testDatabase } from "../../../../tests/support/mongo.ts";
import { documents, queries } from "../../../../tests/support/filter_documents.ts";
import { StreamContext } from "../context.ts";
import { NotCompiled } from "../errors.ts";
import { compileQuery } from "./query.ts";

/** Pairs of a query and a document; the nightly run takes more. */
const IS_FULL = Deno.env.get("KOWALSKI_TEST_FULL") === "1";
const QUERIES = IS_FULL ? 4_000 : 250;
const DOCUMENTS = 25;
const SEED = Number(Deno.env.get("KOWALSKI_TEST_SEED") ?? 1);

describe("compileQuery()", () => {
  let database: TestDatabase;
  beforeAll(async () => void (database = await testDatabase()));
  afterAll(() => database[Symbol.asyncDispose]());

  it("matches what MongoDB matches", async () => {
    const db = database.client.db(database.name);
    let compiled = 0;
    let hits = 0;
    const differences: string[] = [];
    const samples = fc.sample(
      fc.tuple(queries(), fc.array(documents(), { minLength: DOCUMENTS, maxLength: DOCUMENTS })),
      {
        seed: SEED,
        numRuns: QUERIES,
      },
    );
    for (const [query, some] of samples) {
      const inputs = some.map((document, _id) => readDocument(writeDocument({ _id, ...document })));
      const expected = await db.aggregate([
        { $documents: { $literal: inputs } },
        { $match: query },
        { $project: { _id: 1 } },
      ]).toArray().then((rows) => rows.map(({ _id }) => _id as number), () => null);
      const found = ours(query, inputs);
      if (found === "not compiled") continue;
      compiled++;
      hits += found.length;
      if (JSON.stringify(found) === JSON.stringify(expected)) continue;
      const wrong = new Set(found).symmetricDifference(new Set(expected ?? []));
      const example = inputs.find(({ _id }) => wrong.has(_id as number));
      differences.push(`${show(query)} on ${show(example)}: MongoDB ${expected}, we ${found}`);
    }
    assertEquals(differences, []);
    assert(compiled > 0.8 * QUERIES, `${compiled} of ${QUERIES} queries were compiled`);
    assert(hits > 0.1 * compiled * DOCUMENTS);
  });
});

function ours(query: Document, inputs: readonly Document[]): number[] | "not compiled" {
  try {
    const predicates = compileQuery(query, StreamContext.root(() => new Date()));
    return inputs.filter((input) => predicates.every((each) => each.test(input)))
      .map(({ _id }) => _id as number);
  } catch (error) {
    if (error instanceof NotCompiled) return "not compiled";
    throw error;
  }
}

function show(value: unknown): string {
  return BSON.EJSON.stringify(value, { relaxed: false });
}
