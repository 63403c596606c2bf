import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { type CommandStartedEvent, type Db, MongoClient } from "mongodb";
import { coordinatesBlock } from "../astro/coordinates.ts";
import { CatalogMatch } from "../contract/crossmatch.ts";
import type { Document } from "../contract/document.ts";
import { mongoUri, type TestDatabase, testDatabase } from "../../tests/support/mongo.ts";
import { addCells, CellCatalogs } from "./cells.ts";
import { crossmatch } from "./crossmatch.ts";
import { ensureIndexes } from "./indexes.ts";

/** No row is as far from a position as a radius: what is on the edge may be in or out. */
/** Where many rows are, and positions among them: ordinary, at RA 0, at the pole, on the equator. */
const CENTRES = [[150.1, 33.3], [0, -12], [77, 89.9995], [210, 0], [10, -89.9999]] as const;
const POSITIONS = CENTRES.flatMap(([raDeg, decDeg]) =>
  Array.from({ length: 8 }, (_, i) => ({
    raDeg: (raDeg + (i - 4) / 3600 + 360) % 360,
    decDeg: Math.max(-90, decDeg - i / 7200),
  }))
);

let database: TestDatabase;
let db: Db;
before(async () => {
  database = await testDatabase();
  db = database.client.db(database.name);
  const rows = () =>
    CENTRES.flatMap(([raDeg, decDeg], c) =>
      Array.from({ length: 200 }, (_, i): Document => {
        const ra = (raDeg + (i * 7 % 40 - 20) / 3600 / (c === 2 || c === 4 ? 1e-3 : 1) + 720) % 360;
        const dec = Math.max(-90, Math.min(90, decDeg + (i * 13 % 41 - 20) / 7200));
        const { radec_geojson, radec_str } = coordinatesBlock(ra, dec);
        return { _id: `${c}-${i}`, n: i, coordinates: { radec_geojson, radec_str } };
      })
    );
  for (const name of ["plain", "with_cells"]) {
    await db.collection(name).insertMany(rows() as never[]);
    await ensureIndexes(db, name, [
      { name: "radec__id", keys: { "coordinates.radec_geojson": "2dsphere", _id: 1 } },
    ]);
  }
  await addCells(db, "with_cells", () => {});
});
after(async () => await database[Symbol.asyncDispose]());

function match(catalog: string, more: Document = {}): CatalogMatch {
  return CatalogMatch.parse({ catalog, cone_search_radius: 3.1, ...more });
}

async function matched(catalog: string, more: Document = {}, cells = new CellCatalogs(db)) {
  const { matches, failures } = await crossmatch(db, [match(catalog, more)], POSITIONS, cells);
  assertEquals(failures, {});
  return matches.map(({ [catalog]: rows }) =>
    (rows as Document[]).toSorted((a, b) => String(a._id) < String(b._id) ? -1 : 1)
  );
}

describe("crossmatch()", () => {
  for (
    const more of [
      { projection: { n: 1, "coordinates.radec_str": 1 } },
      { projection: { "coordinates.radec_geojson": 1 }, cone_search_radius: 9.1 },
      { projection: { coordinates: 0 }, filter: { n: { $lt: 100 } } },
      { projection: { n: 1, _id: 1 }, cone_search_radius: 0.011, cone_search_unit: "arcmin" },
    ]
  ) {
    it(`finds by cells what it finds by cones: ${JSON.stringify(more)}`, async () => {
      const found = await matched("plain", more);
      assertEquals(await matched("with_cells", more), found);
      assert(found.flat().length > 10);
    });
  }

  it("asks by cones, and finds all, once a row has no cell", async () => {
    await addCells(db, "plain", () => {});
    const cells = new CellCatalogs(db);
    assertEquals(await cells.has("plain"), true);
    const [{ raDeg, decDeg }] = POSITIONS as [typeof POSITIONS[0]];
    const { radec_geojson } = coordinatesBlock(raDeg, decDeg);
    await db.collection<Document>("plain").insertOne({ coordinates: { radec_geojson }, n: -1 });
    assertEquals(await new CellCatalogs(db).has("plain"), false);
    const [first] = await matched("plain", { projection: { n: 1 } });
    assert(first!.some(({ n }) => n === -1));
    await db.collection("plain").deleteOne({ n: -1 });
    await db.collection("plain").dropIndex("cell");
  });

  it("sends one command a catalog, whatever the number of positions", async () => {
    await using client = new MongoClient(await mongoUri(), { monitorCommands: true });
    const commands: CommandStartedEvent[] = [];
    client.on("commandStarted", (event) => commands.push(event));
    const watched = client.db(database.name);
    const cells = new CellCatalogs(watched);
    await cells.has("with_cells");
    commands.length = 0;
    for (const positions of [POSITIONS.slice(0, 1), POSITIONS]) {
      await crossmatch(watched, [match("with_cells")], positions, cells);
    }
    assertEquals(commands.map(({ commandName }) => commandName), ["aggregate", "aggregate"]);
  });
});
