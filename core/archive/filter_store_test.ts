import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Db, Double } from "mongodb";
import { type TestDatabase, testDatabase } from "../../tests/support/mongo.ts";
import { ensureFilterIndexes, filterStore } from "./filter_store.ts";

let database: TestDatabase;
let db: Db;
before(async () => {
  database = await testDatabase();
  db = database.client.db(database.name);
  await ensureFilterIndexes(db);
});
after(() => database[Symbol.asyncDispose]());

const fields = (filter_id: number) => ({
  filter_id,
  group_id: 1,
  catalog: "ZTF_alerts",
  permissions: [1],
  active: true,
  autosave: false,
  auto_followup: {},
  update_annotations: false,
});

describe("the store of filters", () => {
  it("gives each version an id of its own, of six letters and digits", async () => {
    const filters = filterStore(db);
    await filters.create(fields(1), "[]", undefined);
    for (let i = 0; i < 20; i++) await filters.addVersion(1, `[${i}]`, () => {});
    const { fv, active_fid } = (await filters.find(1))!;
    assertEquals(new Set(fv.map(({ fid }) => fid)).size, 21);
    assert(fv.every(({ fid }) => /^[a-z0-9]{6}$/.test(fid)), JSON.stringify(fv));
    assertEquals([active_fid, fv.at(-1)!.pipeline], [fv.at(-1)!.fid, "[19]"]);
  });

  it("tells each state of a filter from all before, also where a clock was set back", async () => {
    const filters = filterStore(db);
    await filters.create(fields(2), "[]", undefined);
    const future = new Date(Date.now() + 3_600_000);
    await db.collection("filters").updateOne({ filter_id: 2 }, { $set: { last_modified: future } });
    const changed = await filters.change(2, () => ({ set: { active: false } }));
    assert(typeof changed === "object");
    assertEquals(changed.last_modified.getTime(), future.getTime() + 1);
    assertEquals(await filters.find(2), changed);
  });

  it("asks again what to change where somebody was faster: no change is lost", async () => {
    const filters = filterStore(db);
    await filters.create(fields(3), "[]", undefined);
    let asked = 0;
    await Promise.all(
      Array.from({ length: 10 }, () =>
        filters.change(3, ({ auto_followup: { radius = 0 } }) => {
          asked++;
          return { set: { auto_followup: { radius: radius as number + 1 } } };
        })),
    );
    assertEquals((await filters.find(3))!.auto_followup, { radius: 10 });
    assert(asked > 10, `asked ${asked} times`);
  });

  it("reads filters that were written by hand, and without what came later", async () => {
    await db.collection("filters").insertOne({
      filter_id: new Double(4),
      group_id: new Double(7),
      catalog: "ZTF_alerts",
      permissions: [new Double(1), 2],
      active_fid: null,
    });
    const filters = filterStore(db);
    const found = await filters.find(4);
    assertEquals([found!.permissions, found!.fv], [[1, 2], []]);
    const version = await filters.addVersion(4, "[]", () => {});
    assert(typeof version === "object");
    assertEquals((await filters.find(4))!.fv, [version]);
    assertEquals(await filters.addVersion(5, "[]", () => {}), "absent");
    assertEquals(await filters.create(fields(4), "[]", undefined), "taken");
  });

  it("isn't opened on filters of which two have one id", async () => {
    await using other = await testDatabase();
    const db = other.client.db(other.name);
    await db.collection("filters").insertMany([{ filter_id: 8 }, { filter_id: 8 }]);
    await assertRejects(
      () => ensureFilterIndexes(db),
      Error,
      "Cannot index filters as filter_id must be unique",
    );
  });
});
