/** Whatever is sent as a query, the answer is the data asked for or what is wrong with it: never a 5xx. */
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { hashSync } from "bcryptjs";
import type { Document } from "mongodb";
import { startQueryApi } from "../support/query_api.ts";

const RUNS = 1_000;
const guest = { username: "guest", password: "a password of the guest" };

const word = fc.constantFrom(
  "_id",
  "candid",
  "candidate.programid",
  "coordinates.radec_geojson",
  "$and",
  "$or",
  "$not",
  "$in",
  "$where",
  "$expr",
  "$function",
  "$geoWithin",
  "$centerSphere",
  "$near",
  "$regex",
  "$options",
  "$elemMatch",
  "$date",
  "$oid",
  "$numberLong",
  "$binary",
  "$meta",
  "$text",
  "$slice",
  "$jsonSchema",
  "$comment",
  "$type",
  "",
  "a.b",
  "a..b",
  "$",
  "$$ROOT",
  "$candid",
  "__proto__",
  "constructor",
  "toString",
  "\0",
  "é",
  ".",
  "a.$",
);
const leaf = fc.oneof(
  word,
  fc.constantFrom(null, true, 0, -1, 1e308, 2 ** 31, 2 ** 53, 0.5, -0, [], {}),
  fc.integer(),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    leaf,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(word, tie("value"), { maxKeys: 3 }),
  ),
}));
const stage = fc.tuple(
  fc.constantFrom(
    "$match",
    "$project",
    "$lookup",
    "$unionWith",
    "$out",
    "$merge",
    "$facet",
    "$group",
    "$geoNear",
    "$graphLookup",
    "$sort",
    "$limit",
    "$unset",
    "$addFields",
    "$replaceRoot",
    "$setWindowFields",
  ),
  fc.oneof(
    value,
    fc.record({
      from: fc.constantFrom("users", "ZTF_alerts", "Gaia", 5, null),
      as: word,
      pipeline: value,
    }),
    fc.record({ near: value, distanceField: word, query: value }),
  ),
).map(([name, content]) => ({ [name]: content }));
const catalog = fc.constantFrom(
  "ZTF_alerts",
  "Gaia",
  "users",
  "filters",
  "system.users",
  "",
  "a$b",
  "nope",
);
const filter = fc.oneof(
  fc.constantFrom<unknown>({}, { "candidate.programid": 2 }, { objectId: { $regex: "d$" } }, "{}"),
  value,
);
const one = fc.record({ catalog, filter, projection: value }, {
  requiredKeys: ["catalog", "filter"],
});
const benign = fc.constantFrom<Record<string, unknown>>(
  { $match: { "candidate.programid": { $in: [1, 2, 3] } } },
  { $lookup: { from: "ZTF_alerts", pipeline: [], as: "x" } },
  { $lookup: { from: "users", pipeline: [], as: "x" } },
  { $facet: { f: [{ $lookup: { from: "ZTF_alerts", pipeline: [], as: "x" } }] } },
  { $group: { _id: null, all: { $push: "$$ROOT" } } },
);
const queries: Record<string, fc.Arbitrary<unknown>> = {
  find: one,
  find_one: one,
  count_documents: one,
  estimated_document_count: fc.record({ catalog }),
  aggregate: fc.record({
    catalog,
    pipeline: fc.array(fc.oneof(benign, stage), { maxLength: 3 }),
  }),
  info: fc.record({
    command: fc.constantFrom("catalog_names", "catalog_info", "index_info", "db_info", 5),
    catalog,
  }),
  cone_search: fc.record({
    object_coordinates: fc.record({
      cone_search_radius: fc.oneof(fc.constant(5), leaf),
      cone_search_unit: fc.constantFrom("arcsec", "deg", "parsec"),
      radec: fc.oneof(fc.constantFrom<unknown>({ a: [47, 9.36] }, "47 9.36"), value),
    }),
    catalogs: fc.dictionary(
      fc.constantFrom("ZTF_alerts", "users", "Gaia"),
      fc.oneof(fc.constant({}), fc.record({ filter, projection: value }), value),
    ),
  }),
};
const body = fc.constantFrom(...Object.keys(queries)).chain((query_type) =>
  fc.record({
    query_type: fc.constant(query_type),
    query: fc.oneof({ weight: 5, arbitrary: queries[query_type]! }, value),
    kwargs: fc.oneof(
      fc.constant({}),
      fc.record({ limit: leaf, skip: leaf, sort: value, hint: value }, { requiredKeys: [] }),
    ),
  })
);

describe("hostile queries", () => {
  it("get data or a 400 with a reason, and no row or collection that isn't theirs", async () => {
    await using chain = await startQueryApi();
    const { api } = chain;
    await api.database.client.db(api.database.name).collection<Document>("users").insertOne({
      _id: guest.username as unknown as Document["_id"],
      password: btoa(hashSync(guest.password, 4)),
      permissions: { programids: [1] },
    });
    await fc.assert(
      fc.asyncProperty(body, async (asked) => {
        const response = await api.query({ ...asked }, guest);
        const text = await response.text();
        assert([200, 400].includes(response.status), `${response.status} ${text}`);
        const { status, message } = JSON.parse(text);
        assertEquals(status, response.status === 200 ? "success" : "error");
        assertEquals(typeof message, "string");
        // The one alert of another programid, and what only users' documents hold.
        assert(!text.includes("ZTF18abcd"), text);
        assert(!text.includes("last_modified"), text);
        assert(!/ at .*\.ts:\d+/.test(text), text);
      }),
      { numRuns: RUNS },
    );
    assertEquals(api.errors, []);
  });
});
