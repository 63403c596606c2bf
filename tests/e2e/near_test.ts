/** Queries of type near, and separations on request, through the whole chain. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Db, Document } from "mongodb";
import { type Accounts, startAccounts } from "../support/accounts.ts";

const CATALOG = "stars";
const CENTRE = { raDeg: 46.9974, decDeg: 9.3679 };
const ARCSEC = 1 / 3600;
/** Their distances north of the centre, in arcsec, not in order; the last is an arcminute away. */
const NORTH = [30, 0, 10, 20, 59.9, 61];

let accounts: Accounts;
let db: Db;

before(async () => {
  accounts = await startAccounts();
  const { client, name } = accounts.api.database;
  db = client.db(name);
  await db.collection<Document>(CATALOG).insertMany(NORTH.map((north, i) => ({
    _id: i as never,
    north,
    mag: 20 - i,
    coordinates: place(north),
  })));
  await db.collection(CATALOG).createIndex(
    { "coordinates.radec_geojson": "2dsphere" },
    { name: "radec" },
  );
  await db.collection<Document>("unindexed").insertOne({ north: 5, coordinates: place(5) });
  await db.collection<Document>("ZTF_alerts").insertMany([1, 2].map((programid) => ({
    candid: programid,
    candidate: { programid },
    coordinates: place(programid),
  })));
  await db.collection("ZTF_alerts").createIndex({ "coordinates.radec_geojson": "2dsphere" });
});
after(() => accounts[Symbol.asyncDispose]());

interface Asked {
  readonly catalog?: string;
  readonly catalogs?: Document;
  readonly filter?: Document;
  readonly projection?: Document;
  readonly kwargs?: Document;
  readonly token?: string;
  readonly [name: string]: unknown;
}

async function ask(
  { catalog = CATALOG, catalogs, filter, projection, kwargs, token, ...asked }: Asked,
  query_type = "near",
) {
  const query = {
    radec: { x: [CENTRE.raDeg, CENTRE.decDeg] },
    catalogs: catalogs !== undefined ? catalogs : { [catalog]: { filter, projection } },
    ...asked,
  };
  return await accounts.call("POST", "/api/queries", {
    token: token ?? accounts.admin,
    body: { query_type, query, ...kwargs && { kwargs } },
  });
}

/** What is found at the one position, by their distances. */
async function found(asked: Asked, query_type?: string): Promise<number[]> {
  const { status, body } = await ask(asked, query_type);
  assertEquals([status, body.message], [200, "Successfully executed query"]);
  const [matches] = Object.values(body.data) as { x: Document[] }[];
  return matches!.x.map(({ north, candid }) => north ?? candid);
}

describe("near", () => {
  it("the original's test: from 0.1 to 30 arcsec, by name", async () => {
    const { status, body } = await ask({
      min_distance: 0.1,
      max_distance: 30.001,
      distance_units: "arcsec",
      projection: { _id: 0, north: 1 },
    });
    assertEquals([status, body.data], [200, {
      stars: { x: [{ north: 10 }, { north: 20 }, { north: 30 }] },
    }]);
  });

  it("has what is within an arcminute, where it isn't told, whatever the unit", async () => {
    for (const distance_units of [undefined, "rad", "deg", "arcmin", "arcsec"]) {
      assertEquals(await found({ distance_units }), [0, 10, 20, 30, 59.9], distance_units);
    }
  });

  it("has both ends of the range", async () => {
    const [near, far] = await Promise.all([0, 20].map(distanceRad));
    assertEquals(await found({ min_distance: near, max_distance: far }), [0, 10, 20]);
    assertEquals(await found({ min_distance: far, max_distance: far }), [20]);
    assertEquals(await found({ max_distance: 0 }), [0]);
  });

  for (
    const [max_distance, distance_units] of [
      [25, "arcsec"],
      ["25", "arcsec"],
      [0.4, "arcmin"],
      [0.007, "deg"],
      [1.2e-4, "rad"],
      [1.2e-4, undefined],
    ] as const
  ) {
    it(`takes a distance of ${JSON.stringify(max_distance)} ${distance_units}`, async () => {
      assertEquals(await found({ max_distance, distance_units }), [0, 10, 20]);
    });
  }

  it("gives the nearest first, or another order, and the options of find", async () => {
    assertEquals(await found({ kwargs: { limit: 1 } }), [0]);
    assertEquals(await found({ kwargs: { skip: 1, limit: 2 } }), [10, 20]);
    assertEquals(await found({ kwargs: { sort: [["mag", 1]] } }), [59.9, 20, 10, 0, 30]);
    assertEquals(await found({ kwargs: { hint: "radec", filter_first: true } }), [
      0,
      10,
      20,
      30,
      59.9,
    ]);
  });

  it("has the filter besides, which can't take the place's place", async () => {
    assertEquals(await found({ filter: { mag: { $lt: 19 } } }), [10, 20, 59.9]);
    const anywhere = { $geoWithin: { $centerSphere: [[0, 0], Math.PI] } };
    const filter = { "coordinates.radec_geojson": anywhere };
    assertEquals(await found({ filter }), [0, 10, 20, 30, 59.9]);
    assertEquals(await found({ filter, max_distance: 15, distance_units: "arcsec" }), [0, 10]);
  });

  it("has every catalog and every name in its answer", async () => {
    const { body } = await ask({
      radec: { "src.1": [CENTRE.raDeg, CENTRE.decDeg], far: [200, 10] },
      catalogs: {
        stars: { projection: { _id: 1 } },
        ZTF_alerts: { projection: { candid: 1, _id: 0 } },
      },
      max_distance: 3,
      distance_units: "arcsec",
    });
    assertEquals(body.data, {
      stars: { src_1: [{ _id: 1 }], far: [] },
      ZTF_alerts: { src_1: [{ candid: 1 }, { candid: 2 }], far: [] },
    });
  });

  it("shows nobody rows of a foreign programid", async () => {
    const { token } = await accounts.someone();
    assertEquals(await found({ catalog: "ZTF_alerts" }), [1, 2]);
    assertEquals(await found({ catalog: "ZTF_alerts", token }), [1]);
    assertEquals(await found({ catalog: "ZTF_alerts", token, kwargs: { with_separation: true } }), [
      1,
    ]);
    for (const filter of [{ $or: [{}, { candid: 2 }] }, { "candidate.programid": 2 }]) {
      const seen = await found({ catalog: "ZTF_alerts", token, filter });
      assert(!seen.includes(2));
    }
  });

  for (
    const [asked, message] of [
      [{ distance_units: "parsec" }, "Angular units not in ('arcsec', 'arcmin', 'deg', 'rad')"],
      [{ max_distance: -1 }, "max_distance must be in [0, 180] deg"],
      [{ max_distance: "far" }, "max_distance must be in [0, 180] deg"],
      [{ min_distance: 2, max_distance: 1, distance_units: "deg" }, "min_distance must be <="],
      [{ radec: {} }, "Unsupported object coordinate specs"],
      [{ radec: { x: [400, 0] } }, "RA must be in [0, 360] deg"],
      [{ catalogs: null }, "ValidationError"],
      [{ catalogs: ["stars"] }, "ValidationError"],
      [{ catalog: "unindexed" }, "OperationFailure"],
      [{ catalog: "users" }, "OperationFailure"],
      [{ filter: { "coordinates.radec_geojson": { $near: [0, 0] } } }, "OperationFailure"],
      [{ filter: { $where: "1" } }, "isn't allowed"],
    ] as [Asked, string][]
  ) {
    it(`refuses ${JSON.stringify(asked)}`, async () => {
      const { status, body } = await ask(asked);
      assertEquals([status, body.status], [400, "error"]);
      assert(body.message.includes(message), body.message);
    });
  }

  it("gives nothing for no catalogs", async () => {
    assertEquals((await ask({ catalogs: {} })).body.data, {});
  });
});

describe("separations on request", () => {
  const coordinates = { cone_search_radius: 1, cone_search_unit: "arcmin" };
  const cone = {
    object_coordinates: { ...coordinates, radec: { x: [CENTRE.raDeg, CENTRE.decDeg] } },
  };
  const kwargs = { with_separation: true };

  for (
    const [query_type, asked] of [
      ["cone_search", cone],
      ["near", {}],
    ] as const
  ) {
    const matches = async (more: Asked = {}): Promise<Document[]> => {
      const { status, body } = await ask({ kwargs, ...asked, ...more }, query_type);
      assertEquals(status, 200, body.message);
      return (Object.values(body.data) as { x: Document[] }[])[0]!.x;
    };

    it(`${query_type} tells them in arcsec, the nearest first`, async () => {
      const all = await matches();
      assertEquals(all.map(({ north }) => north), [0, 10, 20, 30, 59.9]);
      for (const { north, separation_arcsec } of all) {
        assertAlmostEquals(separation_arcsec, north, 1e-9);
      }
    });

    it(`${query_type} tells them beside whatever is shown`, async () => {
      const keys = async (projection: Document) =>
        Object.keys((await matches({ projection }))[0]!).sort();
      assertEquals(await keys({ _id: 0, north: 1 }), ["north", "separation_arcsec"]);
      assertEquals(await keys({ _id: 1 }), ["_id", "separation_arcsec"]);
      assertEquals(await keys({ coordinates: 0, mag: 0 }), ["_id", "north", "separation_arcsec"]);
      assertEquals(await keys({ _id: 0, mag: 0, coordinates: 0 }), ["north", "separation_arcsec"]);
      const refused = { projection: { north: { $slice: 1 } } };
      assertEquals((await ask({ kwargs, ...asked, ...refused }, query_type)).status, 400);
    });

    it(`${query_type} has its options besides`, async () => {
      const north = async (more: Document, filter?: Document) =>
        (await matches({ kwargs: { ...kwargs, ...more }, ...filter && { filter } }))
          .map(({ north }) => north);
      assertEquals(await north({ limit: 2 }), [0, 10]);
      assertEquals(await north({ skip: 1, limit: 2 }), [10, 20]);
      assertEquals(await north({ sort: [["mag", 1]] }), [59.9, 20, 10, 0, 30]);
      assertEquals(await north({ sort: [["separation_arcsec", -1]], limit: 1 }), [59.9]);
      assertEquals(await north({ hint: "radec" }), [0, 10, 20, 30, 59.9]);
      assertEquals(await north({}, { mag: { $lt: 19 } }), [10, 20, 59.9]);
      assertEquals(
        "separation_arcsec" in (await matches({ kwargs: { with_separation: false } }))[0]!,
        false,
      );
    });

    it(`${query_type} needs no index for them`, async () => {
      const [match] = await matches({ catalog: "unindexed", catalogs: { unindexed: {} } });
      assertAlmostEquals(match!.separation_arcsec, 5, 1e-9);
    });
  }

  it("near has both ends of its range with them, too", async () => {
    const near = (min: number, max: number) =>
      found({ kwargs, min_distance: min, max_distance: max, distance_units: "arcsec" });
    assertEquals(await near(9.9999, 20.0001), [10, 20]);
    assertEquals(await near(0, 10.0001), [0, 10]);
    const far = await distanceRad(20);
    assertEquals(await found({ kwargs, min_distance: far, max_distance: far }), [20]);
  });

  it("are right across the sky and at its poles, for many positions at once", async () => {
    const places = Array.from({ length: 300 }, (_, i) => [
      (i * 137.50776) % 360,
      Math.asin(2 * (i + 0.5) / 300 - 1) * 180 / Math.PI,
    ]);
    places.push([0, 90], [0, -90], [359.9999, 0], [0.0001, 0]);
    const { body } = await ask({
      radec: Object.fromEntries(places.map((place, i) => [i, place])),
      min_distance: 0,
      max_distance: 180,
      distance_units: "deg",
      filter: { _id: 0 },
      projection: { _id: 0, separation_arcsec: 1 },
      kwargs,
    });
    places.forEach(([raDeg, decDeg], i) => {
      const [match] = body.data.stars[i];
      const { raDeg: ra, decDeg: dec } = CENTRE;
      const expected = greatCircle([raDeg!, decDeg!], [ra, dec + 30 * ARCSEC]);
      assertAlmostEquals(match.separation_arcsec, expected, 1e-6);
    });
  });

  it("met no fault of ours in all this", () => assertEquals(accounts.api.errors, []));
});

function place(northArcsec: number): Document {
  const { raDeg, decDeg } = CENTRE;
  const coordinates = [raDeg - 180, decDeg + northArcsec * ARCSEC];
  return { radec_geojson: { type: "Point", coordinates } };
}

/** The distance of one of the stars, as MongoDB itself finds it. */
async function distanceRad(northArcsec: number): Promise<number> {
  const [star] = await db.collection(CATALOG).aggregate([
    {
      $geoNear: {
        near: [CENTRE.raDeg - 180, CENTRE.decDeg],
        spherical: true,
        distanceField: "distance",
        query: { north: northArcsec },
      },
    },
  ]).toArray();
  return star!.distance;
}

/** By vectors, in arcsec: another way than what is tested. */
function greatCircle(from: readonly number[], to: readonly number[]): number {
  const [a, b] = [from, to].map(([ra, dec]) => {
    const [lon, lat] = [ra! * Math.PI / 180, dec! * Math.PI / 180];
    return [Math.cos(lat) * Math.cos(lon), Math.cos(lat) * Math.sin(lon), Math.sin(lat)];
  }) as [number[], number[]];
  const chord = Math.hypot(...a.map((value, i) => value - b[i]!));
  return 2 * Math.asin(chord / 2) * 180 / Math.PI * 3600;
}
