/** What clients' queries cost behind an edge with several cores: work is shared, paced, and ended. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Db, Document } from "mongodb";
import { ADMIN } from "../support/api.ts";
import { until } from "../support/until.ts";
import { type Fleet, startFleet } from "./_instances.ts";

const FULL = Deno.env.get("KOWALSKI_TEST_FULL") === "1";
/** Of each of the two catalogs, one on each core: more than the buffers of all sockets hold. */
const ROWS = FULL ? 10_000 : 2_500;
const ROW_BYTES = 10_000;
const ANSWER_MB = 2 * ROWS * ROW_BYTES / 1e6;
/** What the edge may take for an answer, however large it is. */
const EDGE_MB_MAX = 100;

let fleet: Fleet;
let token: string;

before(async () => {
  fleet = await startFleet(["large_a", "large_b"].map((name) => (db) => fill(db, name)), 1);
  const body = JSON.stringify(ADMIN);
  const response = await fetch(`${fleet.edges[0]!.url}/api/auth`, { method: "POST", body });
  token = (await response.json()).token;
});
after(() => fleet[Symbol.asyncDispose]());

/** Rows at one place. */
async function fill(db: Db, name: string): Promise<void> {
  const text = crypto.getRandomValues(new Uint8Array(ROW_BYTES * 3 / 4)).toBase64();
  const coordinates = { radec_geojson: { type: "Point", coordinates: [-170, 5] } };
  for (let from = 0; from < ROWS; from += 500) {
    const rows = Array.from({ length: 500 }, (_, i) => ({
      ...{ _id: from + i, text, coordinates } as Document,
    }));
    await db.collection<Document>(name).insertMany(rows);
  }
  await db.collection(name).createIndex({ "coordinates.radec_geojson": "2dsphere" });
  await db.command({ profile: 2 });
}

function query(body: unknown, signal?: AbortSignal): Promise<Response> {
  return fetch(`${fleet.edges[0]!.url}/api/queries`, {
    method: "POST",
    headers: { authorization: token, "accept-encoding": "identity" },
    body: JSON.stringify(body),
    ...signal && { signal },
  });
}

const WHOLE_SKY = {
  query_type: "cone_search",
  query: {
    object_coordinates: {
      cone_search_radius: 1,
      cone_search_unit: "arcsec",
      radec: { here: [10, 5] },
    },
    catalogs: { large_b: {}, large_a: {} },
  },
};

/** Cursors of a core's catalog that are open on the server. */
async function openCursors(at: number): Promise<number> {
  const db = fleet.dbs[at]!;
  const found = await db.client.db("admin").aggregate([
    { $currentOp: { idleCursors: true } },
    {
      $match: {
        ns: new RegExp(`^${db.databaseName}\\.large`),
        "cursor.cursorId": { $exists: true },
      },
    },
  ]).toArray();
  return found.length;
}

const allCursors = async () => await openCursors(0) + await openCursors(1);

/** Aggregations of the first core's catalog that have run, and that are running. */
async function slowRuns(): Promise<{ ended: number; running: number }> {
  const db = fleet.dbs[0]!;
  const ended = await db.collection("system.profile")
    .countDocuments({ "command.aggregate": "large_a", "command.comment": ADMIN.username });
  const running = await db.client.db("admin").aggregate([
    { $currentOp: {} },
    { $match: { ns: `${db.databaseName}.large_a`, "command.aggregate": "large_a" } },
  ]).toArray();
  return { ended, running: running.length };
}

/** Takes the server some microseconds a step, for each row; `tag` makes it another query. */
function slow(steps: number, tag: string) {
  const sines = {
    $map: { input: { $range: [0, steps] }, in: { $sin: { $add: ["$_id", "$$this"] } } },
  };
  return {
    query_type: "aggregate",
    query: {
      catalog: "large_a",
      pipeline: [
        { $project: { x: { $sum: sines } } },
        { $group: { _id: tag, n: { $sum: { $cond: [{ $gt: ["$x", -1e9] }, 1, 0] } } } },
      ],
    },
  };
}
const STEPS = 1_000;

/** Of the edge's process, MB. */
async function edgeMemory(): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${fleet.edges[0]!.pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
}

describe("an answer from several cores", () => {
  it(`of ${ANSWER_MB} MB is whole, in order, and never in the edge's memory`, async () => {
    await (await query(slow(1, "warm"))).body?.cancel();
    const before = await edgeMemory();
    let peak = before;
    const response = await query(WHOLE_SKY);
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for await (const chunk of response.body!) {
      chunks.push(chunk);
      if (chunks.length % 50 === 0) peak = Math.max(peak, await edgeMemory());
    }
    const { data } = await new Response(new Blob(chunks)).json();
    assertEquals(Object.keys(data), ["large_b", "large_a"]);
    for (const { here } of Object.values<{ here: Document[] }>(data)) {
      assertEquals(new Set(here.map(({ _id }) => _id)).size, ROWS);
    }
    console.log(`${ANSWER_MB} MB: the edge took ${Math.round(peak - before)} MB more`);
    if (Deno.build.os === "linux") assert(peak - before < EDGE_MB_MAX, `${peak - before} MB`);
  });

  it("waits for its client, and keeps nobody else waiting", async () => {
    const response = await query(WHOLE_SKY);
    const reader = response.body!.getReader();
    await reader.read();
    const count = { query_type: "count_documents", query: { catalog: "large_b", filter: {} } };
    for (let i = 0; i < 20; i++) assertEquals((await (await query(count)).json()).data, ROWS);
    assertEquals(await openCursors(0), 1); // What comes last in the slow one has not been read.
    await reader.cancel();
    await until(async () => await allCursors() === 0);
  });

  it("is given up by all cores when the client goes in the middle of it", async () => {
    const gone = new AbortController();
    const response = await query(WHOLE_SKY, gone.signal);
    const reader = response.body!.getReader();
    await reader.read();
    assertEquals(await openCursors(0), 1);
    gone.abort();
    await until(async () => await allCursors() === 0);
  });
});

describe("a slow query", () => {
  it("that is sent again and again is run once, and answered to each", async () => {
    const { ended } = await slowRuns();
    const asked = [1, 2, 3, 4].map(() => query(slow(STEPS, "again")));
    const answers = await Promise.all(asked.map(async (each) => (await each).json()));
    for (const { data } of answers) assertEquals(data, [{ _id: "again", n: ROWS }]);
    assertEquals((await slowRuns()).ended, ended + 1);
  });

  it("goes on for a client that gives up and comes again, as penquins does", async () => {
    const { ended } = await slowRuns();
    const gone = new AbortController();
    const first = query(slow(STEPS, "back"), gone.signal);
    await until(async () => (await slowRuns()).running === 1);
    gone.abort();
    await assertRejects(() => first);
    const { data } = await (await query(slow(STEPS, "back"))).json();
    assertEquals(data, [{ _id: "back", n: ROWS }]);
    assertEquals((await slowRuns()).ended, ended + 1);
  });

  it("is ended on the server when its last client has gone", async () => {
    const gone = new AbortController();
    const asked = [1, 2].map(() => query(slow(100 * STEPS, "gone"), gone.signal));
    await until(async () => (await slowRuns()).running === 1);
    gone.abort();
    for (const each of asked) await assertRejects(() => each);
    await until(async () => (await slowRuns()).running === 0);
  });
});
