/** Every row of the query API through the whole chain: client, edge, core, a real MongoDB. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { BSON, type Document } from "mongodb";
import { ADMIN, startApi, type TestApi } from "../support/api.ts";

const { Double, Long, ObjectId } = BSON;
const CANDID = 1127561445515015011n;
const OID = "6b047a3e35fc5308ccddad54";

let api: TestApi;

before(async () => {
  api = await startApi();
  const db = api.database.client.db(api.database.name);
  const insert = (name: string, documents: Document[]) =>
    db.collection<Document>(name).insertMany(documents);
  await insert(
    "ZTF_alerts",
    [0, 1, 2, 3].map((i) => ({
      _id: i === 0 ? new ObjectId(OID) : new ObjectId(),
      candid: Long.fromBigInt(CANDID + BigInt(i)),
      objectId: `ZTF18abc${"abcd"[i]}`,
      candidate: {
        programid: i === 3 ? 2 : 1,
        jd: new Double(2460000 + i),
        magpsf: i === 2 ? NaN : 17.5 + i,
        drb: 0.1 * i,
      },
      seen: new Date(Date.UTC(2023, 5, 23, 15, 42, 26, 123 * i)),
      coordinates: { radec_geojson: { type: "Point", coordinates: [-133 + i * 1e-4, 9.36] } },
    })),
  );
  await db.collection("ZTF_alerts").createIndex({ candid: -1 }, { name: "candid" });
  await insert("Gaia", [{ _id: 9007199254740993n, mag: 1 }] as Document[]);
});
after(() => api[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly body: { status: string; message: string; data?: unknown };
  readonly text: string;
}

async function ask(body: unknown): Promise<Answer> {
  const response = await api.query(body);
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text) };
}

/** The data of a query that succeeds. */
async function data(query_type: string, query: unknown, kwargs?: unknown): Promise<unknown> {
  const { status, body } = await ask({ query_type, query, ...kwargs ? { kwargs } : {} });
  assertEquals([status, body.status, body.message], [
    200,
    "success",
    "Successfully executed query",
  ], JSON.stringify(body));
  return body.data;
}

async function refused(message: string, query_type: string, query: unknown, kwargs?: unknown) {
  const { status, body } = await ask({ query_type, query, ...kwargs ? { kwargs } : {} });
  assertEquals([status, body.status], [400, "error"], JSON.stringify(body));
  assert(body.message.includes(message), body.message);
  assertEquals(api.errors, []);
}

const names = async (...query: Parameters<typeof data>) =>
  (await data(...query) as { objectId: string }[]).map(({ objectId }) => objectId.at(-1)).join("");
const catalog = "ZTF_alerts";
const projection = { _id: 0, objectId: 1 };

describe("ids of 64 bits", () => {
  it("are exact in and out", async () => {
    const { text } = await ask(
      `{"query_type": "find", "query": {"catalog": "ZTF_alerts", "filter": {"candid": {"$in": ` +
        `[${CANDID}, ${
          CANDID + 2n
        }]}}, "projection": {"_id": 0, "candid": 1}}, "kwargs": {"sort": [["candid", 1]]}}`,
    );
    assert(text.includes(`[{"candid": ${CANDID}}, {"candid": ${CANDID + 2n}}]`), text);
  });

  it("are exact in text of Python, in pipelines, and as _id", async () => {
    const filter = `{'candid': ${CANDID + 1n}}`;
    assertEquals(await names("find", { catalog, filter }), "b");
    const pipeline = `[{'$match': ${filter}}, {'$project': {'_id': 0, 'objectId': 1}}]`;
    assertEquals(await names("aggregate", { catalog, pipeline }), "b");
    const { text } = await ask(
      '{"query_type": "find", "query": {"catalog": "Gaia", "filter": {"_id": 9007199254740993}}}',
    );
    assert(text.includes('{"_id": 9007199254740993, "mag": 1}'), text);
  });
});

describe("values", () => {
  it("are relaxed Extended JSON", async () => {
    const { text } = await ask({
      query_type: "find_one",
      query: { catalog, filter: { objectId: "ZTF18abcc" }, projection: { _id: 0 } },
    });
    assertEquals(
      text,
      '{"status": "success", "message": "Successfully executed query", "data": ' +
        `{"candid": ${CANDID + 2n}, "objectId": "ZTF18abcc", "candidate": {"programid": 1, ` +
        '"jd": 2460002.0, "magpsf": {"$numberDouble": "NaN"}, "drb": 0.2}, ' +
        '"seen": {"$date": "2023-06-23T15:42:26.246Z"}, "coordinates": {"radec_geojson": ' +
        '{"type": "Point", "coordinates": [-132.9998, 9.36]}}}}',
    );
  });

  it("may be Extended JSON in requests: dates, ObjectIds, NaN", async () => {
    const find = (filter: unknown) => names("find", { catalog, filter, projection });
    assertEquals(await find({ _id: { $oid: OID } }), "a");
    assertEquals(await find({ seen: { $gte: { $date: "2023-06-23T15:42:26.246Z" } } }), "cd");
    assertEquals(await find({ candid: { $numberLong: `${CANDID}` } }), "a");
    const { text } = await ask(
      '{"query_type": "count_documents", "query": {"catalog": "ZTF_alerts", "filter": ' +
        '{"candidate.magpsf": NaN}}}',
    );
    assertEquals(JSON.parse(text).data, 1);
  });
});

describe("find", () => {
  it("gives all that matches, as a list, also of nothing", async () => {
    assertEquals(await names("find", { catalog, filter: {} }), "abcd");
    assertEquals(await data("find", { catalog, filter: { candid: { $lt: 0 } } }), []);
    assertEquals(await data("find", { catalog: "nope", filter: {} }), []);
  });

  it("projects, given an object, a text, null, nothing, or an empty object", async () => {
    const query = { catalog, filter: { objectId: "ZTF18abca" } };
    for (const shown of [projection, "{'_id': 0, 'objectId': 1}"]) {
      assertEquals(await data("find", { ...query, projection: shown }), [{
        objectId: "ZTF18abca",
      }]);
    }
    for (const whole of [null, undefined, {}, "{}"]) {
      const [document] = await data("find", { ...query, projection: whole }) as Document[];
      assertEquals(Object.keys(document!).length, 6);
    }
  });

  it("sorts, skips, limits and hints", async () => {
    const find = (kwargs: unknown) => names("find", { catalog, filter: {} }, kwargs);
    assertEquals(await find({ sort: [["candid", -1]] }), "dcba");
    assertEquals(await find({ sort: { candid: -1 } }), "dcba");
    assertEquals(await find({ sort: [["candidate.programid", -1], "candid"] }), "dabc");
    assertEquals(await find({ sort: [["$natural", -1]], limit: 1 }), "d");
    assertEquals(await find({ skip: 1, limit: 2 }), "bc");
    assertEquals(await find({ limit: 0 }), "abcd");
    assertEquals(await find({ limit: -2 }), "ab");
    assertEquals(await find({ hint: "candid" }), "dcba");
    assertEquals(await find({ hint: [["candid", -1]] }), "dcba");
  });

  it("ignores kwargs that it doesn't know, as clients send them anywhere", async () => {
    const kwargs = { save: true, _id: "x".repeat(32), filter_first: true, comment: "x", nope: {} };
    assertEquals(await names("find", { catalog, filter: {}, unknown: 1 }, kwargs), "abcd");
    assertEquals(await names("find", { catalog, filter: {} }, []), "abcd");
  });

  it("minds no blanks around a catalog's name", async () => {
    assertEquals(await names("find", { catalog: " ZTF_alerts ", filter: {} }), "abcd");
    await refused("ValidationError", "find", { filter: {} });
  });

  for (
    const [what, query, kwargs, message] of [
      ["no filter", {}, {}, "Unsupported filter specification"],
      ["a list for a filter", { filter: [] }, {}, "Unsupported filter specification"],
      ["a number for a filter", { filter: 5 }, {}, "Unsupported filter specification"],
      ["text that isn't Python's", { filter: "{'a': " }, {}, "SyntaxError"],
      ["text of a list", { filter: "[]" }, {}, "Unsupported filter specification"],
      ["a list for a projection", { filter: {}, projection: [] }, {}, "Unsupported projection"],
      ["a malformed date", { filter: { a: { $date: "x" } } }, {}, "Cannot read $date"],
      ["an operator nobody knows", { filter: { a: { $foo: 1 } } }, {}, "$foo"],
      ["JavaScript", { filter: { $where: "1" } }, {}, "$where"],
      ["a text for a limit", { filter: {} }, { limit: "5" }, "TypeError: limit must be"],
      ["a fraction for a limit", { filter: {} }, { limit: 1.5 }, "TypeError: limit must be"],
      ["a negative skip", { filter: {} }, { skip: -1 }, "TypeError: skip must be"],
      ["a text for a sort", { filter: {} }, { sort: "candid" }, "TypeError: sort must be"],
      ["an empty sort", { filter: {} }, { sort: [] }, "TypeError: sort must be"],
      ["a sort in no direction", { filter: {} }, { sort: [["a", 0]] }, "TypeError: sort must be"],
      ["a hint of no index", { filter: {} }, { hint: "nope" }, "OperationFailure"],
      ["no time", { filter: {} }, { max_time_ms: 0 }, "max_time_ms must be int >= 1"],
    ] as const
  ) {
    it(`refuses ${what}`, () => refused(message, "find", { catalog, ...query }, kwargs));
  }
});

describe("find_one", () => {
  it("gives a document, or no data at all", async () => {
    const query = { catalog, filter: { objectId: "ZTF18abcb" }, projection };
    assertEquals(await data("find_one", query), { objectId: "ZTF18abcb" });
    const { text } = await ask({ query_type: "find_one", query: { catalog, filter: { a: 1 } } });
    assertEquals(text, '{"status": "success", "message": "Successfully executed query"}');
  });

  it("honours skip, sort and hint", async () => {
    const query = { catalog, filter: {}, projection };
    const kwargs = { sort: [["candid", -1]], skip: 1, hint: "candid", limit: 7, save: false };
    assertEquals(await data("find_one", query, kwargs), { objectId: "ZTF18abcc" });
  });
});

describe("count_documents and estimated_document_count", () => {
  it("count", async () => {
    assertEquals(await data("count_documents", { catalog, filter: { candid: { $lt: 0 } } }), 0);
    assertEquals(await data("count_documents", { catalog, filter: {} }), 4);
    assertEquals(await data("count_documents", { catalog, filter: {} }, { skip: 1, limit: 2 }), 2);
    assertEquals(await data("estimated_document_count", { catalog }), 4);
    assertEquals(await data("estimated_document_count", { catalog: "nope" }), 0);
  });
});

describe("aggregate", () => {
  it("gives what a pipeline makes, in a time that is limited", async () => {
    const pipeline = [{ $match: { objectId: "ZTF18abca" } }, { $project: projection }];
    const kwargs = { max_time_ms: 2000, allowDiskUse: false, batchSize: 1 };
    assertEquals(await names("aggregate", { catalog, pipeline }, kwargs), "a");
  });

  for (
    const [what, pipeline, message] of [
      ["nothing", undefined, "Unsupported pipeline specification"],
      ["an object", {}, "Unsupported pipeline specification"],
      ["no stages", [], "Pipeline must contain at least one stage"],
      ["text of no stages", "[]", "Pipeline must contain at least one stage"],
      ["$unionWith", [{ $unionWith: "x" }], "Pipeline uses forbidden stages: {'$unionWith'}"],
      ["$out", [{ $out: "x" }], "Pipeline uses forbidden stages: {'$out'}"],
      ["$merge", [{ $merge: "x" }], "Pipeline uses forbidden stages: {'$merge'}"],
      ["an empty stage", [{}], "a stage must be an object with one key"],
      ["a stage of text", ["x"], "a stage must be an object with one key"],
      ["a wrong operator", [{ $match: { a: { $in: 1 } } }], "OperationFailure: $in needs an array"],
    ] as const
  ) {
    it(`refuses ${what}`, () => refused(message, "aggregate", { catalog, pipeline }));
  }

  it("ends what takes too long", async () => {
    const cross = { $lookup: { from: catalog, pipeline: [], as: "x" } };
    const pipeline = Array.from({ length: 9 }, () => [cross, { $unwind: "$x" }]).flat();
    const query = { catalog, pipeline: [...pipeline, { $count: "n" }] };
    await refused("ExecutionTimeout: operation exceeded time limit", "aggregate", query, {
      max_time_ms: 50,
    });
  });
});

describe("info", () => {
  it("names the catalogs, downwards, without protected ones", async () => {
    const found = await data("info", { command: "catalog_names" });
    assertEquals(found, ["ZTF_alerts", "Gaia"]);
  });

  it("tells of a catalog, of its indexes, of the database", async () => {
    const info = await data("info", { command: "catalog_info", catalog }) as Document;
    assertEquals([info.count, info.nindexes, info.ok], [4, 2, 1]);
    assertEquals(await data("info", { command: "index_info", catalog }), {
      _id_: { v: 2, key: [["_id", 1]] },
      candid: { v: 2, key: [["candid", -1]] },
    });
    const db = await data("info", { command: "db_info" }) as Document;
    assertEquals(db.db, api.database.name);
  });

  for (
    const [query, message] of [
      [{ command: "nope" }, 'KeyError: "command nope not in'],
      [{}, "KeyError"],
      [{ command: "catalog_info" }, "KeyError: 'catalog'"],
      [{ command: "index_info" }, "KeyError: 'catalog'"],
      [{ command: "catalog_info", catalog: "users" }, undefined],
    ] as const
  ) {
    it(`refuses ${JSON.stringify(query)}`, async () => {
      if (message !== undefined) await refused(message, "info", query);
      // The administrator may ask of them.
      else assertEquals((await ask({ query_type: "info", query })).status, 200);
    });
  }
});

describe("cone_search", () => {
  const around = (radec: unknown, radius: unknown = 0.1, unit: unknown = "arcsec") => ({
    object_coordinates: { cone_search_radius: radius, cone_search_unit: unit, radec },
    catalogs: { [catalog]: { filter: {}, projection } },
  });
  const a = [{ objectId: "ZTF18abca" }];
  const b = [{ objectId: "ZTF18abcb" }];

  it("has every catalog and every name in its answer, with dots made underscores", async () => {
    const query = around({ "src.1": [47, 9.36], src2: [47.0001, 9.36], src3: [1, 1] });
    assertEquals(
      await data("cone_search", { ...query, catalogs: { ...query.catalogs, Gaia: {} } }),
      {
        ZTF_alerts: { src_1: a, src2: b, src3: [] },
        Gaia: { src_1: [], src2: [], src3: [] },
      },
    );
  });

  for (
    const [radec, key] of [
      [[[47, 9.36]], "[47, 9_36]"],
      [[["03:08:00", "+09:21:36"]], "['03:08:00', '+09:21:36']"],
      ["47 9.36", "(47_0, 9_36)"],
      ["03h08m00s +09d21m36s", "('03h08m00s', '+09d21m36s')"],
      ["[(47.0, 9.36)]", "(47_0, 9_36)"],
      ["{'x.y': (47.0, 9.36)}", "x_y"],
    ] as const
  ) {
    it(`takes positions as ${JSON.stringify(radec)}`, async () => {
      assertEquals(await data("cone_search", around(radec)), { [catalog]: { [key]: a } });
    });
  }

  for (
    const [radius, unit] of [
      [0.1, "arcsec"],
      ["0.1", "arcsec"],
      [0.002, "arcmin"],
      [3e-5, "deg"],
      [5e-7, "rad"],
    ] as const
  ) {
    it(`takes a radius of ${JSON.stringify(radius)} ${unit}`, async () => {
      const query = around({ x: [47, 9.36] }, radius, unit);
      assertEquals(await data("cone_search", query), { [catalog]: { x: a } });
    });
  }

  it("filters, sorts and limits at each position", async () => {
    const query = around({ x: [47, 9.36], y: [47.0002, 9.36] }, 2);
    query.catalogs[catalog]!.filter = { "candidate.drb": { $gt: 0.05 } };
    const kwargs = { sort: [["candid", -1]], limit: 1, filter_first: true };
    assertEquals(await data("cone_search", query, kwargs), {
      [catalog]: { x: [{ objectId: "ZTF18abcd" }], y: [{ objectId: "ZTF18abcd" }] },
    });
  });

  it("isn't widened by a filter on positions: both hold", async () => {
    const query = around({ x: [47, 9.36] });
    query.catalogs[catalog]!.filter = {
      "coordinates.radec_geojson": { $geoWithin: { $centerSphere: [[-133, 9.36], 1] } },
    };
    assertEquals(await data("cone_search", query), { [catalog]: { x: a } });
  });

  it("takes text for filter and projection, null, nothing", async () => {
    const query = around({ x: [47, 9.36] });
    const text = { filter: "{'candidate.programid': 1}", projection: "{'_id': 0, 'objectId': 1}" };
    const asked = { ...query, catalogs: { [` ${catalog} `]: text } };
    assertEquals(await data("cone_search", asked), { [catalog]: { x: a } });
    const whole = await data("cone_search", {
      ...query,
      catalogs: { [catalog]: { filter: null, projection: null } },
    }) as Record<string, Record<string, Document[]>>;
    assertEquals(Object.keys(whole[catalog]!.x![0]!).length, 6);
  });

  it("of no catalogs, or no positions, is empty", async () => {
    assertEquals(await data("cone_search", { ...around({ x: [1, 1] }), catalogs: {} }), {});
    assertEquals(await data("cone_search", around([])), { [catalog]: {} });
  });

  it("takes 10,000 positions", async () => {
    const radec = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, i) => [`p${i}`, [i % 360, 9.36]]),
    );
    const found = await data("cone_search", around(radec)) as Record<string, Document>;
    assertEquals(Object.keys(found[catalog]!).length, 10_000);
    assertEquals(found[catalog]!.p47, a);
  });

  for (
    const [what, query, message] of [
      ["a unit nobody knows", around({ x: [1, 1] }, 1, "parsec"), "Angular units not in ('arcsec'"],
      ["no radius", around({ x: [1, 1] }, null), "cone_search_radius must be in"],
      ["a negative radius", around({ x: [1, 1] }, -1), "cone_search_radius must be in"],
      ["a radius of words", around({ x: [1, 1] }, "wide"), "cone_search_radius must be in"],
      ["more than the sky", around({ x: [1, 1] }, 181, "deg"), "cone_search_radius must be in"],
      ["no positions", around({}), "Unsupported object coordinate specs"],
      ["RA beyond the sky", around({ x: [400, 1] }), "RA must be in [0, 360]"],
      ["Dec beyond the sky", around({ x: [1, 100] }), "Dec must be in [-90, 90]"],
      ["a list of catalogs", { ...around({ x: [1, 1] }), catalogs: ["Gaia"] }, "ValidationError"],
      [
        "null for a catalog",
        { ...around({ x: [1, 1] }), catalogs: { a: null } },
        "ValidationError",
      ],
      ["no coordinates", { catalogs: {} }, "ValidationError"],
    ] as const
  ) {
    it(`refuses ${what}`, () => refused(message, "cone_search", query));
  }
});

describe("a user who isn't the admin", () => {
  const guest = { username: "guest", password: "a password of the guest" };
  before(async () => {
    const { hashSync } = await import("bcryptjs");
    await api.database.client.db(api.database.name).collection<Document>("users").insertOne({
      _id: guest.username as unknown as Document["_id"],
      password: btoa(hashSync(guest.password, 4)),
      permissions: { programids: [1] },
    });
  });
  const askAs = async (query_type: string, query: unknown) => {
    const response = await api.query({ query_type, query }, guest);
    return { ...await response.json(), status: response.status };
  };

  it("sees the alerts of their programids and no others", async () => {
    const find = await askAs("find", { catalog, filter: {}, projection });
    assertEquals(find.data.length, 3);
    assertEquals((await askAs("count_documents", { catalog, filter: {} })).data, 3);
    const cone = await askAs("cone_search", {
      object_coordinates: { cone_search_radius: 1, cone_search_unit: "deg", radec: "47 9.36" },
      catalogs: { [catalog]: {} },
    });
    assertEquals(cone.data[catalog]["(47_0, 9_36)"].length, 3);
  });

  it("sees no protected collection, by whatever query", async () => {
    for (const name of ["users", " users ", "filters", "queries"]) {
      for (
        const [type, query] of [
          ["find", { catalog: name, filter: {} }],
          ["find_one", { catalog: name, filter: {} }],
          ["count_documents", { catalog: name, filter: {} }],
          ["estimated_document_count", { catalog: name }],
          ["aggregate", { catalog: name, pipeline: [{ $match: {} }] }],
          ["aggregate", {
            catalog,
            pipeline: [{ $lookup: { from: name.trim(), pipeline: [], as: "x" } }],
          }],
          ["info", { command: "catalog_info", catalog: name }],
          ["info", { command: "index_info", catalog: name }],
          ["cone_search", {
            object_coordinates: { cone_search_radius: 1, cone_search_unit: "deg", radec: "1 1" },
            catalogs: { [name]: {} },
          }],
        ] as const
      ) {
        const { status, message } = await askAs(type, query);
        assertEquals([status, message], [400, "ValidationError: Protected collection"], type);
      }
    }
  });

  it("never gets the hash of a password, nor does the admin", async () => {
    const response = await api.query({
      query_type: "find",
      query: { catalog: "users", filter: {} },
    });
    const text = await response.text();
    assert(text.includes(ADMIN.username));
    assert(!text.includes("password"), text);
  });
});
