/** Every row of the query API but cones, through the whole chain: client, edge, core, a real MongoDB. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import type { Document } from "mongodb";
import { ADMIN } from "../support/api.ts";
import {
  CANDID,
  catalog,
  OID,
  projection,
  type QueryApi,
  startQueryApi,
} from "../support/query_api.ts";

let queries: QueryApi;
before(async () => {
  queries = await startQueryApi();
});
after(() => queries[Symbol.asyncDispose]());
const ask: QueryApi["ask"] = (...args) => queries.ask(...args);
const data: QueryApi["data"] = (...args) => queries.data(...args);
const names: QueryApi["names"] = (...args) => queries.names(...args);
const refused: QueryApi["refused"] = (...args) => queries.refused(...args);

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
    assertEquals(found, ["skymaps", "ZTF_alerts_classifications", "ZTF_alerts", "Gaia"]);
  });

  it("tells of a catalog, of its indexes, of the database", async () => {
    const info = await data("info", { command: "catalog_info", catalog }) as Document;
    assertEquals([info.count, info.nindexes, info.ok], [4, 2, 1]);
    assertEquals(await data("info", { command: "index_info", catalog }), {
      _id_: { v: 2, key: [["_id", 1]] },
      candid: { v: 2, key: [["candid", -1]] },
    });
    const db = await data("info", { command: "db_info" }) as Document;
    assertEquals(db.db, queries.api.database.name);
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

describe("a user who isn't the admin", () => {
  const guest = { username: "guest", password: "a password of the guest" };
  before(async () => {
    const { hashSync } = await import("bcryptjs");
    await queries.api.database.client.db(queries.api.database.name).collection<Document>("users")
      .insertOne({
        _id: guest.username as unknown as Document["_id"],
        password: btoa(hashSync(guest.password, 4)),
        permissions: { programids: [1] },
      });
  });
  const askAs = async (query_type: string, query: unknown) => {
    const response = await queries.api.query({ query_type, query }, guest);
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
    const response = await queries.api.query({
      query_type: "find",
      query: { catalog: "users", filter: {} },
    });
    const text = await response.text();
    assert(text.includes(ADMIN.username));
    assert(!text.includes("password"), text);
  });
});
