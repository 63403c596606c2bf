import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import type { Db } from "mongodb";
import { type TestDatabase, testDatabase } from "../../tests/support/mongo.ts";
import { holdingsStore } from "./holdings.ts";

const surveys = [
  { instrument: "ZTF", collections: { alerts: "ZTF_alerts", aux: "ZTF_alerts_aux" } },
  { instrument: "LSST", collections: { alerts: "LSST_alerts", aux: "LSST_alerts_aux" } },
];
let database: TestDatabase;
let db: Db;
before(async () => {
  database = await testDatabase();
  db = database.client.db(database.name);
  await db.createCollection("users");
  await db.collection("ZTF_alerts").insertMany([{}, {}, {}]);
  await db.collection("Gaia").insertMany([{}]);
  await db.createCollection("a view", { viewOn: "Gaia" });
});
after(() => database[Symbol.asyncDispose]());

describe("what an archive holds", () => {
  it("is told for the names that are asked, with rough counts, views without", async () => {
    const names = ["ZTF_alerts", "Gaia", "a view", "nope"];
    const { catalogs, surveys: held } = await holdingsStore(db, surveys).read(names);
    assertEquals(catalogs, { ZTF_alerts: 3, Gaia: 1, "a view": null, nope: null });
    assertEquals(held, { ztf: "ZTF_alerts" });
  });

  it("is counted again after half a minute, and what is new at once", async () => {
    let nowMs = 0;
    const store = holdingsStore(db, surveys, () => nowMs);
    const count = async (...names: string[]) => (await store.read(names)).catalogs;
    assertEquals(await count("Gaia"), { Gaia: 1 });
    await db.collection("Gaia").insertOne({});
    assertEquals(await count("Gaia", "ZTF_alerts"), { Gaia: 1, ZTF_alerts: 3 });
    nowMs = 30_001;
    assertEquals(await count("Gaia"), { Gaia: 2 });
  });
});

describe("which archive it is", () => {
  it("is the same for all before the same database, and for no other", async () => {
    await using other = await testDatabase();
    const copy = other.client.db(other.name);
    await copy.createCollection("users");
    const [one, again, another] = await Promise.all(
      [db, database.client.db(database.name), copy].map(async (each) =>
        (await holdingsStore(each, []).read([])).archive
      ),
    );
    assert(/^[0-9a-f]{32}$/.test(one!), one);
    assertEquals(again, one);
    assert(another !== one);
  });
});
