/** `"explain": true` among the kwargs of any query, through the whole chain: told, and not done. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import type { Document } from "mongodb";
import type { Explanation } from "../../core/archive/explain.ts";
import { loadFolder } from "../../core/base/registry.ts";
import { catalog, type QueryApi, startQueryApi, storeSquareMap } from "../support/query_api.ts";

let queries: QueryApi;
before(async () => {
  queries = await startQueryApi();
  const { client, name } = queries.api.database;
  const db = client.db(name);
  await db.collection(catalog).createIndex({ "coordinates.radec_geojson": "2dsphere" }, {
    name: "radec",
  });
  await storeSquareMap(db);
});
after(() => queries[Symbol.asyncDispose]());

const explain = async (query_type: string, query: unknown, kwargs = {}) =>
  await queries.data(query_type, query, { ...kwargs, explain: true }) as Explanation;

const positions = { cone_search_radius: 1, cone_search_unit: "deg", radec: { a: [47, 9.36] } };
const ASKED: Record<string, Document> = {
  find: { catalog, filter: { candid: { $gt: 0 } } },
  find_one: { catalog, filter: {} },
  count_documents: { catalog, filter: {} },
  estimated_document_count: { catalog },
  aggregate: { catalog, pipeline: [{ $match: {} }, { $count: "n" }] },
  info: { command: "catalog_names" },
  cone_search: { object_coordinates: positions, catalogs: { [catalog]: {}, Gaia: {} } },
  near: {
    radec: { a: [47, 9.36] },
    max_distance: 1,
    distance_units: "deg",
    catalogs: { [catalog]: {} },
  },
  skymap: {
    skymap: { localization_name: "map", dateobs: "2023-06-23T15:42:26", contour: 90 },
    catalog,
    filter: {},
  },
};

describe("a query that is explained", () => {
  it("may be of every type, but of those that change something", async () => {
    const types = (await loadFolder(new URL("../../core/queries/", import.meta.url))).keys();
    assertEquals([...types].filter((type) => type !== "drop").sort(), Object.keys(ASKED).sort());
  });

  for (const [type, query] of Object.entries(ASKED)) {
    it(`is told in words and numbers, without a row: ${type}`, async () => {
      const told = await explain(type, query);
      assertEquals(Object.keys(told), [
        "in_words",
        "documents_examined",
        "documents_returned",
        "bytes_read",
        "seconds",
        "reads",
        "limits",
      ]);
      assert(told.in_words.endsWith("."), told.in_words);
      assert(!JSON.stringify(told).includes("ZTF18"), JSON.stringify(told));
      assertEquals(told.limits.max_time_ms, 300_000);
    });
  }

  it("tells the way of each catalog", async () => {
    const { reads } = await explain("cone_search", ASKED.cone_search);
    assertEquals(reads.map(({ catalog, scan }) => [catalog, scan]), [
      [catalog, "index"],
      ["Gaia", "collection"],
    ]);
    const skymap = await explain("skymap", ASKED.skymap);
    assertEquals([skymap.reads[0]!.indexes, skymap.documents_returned], [["radec"], 4]);
  });

  it("isn't a collection that is dropped", async () => {
    const drop = { catalog: "Gaia", confirm: "Gaia" };
    await queries.refused("Cannot explain", "drop", drop, { explain: true });
    assertEquals(await queries.data("count_documents", { catalog: "Gaia", filter: {} }), 1);
  });

  it("is done, where explain says anything but true", async () => {
    for (const explain of [false, null, "true", 1]) {
      const data = await queries.data("count_documents", { catalog, filter: {} }, { explain });
      assertEquals(data, 4);
    }
  });
});
