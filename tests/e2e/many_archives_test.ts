/** What people keep (filters, labels, maps) with three cores behind two edges: where it is, and when one goes. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { BSON, type Document } from "mongodb";
import { ADMIN } from "../support/api.ts";
import { CANDID, JD } from "../support/filter_api.ts";
import { readEvents } from "../support/replays.ts";
import { until } from "../support/until.ts";
import { fillCatalogs } from "./_catalogs.ts";
import { type Fleet, startFleet } from "./_instances.ts";

const { Double, Int32, Long } = BSON;
const catalog = "ZTF_alerts";

let fleet: Fleet;
let token: string;
/** The accounts are with the first, the alerts with the second. */
before(async () => {
  fleet = await startFleet([
    (db) => fillCatalogs(db, ["alpha", "both"]),
    async (db) => {
      await db.collection(catalog).insertMany([0, 1, 2].map((i): Document => ({
        candid: Long.fromBigInt(CANDID + BigInt(i)),
        objectId: "ZTF18abcab",
        candidate: { programid: 1, jd: new Double(JD + i / 10), drb: 0.9 },
      })));
    },
    (db) => fillCatalogs(db, ["gamma", "both"]),
  ], 2);
  const body = JSON.stringify(ADMIN);
  const response = await fetch(`${fleet.edges[0]!.url}/api/auth`, { method: "POST", body });
  token = (await response.json()).token;
});
after(() => fleet[Symbol.asyncDispose]());

let turn = 0;
/** By the edges in turn. */
function send(method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(fleet.edges[turn++ % 2]!.url + path, {
    method,
    headers: { authorization: token },
    ...body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) },
  });
}
/** Status and message, and the data. */
async function told(method: string, path: string, body?: unknown) {
  const response = await send(method, path, body);
  const { message, data } = await response.json();
  return { what: [response.status, message], data };
}
const filterOf = (filter_id: number, more = {}) => ({
  ...{ filter_id, group_id: 1, catalog, permissions: [1] },
  pipeline: [{ $match: { "candidate.drb": { $gt: 0.5 } } }],
  ...more,
});
const at = (i: number) => fleet.dbs[i]!.collection<Document>("filters");
const saved = (i: number, filter_id: number) =>
  at(i).insertOne({
    ...filterOf(filter_id, { pipeline: undefined }),
    ...{ filter_id: new Int32(filter_id), active: true, autosave: false, active_fid: "abcdef" },
    fv: [{ fid: "abcdef", pipeline: '[{"$match": {}}]', created_at: new Date() }],
  });

describe("a filter", () => {
  it("is kept where its alerts are, and found from anywhere", async () => {
    const { what: [status, message], data } = await told("POST", "/api/filters", filterOf(7));
    assertEquals([status, message.split("\n")[0]], [
      200,
      "pipeline test for filter id 7 successful",
    ]);
    assertEquals(await Promise.all([0, 1, 2].map((i) => at(i).countDocuments())), [0, 1, 0]);
    for (const _ of fleet.edges) {
      const found = await told("GET", "/api/filters/7");
      assertEquals([found.what, found.data.active_fid], [
        [200, "Retrieved filter id 7"],
        data.fid,
      ]);
    }
    const changed = await told("PATCH", "/api/filters", { filter_id: 7, active: false });
    assertEquals([changed.what, changed.data.active], [[200, "Updated filter id 7"], false]);
  });

  it("that is nowhere is not found, as ever", async () => {
    assertEquals((await told("GET", "/api/filters/8")).what, [400, "Filter id 8 not found"]);
    assertEquals((await told("DELETE", "/api/filters/8", {})).what, [400, "Filter id 8 not found"]);
  });

  it("is refused in the words of who has it", async () => {
    const change = { filter_id: 7, active_fid: "nofid1" };
    const { what: [status, message] } = await told("PATCH", "/api/filters", change);
    assertEquals(status, 400);
    assert(message.includes("filter version fid not in filter"), message);
  });

  it("gets its versions where it is, whatever catalog the request names", async () => {
    await saved(2, 9);
    const { what: [status] } = await told("POST", "/api/filters", filterOf(9));
    assertEquals(status, 200);
    assertEquals((await at(2).findOne({ filter_id: 9 }))!.fv.length, 2);
    assertEquals(await at(1).countDocuments({ filter_id: 9 }), 0);
  });

  it("is one of a list of those of all archives, by id", async () => {
    await saved(0, 10);
    await saved(1, 2);
    const { what, data } = await told("GET", "/api/filters");
    assertEquals(what, [200, "Retrieved 4 filters"]);
    assertEquals(data.map(({ filter_id }: Document) => filter_id), [2, 7, 9, 10]);
    const some = await told("GET", `/api/filters?catalog=${catalog}`);
    assertEquals(some.what, [200, "Retrieved 2 filters"]);
  });

  it("that is removed is removed wherever it is", async () => {
    const removed = await told("DELETE", "/api/filters/9", {});
    assertEquals(removed.what, [200, "Removed filter id 9"]);
    assertEquals(await at(2).countDocuments(), 0);
  });
});

describe("a replay", () => {
  it("tells what happens as it happens, through an edge before several cores", async () => {
    const draft = { catalog, pipeline: filterOf(1).pipeline, start_date: JD - 1, end_date: JD + 1 };
    const { data: { id } } = await told("POST", "/api/replays", draft);
    const events = readEvents(await send("GET", `/api/replays/${id}/events`));
    const { value } = await events.next();
    assertEquals([value!.event, value!.data.id], ["progress", id]);
    await events.return(undefined);
    assertEquals((await told("GET", "/api/replays")).data.map((each: Document) => each.id), [id]);
    assertEquals((await told("DELETE", `/api/replays/${id}`)).what[0], 200);
  });
});

describe("a catalog", () => {
  it("is dropped wherever it is", async () => {
    const query = { catalog: "both", confirm: "both" };
    const dropped = await told("POST", "/api/queries", { query_type: "drop", query });
    assertEquals(dropped.what, [200, "Successfully dropped collection"]);
    for (const db of fleet.dbs) {
      assertEquals(await db.listCollections({ name: "both" }).toArray(), []);
    }
  });
});

describe("with the third core killed", () => {
  const labels = { [`${CANDID}`]: { human_labels: { Ia: 0.5 } } };
  const dateobs = "2023-06-23T15:42:26";
  const named = { dateobs, localization_name: "90.00000_30.00000_10.00000" };
  const skymap = { ra: 90, dec: 30, error: 10 };
  const put = () => told("PUT", "/api/skymap", { dateobs, skymap, contours: [90] });

  it("goes on what others have, and who needs it is told so", async () => {
    assertEquals((await put()).what[0], 200);
    await fleet.cores[2]!.kill();
    const away = "Cannot reach instance 3 (of 3) for now, and nobody else has it";
    for (let i = 0; i < 4; i++) {
      assertEquals((await told("GET", "/api/filters/7")).what[0], 200);
      assertEquals((await told("GET", `/api/filters?catalog=${catalog}`)).what[0], 200);
      assertEquals((await told("PUT", "/api/classifications/ztf", labels)).what[0], 200);
      assertEquals((await told("GET", `/api/classifications/ztf/${CANDID}`)).what[0], 200);
      assertEquals((await told("GET", `/api/skymap?${new URLSearchParams(named)}`)).what[0], 200);
      assertEquals((await told("POST", "/api/filters", filterOf(20 + i))).what[0], 200);
      assertEquals(
        (await told("PATCH", "/api/filters", { filter_id: 7, active: true })).what[0],
        200,
      );
      const user = { username: `user${i}`, password: "a password of users" };
      assertEquals((await told("POST", "/api/users", user)).what[0], 200);
      assertEquals((await told("GET", "/api/filters/9")).what, [503, away]);
    }
    const [status, message] = (await told("GET", "/api/filters")).what;
    assertEquals([status, message.slice(0, 49)], [
      503,
      "Cannot list what instance 3 (of 3) has for now: n",
    ]);
    assertEquals((await put()).what, [
      503,
      "Done by 2 of 3 archives, and not by instance 3 (of 3): to be repeated",
    ]);
  });

  it("and back, what couldn't be done everywhere can be repeated", async () => {
    await fleet.cores[2]!.start();
    // Both edges have found it.
    await until(async () => (await told("GET", "/api/filters")).what[0] === 200, 100);
    await until(async () => (await told("GET", "/api/filters")).what[0] === 200, 100);
    assertEquals((await put()).what[0], 409);
    assertEquals((await told("DELETE", "/api/skymap", named)).what, [200, "deleted 1 skymap"]);
    for (const db of fleet.dbs) assertEquals(await db.collection("skymaps").countDocuments(), 0);
  });
});
