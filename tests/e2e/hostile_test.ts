/** Whatever is sent as a query, the answer is the data asked for or what is wrong with it: never a 5xx. */
import { after, before } from "node:test";
import v8 from "node:v8";
import vm from "node:vm";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { hashSync } from "bcryptjs";
import type { Db, Document } from "mongodb";
import { PROTECTED_COLLECTIONS } from "../../core/archive/protected.ts";
import { startApi, type TestApi } from "../support/api.ts";
import { type HostileQuery, hostileQuery, textOf } from "../support/hostile_queries.ts";

const FULL = Deno.env.get("KOWALSKI_TEST_FULL") === "1";
const QUERIES = FULL ? 100_000 : 3_000;
/** Asked twice, of two archives. */
const COMPARED = FULL ? 20_000 : 800;
const AT_ONCE = 8;
const guest = { username: "guest", password: "a password of the guest" };
/** In each text that isn't the guest's to see. The generator doesn't know it. */
const CANARY = "CANARY";
/** The same as a number. */
const CANARY_NUMBER = 4711.08155;
/** What all queries may leave behind: nothing that grows with their number. */
const GROWTH_BYTES_MAX = 20_000_000;
/** When all code is warm. */
const WARM = 0.2;

/** `own`: what the guest may see; `foreign`: the rest. */
async function fill(db: Db, { foreign }: { foreign: boolean }): Promise<void> {
  const insert = async (name: string, own: Document[], others: Document[]) => {
    await db.collection<Document>(name).insertMany([...foreign ? others : [], ...own]);
  };
  const place = (i: number) => ({
    radec_geojson: { type: "Point", coordinates: [-133 + i * 1e-4, 9.36] },
  });
  const alert = (i: number, programid: number, objectId: string, magpsf: number) => ({
    _id: i,
    candid: BigInt(i),
    objectId,
    candidate: { programid, magpsf, jd: 2460000.5 + i },
    coordinates: place(i),
  });
  await insert(
    "ZTF_alerts",
    [1, 2, 3, 4].map((i) => alert(i, 1, `ZTF18own${i}`, [17.5, NaN, 0, -1][i - 1]!)),
    [11, 12].map((i) => alert(i, 2, `${CANARY}${i}`, CANARY_NUMBER)),
  );
  await db.collection("ZTF_alerts").createIndex({ candid: -1 }, { name: "candid" });
  await db.collection("ZTF_alerts").createIndex({ "coordinates.radec_geojson": "2dsphere" });
  const point = (programid: number, magpsf: number) => ({ jd: 2460000.5, programid, magpsf });
  const theirs = foreign ? [point(2, CANARY_NUMBER)] : [];
  await insert(
    "ZTF_alerts_aux",
    [
      {
        _id: "ZTF18own1",
        cross_matches: {},
        prv_candidates: [point(1, 17.5), ...theirs],
        fp_hists: theirs,
      },
      { _id: "ZTF18own2", cross_matches: {}, prv_candidates: [] },
    ],
    [{ _id: `${CANARY}11`, cross_matches: {}, prv_candidates: [point(2, CANARY_NUMBER)] }],
  );
  await insert(
    "ZTF_alerts_classifications",
    [{ _id: 1n, objectId: "ZTF18own1", programid: 1, human_labels: { Ia: 0.5 } }],
    [{ _id: 11n, objectId: `${CANARY}11`, programid: 2, human_labels: { Ia: CANARY_NUMBER } }],
  );
  await insert("Gaia", [{ _id: 9007199254740993n, mag: 1, coordinates: place(1) }], []);
  await db.createCollection("peek", { viewOn: "ZTF_alerts", pipeline: [] });
  await db.createCollection("peek_again", { viewOn: "peek", pipeline: [{ $sort: { _id: 1 } }] });
  await db.createCollection("accounts", { viewOn: "users", pipeline: [] });
  await db.createCollection("peek_joined", {
    viewOn: "Gaia",
    pipeline: [{ $lookup: { from: "ZTF_alerts", pipeline: [], as: "x" } }],
  });
}

async function start(options: { foreign: boolean }): Promise<TestApi> {
  const api = await startApi();
  const db = api.database.client.db(api.database.name);
  await fill(db, options);
  for (const name of PROTECTED_COLLECTIONS) {
    await db.collection<Document>(name).insertOne({ secret: CANARY, password: CANARY });
  }
  await db.collection<Document>("users").insertOne({
    _id: guest.username as unknown as Document["_id"],
    password: btoa(hashSync(guest.password, 4)),
    permissions: { programids: [1] },
  });
  return api;
}

async function ask(
  api: TestApi,
  query: HostileQuery,
  accept = "application/json",
): Promise<{ status: number; type: string; text: string }> {
  const response = await fetch(`${api.edge.url}/api/queries`, {
    method: "POST",
    headers: { authorization: await api.token(guest), accept },
    body: textOf(query),
  });
  const type = response.headers.get("content-type") ?? "";
  return { status: response.status, type, text: await response.text() };
}

/** Of core and edge, and of this test, which they run in, without garbage. */
function heapBytes(): number {
  v8.setFlagsFromString("--expose-gc");
  vm.runInNewContext("gc")();
  return Deno.memoryUsage().heapUsed;
}

let api: TestApi;
before(async () => {
  api = await start({ foreign: true });
});
after(() => api[Symbol.asyncDispose]());

describe("hostile queries", () => {
  const accept = fc.oneof(
    { weight: 9, arbitrary: fc.constant("application/json") },
    fc.constantFrom("text/csv", "application/x-ndjson", "application/x-votable+xml"),
  );

  it("get data or a refusal with its reason, and nothing that isn't theirs", async () => {
    const runs = Math.ceil(QUERIES / AT_ONCE);
    let run = 0;
    let warmBytes = Infinity;
    const asked = fc.array(fc.tuple(hostileQuery(), accept), {
      minLength: AT_ONCE,
      maxLength: AT_ONCE,
    });
    await fc.assert(
      fc.asyncProperty(asked, async (queries) => {
        await Promise.all(queries.map(async ([query, accept]) => {
          const { status, type, text } = await ask(api, query, accept);
          assert([200, 400, 403].includes(status), `${status} ${text}`);
          if (type.startsWith("application/json")) {
            const body = JSON.parse(text);
            const isPart = status === 200 && body.status === "error" && body.data === null;
            assertEquals(body.status, status === 200 && !isPart ? "success" : "error", text);
            assertEquals(typeof body.message, "string");
          } else assertEquals(status, 200);
          assert(!text.includes(CANARY) && !text.includes(`${CANARY_NUMBER}`), text);
          assert(!/ at .*\.ts:\d+/.test(text), text);
        }));
        if (++run === Math.ceil(WARM * runs)) warmBytes = heapBytes();
      }),
      { numRuns: runs },
    );
    assertEquals(api.errors, []);
    const grown = heapBytes() - warmBytes;
    console.log(`${run * AT_ONCE} queries left ${(grown / 1e6).toFixed(1)} MB behind`);
    assert(grown < GROWTH_BYTES_MAX, `${grown} bytes more than before`);
  });

  it("get the same whether there is something that isn't theirs or not", async () => {
    await using poor = await start({ foreign: false });
    const types = ["find", "find_one", "count_documents", "aggregate", "cone_search", "near"];
    const query = hostileQuery(types)
      .map(({ query_type, query }): HostileQuery => ({ query_type, query }))
      .filter((query) => !JSON.stringify(query).includes("$sample"));
    const answer = async (api: TestApi, query: HostileQuery) => {
      const { status, text } = await ask(api, query);
      return [status, text.replaceAll(api.database.name, "database")];
    };
    await fc.assert(
      fc.asyncProperty(query, async (query) => {
        const [rich, other] = await Promise.all([answer(api, query), answer(poor, query)]);
        assertEquals(rich, other);
      }),
      { numRuns: COMPARED },
    );
  });
});
