import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { BSON, type Document } from "mongodb";
import { documentsWith, INT64 } from "../../../tests/support/bson_documents.ts";
import type { TableAnswer } from "../format.ts";
import { type Row } from "./_columns.ts";
import { toTable } from "./_table.ts";

function list(...batches: Document[][]): TableAnswer {
  async function* documents() {
    for (const batch of batches) yield batch.map((document) => BSON.serialize(document));
  }
  return { kind: "list", documents: documents() };
}

async function read(answer: TableAnswer): Promise<{ columns: string[]; rows: Row[] }> {
  await using table = await toTable(answer);
  const rows: Row[] = [];
  for await (const some of table.rows()) rows.push(...some.rows);
  return { columns: table.columns.map(({ name, type }) => `${name}: ${type}`), rows };
}

/** As many as columns are made from. */
const SAMPLE = 1_000;

describe("a table's columns", () => {
  it("are the fields in the order in which they are met, those within with dots", async () => {
    assertEquals(await read(list([{ a: 1, b: { c: "x" } }, { d: null, b: { e: true } }])), {
      columns: ["a: long", "b.c: text", "d: json", "b.e: boolean"],
      rows: [[1n, "x", null, null], [null, null, null, true]],
    });
  });

  it("hold integers as such, and beside doubles as doubles, if these can hold them", async () => {
    const { columns, rows } = await read(list([
      { i: 1, id: 2n ** 60n, mixed: 1.5, lost: 1.5 },
      { i: 2n, id: 1, mixed: 7n, lost: 2n ** 60n + 1n },
    ]));
    assertEquals(columns, ["i: long", "id: long", "mixed: double", "lost: json"]);
    assertEquals(rows, [[1n, 2n ** 60n, 1.5, "1.5"], [2n, 1n, 7, `${2n ** 60n + 1n}`]]);
  });

  it("are JSON where a field has several types", async () => {
    const { columns, rows } = await read(list([{ a: "x" }, { a: 5 }, { a: [1] }, { a: null }]));
    assertEquals(columns, ["a: json"]);
    assertEquals(rows, [['"x"'], ["5"], ["[1]"], [null]]);
  });

  it("leave no column to an object that is null here and there", async () => {
    const { columns, rows } = await read(list([{ a: null }, { a: { b: 1 } }]));
    assertEquals([columns, rows], [["a.b: long"], [[null], [1n]]]);
  });

  it("are those of the first thousand; what comes later besides is in _other", async () => {
    const first = Array.from({ length: SAMPLE }, () => ({ a: 1, b: 1.5, c: null, d: "x" }));
    const later = { a: "text", b: 2n ** 60n, c: 2.5, d: "y", e: { f: [NaN] } };
    const { columns, rows } = await read(list(first, [later, { a: 2, b: 3n }]));
    assertEquals(columns, ["a: long", "b: double", "c: json", "d: text", "_other: json"]);
    assertEquals(rows.slice(SAMPLE), [
      [
        null,
        null,
        "2.5",
        "y",
        `{"a": "text", "b": ${2n ** 60n}, "e.f": [{"$numberDouble": "NaN"}]}`,
      ],
      [2n, 3, null, null, null],
    ]);
  });

  it("are two thousand at most: names may be data", async () => {
    const wide = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`star ${i}`, i]));
    const { columns, rows } = await read(list([wide]));
    assertEquals(columns.length, 2_001);
    assertEquals(Object.keys(JSON.parse(rows[0]![2_000] as string)).length, 1_000);
  });

  it("of matches begin with catalog and position; each catalog's fields are there", async () => {
    const { columns, rows } = await read({
      kind: "matches",
      catalogs: ["Gaia", "ZTF"],
      names: ["p", "q"],
      async *documents(catalog) {
        const document = catalog === "Gaia" ? { mag: 1.5, _catalog: "mine" } : { candid: 7n };
        yield { at: 1, documents: [BSON.serialize(document)] };
      },
    });
    assertEquals(columns.slice(0, 3), ["_catalog: text", "_position: text", "mag: double"]);
    assertEquals(rows.map((row) => row.slice(0, 2)), [["Gaia", "q"], ["ZTF", "q"]]);
    assertEquals(columns.includes("candid: long"), true);
  });

  it("lose no value of any documents", async () => {
    const anyDocument = documentsWith(
      fc.oneof(INT64, fc.double(), fc.uint8Array().map((bytes) => new BSON.Binary(bytes))),
    );
    await fc.assert(fc.asyncProperty(fc.array(anyDocument, { maxLength: 5 }), async (documents) => {
      const { columns, rows } = await read(list(documents));
      assertEquals(rows.length, documents.length);
      for (const [i, row] of rows.entries()) {
        const found = row.filter((cell) => cell !== null).length;
        const hasOther = columns.at(-1) === "_other: json" && row.at(-1) !== null;
        const other = hasOther ? Object.keys(JSON.parse(row.at(-1) as string)).length - 1 : 0;
        assertEquals(found + other, leaves(documents[i]));
      }
      assert(columns.length <= 2_001);
    }));
  });
});

/** How many values the document holds that are no documents, and not null. */
function leaves(value: unknown): number {
  if (value === null || value === undefined) return 0;
  const isDocument = [Object.prototype, null].includes(Object.getPrototypeOf(value));
  if (!isDocument) return 1;
  return Object.values(value as Document).reduce((sum, inner) => sum + leaves(inner), 0);
}
