/** The original's holes around queries (section 16 of the list), each tried on ours, through the chain. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { hashSync } from "bcryptjs";
import type { Document } from "mongodb";
import { PROTECTED_COLLECTIONS } from "../../core/archive/protected.ts";
import { ADMIN } from "../support/api.ts";
import { catalog, type QueryApi, startQueryApi, storeSquareMap } from "../support/query_api.ts";

const guest = { username: "guest", password: "a password of the guest" };
/** The one alert that isn't the guest's to see. */
const SECRET = "ZTF18abcd";
const HERE = { a: [47.0003, 9.36] };

let queries: QueryApi;
before(async () => {
  queries = await startQueryApi();
  const { client, name } = queries.api.database;
  const db = client.db(name);
  await db.collection<Document>("users").insertOne({
    _id: guest.username as unknown as Document["_id"],
    password: btoa(hashSync(guest.password, 4)),
    permissions: { programids: [1] },
  });
  await db.collection(catalog).createIndex({ "coordinates.radec_geojson": "2dsphere" });
  await db.createCollection("peek", { viewOn: catalog, pipeline: [] });
  // Of two ways to read it MongoDB tries both before it tells of one.
  await db.createCollection("peek_sorted", { viewOn: catalog, pipeline: [{ $sort: { _id: 1 } }] });
  await storeSquareMap(db);
});
after(() => queries[Symbol.asyncDispose]());

interface Told {
  readonly status: number;
  readonly text: string;
  readonly body: { status: string; message: string; data?: unknown };
}

async function askAs(
  user: { username: string; password: string },
  query_type: string,
  query: unknown,
  kwargs = {},
): Promise<Told> {
  const response = await queries.api.query({ query_type, query, kwargs }, user);
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text) };
}

/** Has to be a 400 with a message that begins like this, whoever asks. */
async function refused(message: string, query_type: string, query: unknown): Promise<void> {
  for (const user of [guest, ADMIN]) {
    const { status, body } = await askAs(user, query_type, query);
    assertEquals([status, body.status], [400, "error"], JSON.stringify(body));
    assert(body.message.includes(message), body.message);
  }
}

const aggregate = (...pipeline: Document[]) =>
  ["aggregate", { catalog: "Gaia", pipeline }] as const;
const cone = { cone_search_radius: 1, cone_search_unit: "deg", radec: HERE };
const join = { $lookup: { from: catalog, pipeline: [], as: "x" } };

/** Every way to a row, for who asks for all of them. */
const WAYS: [string, string, unknown][] = [
  ["find", "find", { catalog, filter: {} }],
  ["find by id", "find", { catalog, filter: { objectId: SECRET } }],
  ["find_one", "find_one", { catalog, filter: { objectId: SECRET } }],
  ["an aggregation", "aggregate", { catalog, pipeline: [{ $match: {} }] }],
  ["a group", "aggregate", { catalog, pipeline: [{ $group: { _id: "$objectId" } }] }],
  ["a join", ...aggregate(join)],
  ["a join in a facet", ...aggregate({ $facet: { f: [join] } })],
  ["a join in a join", ...aggregate({ $lookup: { from: "Gaia", pipeline: [join], as: "y" } })],
  ["a view", "find", { catalog: "peek", filter: {} }],
  ["cone_search", "cone_search", { object_coordinates: cone, catalogs: { [catalog]: {} } }],
  ["near", "near", {
    radec: HERE,
    max_distance: 1,
    distance_units: "deg",
    catalogs: { [catalog]: {} },
  }],
  ["skymap", "skymap", {
    skymap: { localization_name: "map", dateobs: "2023-06-23T15:42:26" },
    catalog,
    filter: {},
  }],
];

describe("threat 16.6: rows of other people's programs", () => {
  for (const [way, type, query] of WAYS) {
    it(`aren't had by ${way}`, async () => {
      const theirs = await askAs(guest, type, query);
      assertEquals(theirs.status, 200, theirs.text);
      assert(!theirs.text.includes(SECRET), theirs.text);
      const all = await askAs(ADMIN, type, query);
      assert(all.text.includes(SECRET), all.text);
    });
  }

  it("aren't counted", async () => {
    const query = { catalog, filter: {} };
    assertEquals((await askAs(guest, "count_documents", query)).body.data, 3);
    assertEquals((await askAs(ADMIN, "count_documents", query)).body.data, 4);
  });

  it("aren't felt for by an expression that fails on them", async () => {
    const fails = { $cond: [{ $eq: ["$objectId", SECRET] }, { $toInt: "$objectId" }, true] };
    const query = { catalog, filter: { $or: [{ $expr: fails }, { a: 1 }] } };
    const { status, body } = await askAs(guest, "count_documents", query);
    assertEquals([status, body.data], [200, 3]);
    assertEquals((await askAs(ADMIN, "count_documents", query)).status, 400);
  });
});

describe("threat 16.6, by way of EXPLAIN: rows of other people's programs", () => {
  // Of MongoDB's error, which tells the value that it failed on.
  const fails = {
    $expr: { $cond: [{ $eq: ["$objectId", SECRET] }, { $toInt: "$objectId" }, true] },
  };
  const filter = { $or: [fails, { a: 1 }] };
  const near = { radec: HERE, max_distance: 1, distance_units: "deg" };
  const asks: [string, string, (catalog: string) => unknown, Document][] = [
    ["find", "find", (catalog) => ({ catalog, filter }), {}],
    ["find with a hint", "find", (catalog) => ({ catalog, filter }), { hint: { $natural: 1 } }],
    ["count_documents", "count_documents", (catalog) => ({ catalog, filter }), {}],
    ["aggregate", "aggregate", (catalog) => ({ catalog, pipeline: [{ $match: filter }] }), {}],
    ["cone_search", "cone_search", (catalog) => ({
      object_coordinates: cone,
      catalogs: { [catalog]: { filter } },
    }), {}],
    ["cone_search with a hint", "cone_search", (catalog) => ({
      object_coordinates: cone,
      catalogs: { [catalog]: { filter } },
    }), { hint: { $natural: 1 } }],
    ["cone_search with a projection", "cone_search", (catalog) => ({
      object_coordinates: cone,
      catalogs: { [catalog]: { filter, projection: { x: { $slice: ["$a", 1] } } } },
    }), {}],
    ["near", "near", (catalog) => ({ ...near, catalogs: { [catalog]: { filter } } }), {}],
  ];
  for (const [way, type, query, kwargs] of asks) {
    it(`aren't felt for by ${way}, of a catalog or of views of it`, async () => {
      for (const name of [catalog, "peek", "peek_sorted"]) {
        const told = await askAs(guest, type, query(name), { ...kwargs, explain: true });
        assert([200, 400].includes(told.status), told.text);
        assert(!told.text.includes(SECRET), told.text);
      }
    });
  }

  it("nor are those of a view counted", async () => {
    const query = { object_coordinates: cone, catalogs: { peek: {} } };
    const told = await askAs(guest, "cone_search", query, {
      hint: { $natural: 1 },
      explain: true,
    });
    const { documents_returned } = told.body.data as { documents_returned: number };
    assertEquals(documents_returned, 3);
  });
});

describe("threat 16.9: what is kept from people, by way of a pipeline", () => {
  for (const name of PROTECTED_COLLECTIONS) {
    it(`isn't joined, whatever the depth: ${name}`, async () => {
      const lookup = { $lookup: { from: name, pipeline: [], as: "x" } };
      for (
        const stage of [
          lookup,
          { $lookup: { from: name, localField: "a", foreignField: "b", as: "x" } },
          {
            $graphLookup: {
              from: name,
              startWith: 1,
              connectFromField: "a",
              connectToField: "a",
              as: "x",
            },
          },
          { $facet: { f: [lookup] } },
          { $lookup: { from: "Gaia", pipeline: [{ $facet: { f: [lookup] } }], as: "y" } },
        ]
      ) {
        const { status, body } = await askAs(guest, ...aggregate(stage));
        assertEquals([status, body.message], [400, "ValidationError: Protected collection"]);
      }
    });
  }

  it("isn't united, in a facet or a join either", async () => {
    const union = { $unionWith: "users" };
    for (
      const stage of [union, { $facet: { f: [union] } }, {
        $lookup: { from: "Gaia", pipeline: [union], as: "x" },
      }]
    ) {
      await refused("Pipeline uses forbidden stages: {'$unionWith'}", ...aggregate(stage));
    }
  });

  it("isn't another database's", async () => {
    const from = { db: "admin", coll: "system.users" };
    await refused(
      "must be given by its name",
      ...aggregate({ $lookup: { from, pipeline: [], as: "x" } }),
    );
  });

  it("isn't the hash of a password, for anybody", async () => {
    const users = { $lookup: { from: "users", pipeline: [], as: "x" } };
    for (
      const [type, query] of [
        ["find", { catalog: "users", filter: {} }],
        ["find", { catalog: "users", filter: {}, projection: { password: 1 } }],
        ["aggregate", { catalog: "users", pipeline: [{ $project: { p: "$password" } }] }],
        ["aggregate", { catalog: "users", pipeline: [{ $set: { p: "$$ROOT" } }] }],
        aggregate(users),
      ] as const
    ) {
      const { status, text } = await askAs(ADMIN, type, query);
      assertEquals(status, 200);
      assert(!/\$2[aby]\$|hmac-sha256|"password"/.test(text), text);
      assert(!text.includes(btoa("$2b$").slice(0, 5)), text);
    }
  });
});

describe("threat 16.10: programs, and what the server tells of itself", () => {
  const body = "function() { return true }";
  for (
    const [what, value] of [
      ["$where", { $where: body }],
      ["$function", { $expr: { $function: { body, args: [], lang: "js" } } }],
      ["$where within", { $and: [{ $or: [{ $nor: [{ $where: body }] }] }] }],
      ["$text", { $text: { $search: "x" } }],
    ] as const
  ) {
    it(`are refused in a filter: ${what}`, async () => {
      for (const type of ["find", "find_one", "count_documents"]) {
        await refused("an operator that isn't allowed", type, { catalog, filter: value });
      }
      await refused("isn't allowed", "cone_search", {
        object_coordinates: cone,
        catalogs: { [catalog]: { filter: value } },
      });
      await refused("isn't allowed", ...aggregate({ $match: value }));
      const inner = { $lookup: { from: "Gaia", pipeline: [{ $match: value }], as: "x" } };
      await refused("isn't allowed", ...aggregate({ $facet: { f: [inner] } }));
    });
  }

  it("are refused in stages and projections", async () => {
    const made = { $function: { body, args: [], lang: "js" } };
    await refused("isn't allowed", ...aggregate({ $project: { x: made } }));
    await refused("isn't allowed", ...aggregate({ $group: { _id: 1, x: { $accumulator: {} } } }));
    await refused("isn't allowed", "find", { catalog, filter: {}, projection: { x: made } });
  });

  for (
    const stage of [
      "$out",
      "$merge",
      "$unionWith",
      "$documents",
      "$collStats",
      "$indexStats",
      "$planCacheStats",
      "$currentOp",
      "$listSessions",
      "$listLocalSessions",
      "$changeStream",
      "$_internalInhibitOptimization",
      "$listSearchIndexes",
      "$whatever",
    ]
  ) {
    it(`are no stages: ${stage}`, async () => {
      const message = `Pipeline uses forbidden stages: {'${stage}'}`;
      await refused(message, ...aggregate({ [stage]: {} }));
      await refused(message, ...aggregate({ $facet: { f: [{ [stage]: {} }] } }));
    });
  }

  for (const name of ["system.users", "system.views", "system.profile", "a$cmd"]) {
    it(`are no catalogs: ${name}`, async () => {
      await refused("it isn't a catalog's", "find", { catalog: name, filter: {} });
      await refused(
        "it isn't a catalog's",
        ...aggregate({ $lookup: { from: name, pipeline: [], as: "x" } }),
      );
    });
  }
});

describe("threat 16.15: text that is read as a program's values", () => {
  const filters: [string, string][] = [
    ["brackets without end", "[".repeat(500_000)],
    ["brackets that end", "[".repeat(5_000) + "]".repeat(5_000)],
    ["keys without end", "{'a':".repeat(100_000)],
    ["a call", "__import__('os').system('id')"],
    ["a name", "open"],
    ["an expression", "{'a': 1 + 1}"],
    ["a lambda", "lambda: 1"],
    ["a number of a million digits", `{'a': ${"9".repeat(900_000)}}`],
    ["a string that doesn't end", "'" + "x".repeat(500_000)],
    ["blanks", " ".repeat(900_000)],
  ];
  for (const [what, filter] of filters) {
    it(`is refused shortly: ${what}`, async () => {
      for (const query of [{ catalog, filter }, { catalog, filter: {}, projection: filter }]) {
        const { status, body } = await askAs(guest, "find", query);
        assertEquals([status, body.status], [400, "error"]);
        assert(/^(SyntaxError|OverflowError|Unsupported)/.test(body.message), body.message);
        assert(body.message.length < 300, body.message);
        assert(!/\.ts|at \w+ \(|Traceback|<string>/.test(body.message), body.message);
      }
    });
  }
});

describe("threat 16.20: more than anybody should take", () => {
  it("positions", async () => {
    const radec = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`p${i}`, [1, 1]]));
    const query = { object_coordinates: { ...cone, radec }, catalogs: { Gaia: {} } };
    await refused("positions in one query must be <= 10000", "cone_search", query);
    await refused("positions in one query must be <= 10000", "near", {
      radec,
      catalogs: { Gaia: {} },
    });
  });

  it("stages of a pipeline, in whatever depth", async () => {
    const many = Array.from({ length: 201 }, () => ({ $match: {} }));
    await refused("stages must be <= 200", ...aggregate(...many));
    await refused("stages must be <= 200", ...aggregate({ $facet: { f: many } }));
  });

  it("depth", async () => {
    let filter: unknown = {};
    for (let i = 0; i < 150; i++) filter = { $and: [filter] };
    await refused("depth must be <= 100", "find", { catalog, filter });
  });

  it("time", async () => {
    // Each with each of ten thousand, four times over.
    const numbers = { $range: [0, 10_000] };
    const stages = [0, 1, 2].flatMap((
      i,
    ) => [{ $set: { [`n${i}`]: numbers } }, { $unwind: `$n${i}` }]);
    const { status, body } = await askAs(ADMIN, ...aggregate(...stages, { $count: "n" }), {
      max_time_ms: 50,
    });
    assertEquals([status, body.message], [400, "ExecutionTimeout: operation exceeded time limit"]);
  });
});

describe("threat 16.22: work that keeps everybody waiting", () => {
  it("passwords are hashed while queries are answered", async () => {
    const order: string[] = [];
    const logIn = async () => {
      const response = await fetch(`${queries.api.edge.url}/api/auth`, {
        method: "POST",
        body: JSON.stringify({ username: "slow", password: "wrong" }),
      });
      await response.body?.cancel();
      order.push("log-in");
    };
    const { client, name } = queries.api.database;
    await client.db(name).collection<Document>("users").insertOne({
      _id: "slow" as unknown as Document["_id"],
      // Cost 14: a second or more of a thread.
      password: btoa("$2b$14$" + "a".repeat(53)),
    });
    const ask = async () => {
      await queries.data("count_documents", { catalog, filter: {} });
      order.push("query");
    };
    const hashing = logIn();
    for (let i = 0; i < 5; i++) await ask();
    await hashing;
    assertEquals(order, ["query", "query", "query", "query", "query", "log-in"]);
  });
});
