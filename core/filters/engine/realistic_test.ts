// Filters that astronomers write must pass in process what they pass in a real MongoDB, byte for byte.
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { readDocument } from "../../archive/bson_read.ts";
import { writeDocument } from "../../archive/bson_write.ts";
import type { Document } from "../../contract/document.ts";
import { filterInputs } from "../../../tests/support/filter_inputs.ts";
import { filterOf } from "../../../tests/support/filters.ts";
import { type TestDatabase, testDatabase } from "../../../tests/support/mongo.ts";
import { REALISTIC } from "../../../tests/support/realistic_filters.ts";
import { FilterPlan } from "./plan/filter_plan.ts";

describe("realistic filters", () => {
  let database: TestDatabase;
  const inputs = filterInputs({ simulated: 40, real: true });
  const filters = Object.values(REALISTIC).map((pipeline, i) => filterOf(pipeline, i));
  const plan = new FilterPlan(filters);
  const outcomes = inputs.map((input) => plan.run(input));
  beforeAll(async () => void (database = await testDatabase()));
  afterAll(() => database[Symbol.asyncDispose]());

  it("are all compiled", () => {
    assertEquals([...plan.uncompiled.values()], []);
  });

  it("each pass some of the alerts, and most not all of them", () => {
    const counts = filters.map((filter) =>
      outcomes.filter(({ passes }) => passes.some((pass) => pass.filter === filter)).length
    );
    const names = Object.keys(REALISTIC);
    assertEquals(
      names.filter((_, i) => counts[i] === 0).length < 12,
      true,
      names.filter((_, i) => counts[i] === 0).join(),
    );
    assert(counts.filter((count) => count < inputs.length).length > names.length / 2);
  });

  for (const [i, [name, pipeline]] of Object.entries(REALISTIC).entries()) {
    it(`give what MongoDB gives: ${name}`, async () => {
      const db = database.client.db(database.name);
      for (const [n, input] of inputs.entries()) {
        const before = writeDocument(input).toBase64();
        const rows = await db.aggregate([{ $documents: { $literal: [input] } }, ...pipeline], {
          raw: true,
        }).toArray().then(
          (raw) => raw.map((bytes) => readDocument(bytes as unknown as Uint8Array)),
          (error: Error) => error.message,
        );
        const { passes, failures, undecided } = outcomes[n]!;
        const pass = passes.find(({ filter }) => filter === filters[i]);
        const failure = failures.find(({ filter }) => filter === filters[i]);
        const expected = typeof rows !== "string" && rows.length === 1 ? rows[0] : undefined;
        assertEquals(read(pass?.data), expected, failure?.reason);
        if (failure) assertEquals(typeof rows, "string", failure.reason);
        assertEquals(undecided, []);
        assertEquals(writeDocument(input).toBase64(), before);
      }
    });
  }
});

function read(data: Document | undefined): Document | undefined {
  return data && readDocument(writeDocument(data));
}
