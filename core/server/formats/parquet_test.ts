import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { BSON, type Document } from "mongodb";
import type { TableAnswer } from "../format.ts";
import parquet from "./parquet.ts";

async function written(answer: TableAnswer): Promise<ArrayBuffer> {
  const pieces = await Array.fromAsync(parquet.write(answer, { isSent: false }));
  return await new Blob(pieces).arrayBuffer();
}

function list(...batches: Document[][]): TableAnswer {
  async function* documents() {
    for (const batch of batches) yield batch.map((document) => BSON.serialize(document));
  }
  return { kind: "list", documents: documents() };
}

describe("Parquet", () => {
  it("holds every value as it was, null and NaN apart, ids exact", async () => {
    const bytes = new Uint8Array([0, 255]);
    const file = await written(list([
      {
        candid: 1127561445515015011n,
        mag: NaN,
        name: "é ☆",
        at: new Date(1.7e12),
        is: true,
        bytes: new BSON.Binary(bytes),
        list: [1n, "x"],
        within: { x: -(2n ** 63n) },
      },
      { candid: 2, mag: null },
      { mag: -Infinity, name: "" },
    ]));
    const nothing = { name: null, at: null, is: null, bytes: null, list: null, "within.x": null };
    assertEquals(await parquetReadObjects({ file, utf8: false }), [
      {
        candid: 1127561445515015011n,
        mag: NaN,
        name: "é ☆",
        at: new Date(1.7e12),
        is: true,
        bytes,
        list: '[1, "x"]',
        "within.x": -(2n ** 63n),
      },
      { ...nothing, candid: 2n, mag: null },
      { ...nothing, candid: null, mag: -Infinity, name: "" },
    ]);
  });

  it("comes in row groups of some megabytes, which together are all rows", async () => {
    const stamp = new BSON.Binary(crypto.getRandomValues(new Uint8Array(60_000)));
    const batches = Array.from(
      { length: 10 },
      (_, i) => Array.from({ length: 50 }, (_, j) => ({ i: 50 * i + j, stamp })),
    );
    const file = await written(list(...batches));
    const { row_groups, num_rows } = parquetMetadata(file);
    assertEquals(num_rows, 500n);
    assert(row_groups.length > 2, String(row_groups.length));
    const rows = await parquetReadObjects({ file, columns: ["i"] });
    assertEquals(rows.map(({ i }) => Number(i)), Array.from({ length: 500 }, (_, i) => i));
  });

  it("without documents is a table without rows", async () => {
    assertEquals(await parquetReadObjects({ file: await written(list()) }), []);
  });
});
