import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { BSON } from "mongodb";
import type { Answer, RawDocument } from "../../contract/query.ts";
import { writeAnswer } from "./json.ts";

async function write(answer: Answer): Promise<string> {
  return (await Array.fromAsync(writeAnswer(answer))).join("");
}

const data = async (answer: Answer) => JSON.parse(await write(answer)).data;
const raw = (n: number) => BSON.serialize({ n });

async function* given<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

describe("writeAnswer()", () => {
  it("writes the envelope, without data where there is none", async () => {
    assertEquals(
      await write(null),
      '{"status": "success", "message": "Successfully executed query"}',
    );
  });

  it("writes values and documents", async () => {
    assertEquals(await data({ kind: "value", value: 5 }), 5);
    assertEquals(await data({ kind: "value", value: ["b", "a"] }), ["b", "a"]);
    assertEquals(await data({ kind: "document", document: raw(1) }), { n: 1 });
  });

  it("writes lists, however they are cut", async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.array(fc.nat(9))), async (batches) => {
      const documents = given(batches.map((batch) => batch.map(raw)));
      assertEquals(
        await data({ kind: "list", documents }),
        batches.flat().map((n) => ({ n })),
      );
    }));
  });

  it("writes large replies in pieces", async () => {
    const batch = Array.from({ length: 50 }, () => BSON.serialize({ a: "x".repeat(10_000) }));
    const documents = given([batch, batch]);
    const pieces = await Array.fromAsync(writeAnswer({ kind: "list", documents }));
    assert(pieces.every((piece) => piece.length < 100_000));
    assertEquals(JSON.parse(pieces.join("")).data.length, 100);
  });

  it("writes matches with every catalog and every name, however they are cut", async () => {
    const matches = fc.array(fc.record({ at: fc.nat(4), documents: fc.array(fc.nat(9)) }));
    const catalogs = fc.uniqueArray(fc.string({ minLength: 1 }).filter((c) => c !== "__proto__"));
    await fc.assert(fc.asyncProperty(catalogs, matches, async (all, unordered) => {
      const names = ["a", 'b"', "c", "d", "e"];
      const inOrder = unordered.toSorted((a, b) => a.at - b.at);
      const wanted = Object.fromEntries(names.map((name, i) => [
        name,
        inOrder.filter(({ at }) => at === i).flatMap(({ documents }) =>
          documents.map((n) => ({ n }))
        ),
      ]));
      const found = await data({
        kind: "matches",
        catalogs: all,
        names,
        documents: () =>
          given(inOrder.map(({ at, documents }) => ({ at, documents: documents.map(raw) }))),
      });
      assertEquals(found, Object.fromEntries(all.map((catalog) => [catalog, wanted])));
    }));
  });

  it("writes no catalogs, and no names, as empty objects", async () => {
    const documents = () => given<{ at: number; documents: RawDocument[] }>([]);
    assertEquals(await data({ kind: "matches", catalogs: [], names: ["a"], documents }), {});
    assertEquals(await data({ kind: "matches", catalogs: ["c"], names: [], documents }), { c: {} });
  });
});
