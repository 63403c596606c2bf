/** Every row of cone searches, through the whole chain: client, edge, core, a real MongoDB. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import type { Document } from "mongodb";
import { catalog, projection, type QueryApi, startQueryApi } from "../support/query_api.ts";

let queries: QueryApi;
before(async () => {
  queries = await startQueryApi();
});
after(() => queries[Symbol.asyncDispose]());
const data: QueryApi["data"] = (...args) => queries.data(...args);
const refused: QueryApi["refused"] = (...args) => queries.refused(...args);

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

  it("takes 10,000 positions over several catalogs, the nearest match first", async () => {
    const { client, name } = queries.api.database;
    // Two stars of each position, the farther one first; and a catalog that holds nothing there.
    const star = (i: number, offArcsec: number) => ({
      i,
      coordinates: {
        radec_geojson: { type: "Point", coordinates: [i * 0.036 - 180, 9 + offArcsec / 3600] },
      },
    });
    const stars = Array.from({ length: 10_000 }, (_, i) => [star(i, 0.9), star(i, -0.3)]).flat();
    await client.db(name).collection<Document>("stars").insertMany(stars);
    await client.db(name).collection("stars")
      .createIndex({ "coordinates.radec_geojson": "2dsphere" });
    const radec = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, i) => [`p${i}`, [i * 0.036, 9]]),
    );
    const query = {
      ...around({ ...radec, p0: [47, 9.36] }, 1),
      catalogs: {
        stars: { projection: { _id: 0, i: 1 } },
        [catalog]: { projection },
        Gaia: {},
      },
    };
    const found = await data("cone_search", query, { with_separation: true }) as Record<
      string,
      Record<string, Document[]>
    >;
    assertEquals(Object.keys(found), ["stars", catalog, "Gaia"]);
    for (const matches of Object.values(found)) assertEquals(Object.keys(matches).length, 10_000);
    for (const [key, matches] of Object.entries(found.stars!)) {
      if (key === "p0") continue;
      const told = matches.map(({ i, separation_arcsec }) => [i, separation_arcsec.toFixed(3)]);
      assertEquals(told, [[Number(key.slice(1)), "0.300"], [Number(key.slice(1)), "0.900"]]);
    }
    const near = found[catalog]!.p0!.map(({ objectId }) => objectId.at(-1)).join("");
    assertEquals(near, "abc");
    assertEquals(found[catalog]!.p1, []);
    assertEquals(Object.values(found.Gaia!).flat(), []);
    const more = { ...radec, p10000: [0, 0] };
    await refused("positions in one query must be <= 10000", "cone_search", around(more));
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
