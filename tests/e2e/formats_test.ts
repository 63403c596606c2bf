/** Answers in forms other than JSON, through the whole chain, read by what people read them with. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { BSON, type Document } from "mongodb";
import { loadFolder } from "../../core/base/registry.ts";
import type { FormatDef } from "../../core/server/format.ts";
import { startApi, type TestApi } from "../support/api.ts";
import { findPython } from "../support/python.ts";

const { Double, Long } = BSON;
const SCRIPT = new URL("./formats_client.py", import.meta.url).pathname;
/** More than columns are made from, in whatever replies they come. */
const DOCUMENTS = 7_500;

const python = await findPython({
  packages: ["pyarrow==26.0.1", "pandas==3.1.1", "astropy==8.0.2"],
  has: "import pyarrow, pandas, astropy",
  // They are 200 MB.
  install: Deno.env.get("KOWALSKI_TEST_FULL") === "1",
});
if (python === null) {
  console.log("Skipped: pyarrow, pandas and astropy aren't here (KOWALSKI_TEST_VENV, or FULL=1)");
}

const formats = await loadFolder<FormatDef>(
  new URL("../../core/server/formats/", import.meta.url),
);

let api: TestApi;
before(async () => {
  api = await startApi();
  const db = api.database.client.db(api.database.name);
  const coordinates = { radec_geojson: { type: "Point", coordinates: [-133, 9.36] } };
  await db.collection<Document>("ZTF_alerts").insertMany(
    Array.from({ length: DOCUMENTS }, (_, i) => ({
      candid: Long.fromBigInt(1127561445515015011n + BigInt(i)),
      name: ['é ☆ "x", <&>', "", " a\n\tb ", "NaN"][i % 4],
      candidate: {
        programid: 1,
        jd: new Double(2460000 + i),
        magpsf: [17.5, NaN, null, Infinity, -Infinity, 1e-7][i % 6],
        ...i % 3 === 0 ? {} : { fid: i % 3 },
      },
      list: [i, { a: 1.5 }],
      seen: new Date(Date.UTC(2023, 5, 23, 15, 42, 26, i)),
      flag: i % 2 === 0,
      cutoutScience: new BSON.Binary(new Uint8Array([i % 256, 0])),
      coordinates,
      ...i === 7_400 ? { late: true } : {},
    })),
  );
  await db.collection<Document>("Gaia").insertOne({ mag: 1, coordinates });
});
after(() => api[Symbol.asyncDispose]());

async function ask(query: unknown, accept: string): Promise<Response> {
  return await fetch(`${api.edge.url}/api/queries`, {
    method: "POST",
    headers: { authorization: await api.token(), accept, "accept-encoding": "identity" },
    body: JSON.stringify(query),
  });
}

const find = (filter: unknown, kwargs = {}) => ({
  query_type: "find",
  query: { catalog: "ZTF_alerts", filter, projection: { _id: 0, candid: 1 } },
  kwargs,
});

describe("the form of an answer", () => {
  it("is JSON for whoever says nothing, or anything, or what we don't have", async () => {
    for (const accept of ["*/*", "application/json", "text/html", "text/csv;q=0, */*", ""]) {
      const response = await ask(find({}, { limit: 1 }), accept);
      assertEquals(response.headers.get("content-type"), "application/json; charset=utf-8");
      assertEquals((await response.json()).status, "success");
    }
  });

  it("is what is liked best", async () => {
    const response = await ask(find({}, { limit: 1 }), "text/csv;q=0.5, application/x-ndjson");
    assertEquals(response.headers.get("content-type"), "application/x-ndjson");
    assertEquals(await response.text(), '{"candid": 1127561445515015011}\n');
  });

  it("is JSON for errors, and for what isn't made of documents", async () => {
    const wrong = await ask(find({ candid: { $nope: 1 } }), "text/csv");
    assertEquals([wrong.status, (await wrong.json()).status], [400, "error"]);
    const late = await ask(find({ $expr: { $divide: [1, 0] } }), "application/vnd.apache.parquet");
    assertEquals([late.status, (await late.json()).status], [400, "error"]);
    const query = { catalog: "ZTF_alerts", filter: {} };
    const count = await ask({ query_type: "count_documents", query }, "text/csv");
    assertEquals((await count.json()).data, DOCUMENTS);
  });

  it("has what later documents hold besides in a column of its own", async () => {
    const response = await ask({
      ...find({}),
      query: { ...find({}).query, projection: { late: 1 } },
    }, "text/csv");
    const lines = (await response.text()).split("\n");
    assertEquals(lines[0], "_id,_other");
    assertEquals(lines.filter((line) => line.includes("late")).length, 1);
  });
});

describe("a large answer", () => {
  const ROWS = 4_000;
  /** Not to be compressed away. */
  const ROW_BYTES = 10_000;

  before(async () => {
    const { client, name } = api.database;
    const text = () => crypto.getRandomValues(new Uint8Array(ROW_BYTES * 3 / 4)).toBase64();
    const rows = Array.from({ length: ROWS }, (_, i) => ({ _id: i, text: text() }));
    await client.db(name).collection<Document>("large").insertMany(rows as Document[]);
  });

  /** On the server: what they are of has not been read to its end. */
  async function openCursors(): Promise<number> {
    const { client, name } = api.database;
    return (await client.db("admin").aggregate([
      { $currentOp: { idleCursors: true } },
      { $match: { ns: `${name}.large`, "cursor.cursorId": { $exists: true } } },
    ]).toArray()).length;
  }

  for (const { name, mediaTypes: [type] } of formats.values()) {
    it(`begins before the archive is read to the end, and is whole: ${name}`, async () => {
      const query = { query_type: "find", query: { catalog: "large", filter: {} } };
      const reader = (await ask(query, type)).body!.getReader();
      let bytes = (await reader.read()).value!.length;
      assertEquals(await openCursors(), 1);
      for (let step = await reader.read(); !step.done; step = await reader.read()) {
        bytes += step.value.length;
      }
      assert(bytes > ROWS * ROW_BYTES, `${bytes}`);
      assertEquals(await openCursors(), 0);
    });
  }
});

describe("pyarrow, pandas and astropy", () => {
  it(
    "read what was asked for: ids exact, NaN and null apart",
    { skip: python === null },
    async () => {
      const file = await Deno.makeTempFile({ suffix: ".xml" });
      const { success, stdout, stderr } = await new Deno.Command(python!, {
        args: [SCRIPT, `${api.edge.url}/api/queries`, await api.token(), file],
      }).output();
      await Deno.remove(file);
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      assertEquals(success, true, text(stderr));
      assertEquals(JSON.parse(text(stdout).trim().split("\n").at(-1)!), {
        documents: DOCUMENTS,
        has_nan: true,
        has_null: true,
        ndjson: true,
        parquet: true,
        parquet_pandas: true,
        csv: true,
        votable: true,
        votable_valid: true,
        matches: true,
        empty: true,
      });
    },
  );
});
