import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import type { CommandStartedEvent, Db } from "mongodb";
import { MongoClient } from "mongodb";
import { type ArchiveView, QueryError, type RawBatches } from "../contract/query.ts";
import { admin, fillArchive, guest, partner, read, viewOf } from "../../tests/support/access.ts";
import { type TestDatabase, testDatabase } from "../../tests/support/mongo.ts";
import { collectionsOf } from "./known_views.ts";

let database: TestDatabase;
let db: Db;
const disk = { allowDiskUse: true };

before(async () => {
  database = await testDatabase();
  db = database.client.db(database.name);
  await fillArchive(db);
  const view = (name: string, viewOn: string, pipeline: Record<string, unknown>[] = []) =>
    db.createCollection(name, { viewOn, pipeline });
  await view("bright", "ZTF_alerts", [{ $match: { "candidate.magpsf": { $lt: 20 } } }]);
  await view("brightest", "bright", [{ $sort: { _id: -1 } }]);
  await view("objects", "ZTF_alerts_aux");
  await view("accounts", "users");
  await view("stars7", "stars", [{ $match: { _id: { $lt: 7 } } }]);
  await view("joined", "stars", [
    { $limit: 1 },
    { $lookup: { from: "ZTF_alerts", pipeline: [], as: "x" } },
  ]);
  await view("with_accounts", "stars", [
    { $limit: 1 },
    { $lookup: { from: "users", pipeline: [], as: "x" } },
  ]);
  await view("united", "stars", [{ $limit: 1 }, { $unionWith: { coll: "ZTF_alerts" } }]);
  await view("joined_view", "stars", [
    { $limit: 1 },
    { $lookup: { from: "bright", pipeline: [], as: "x" } },
  ]);
});
after(() => database[Symbol.asyncDispose]());

const ids = async (batches: RawBatches) => (await read(batches)).map(({ _id }) => _id).sort();
const found = (archive: ArchiveView, name: string) => ids(archive.find(name, {}, {}));

describe("a view of a guarded collection", () => {
  for (const name of ["bright", "brightest"]) {
    it(`is guarded as that is: ${name}`, async () => {
      assertEquals(await found(viewOf(db, guest), name), [1]);
      assertEquals(await found(viewOf(db, partner), name), [1, 2, 3]);
      assertEquals(await found(viewOf(db, admin), name), [1, 2, 3]);
    });
  }

  it("is guarded however it is read", async () => {
    const archive = viewOf(db, guest);
    assertEquals(await ids(archive.aggregate("bright", [{ $match: {} }], disk)), [1]);
    assertEquals(await archive.count("bright", {}, {}), 1);
    assertEquals(await archive.estimatedCount("bright"), 1);
    const each: unknown[] = [];
    for await (const { at, documents } of archive.findEach("bright", [{}, {}], {}, {})) {
      each.push([at, documents.length]);
    }
    assertEquals(each, [[0, 1], [1, 1]]);
    const fails = { $cond: [{ $eq: ["$candidate.programid", 1] }, true, { $toInt: "$objectId" }] };
    const filter = { $or: [{ $expr: fails }, { a: 1 }] };
    assertEquals(await ids(archive.find("bright", filter, {})), [1]);
  });

  it("shows of an object's document the points one may see", async () => {
    const [both] = await read(viewOf(db, guest).find("objects", { _id: "both" }, {}));
    assertEquals(both!.prv_candidates, [{ jd: 1, programid: 1 }]);
    assertEquals(await found(viewOf(db, guest), "objects"), ["both", "new"]);
  });

  it("may join a guarded collection itself", async () => {
    const [row] = await read(viewOf(db, guest).find("joined", {}, {}));
    assertEquals(row!.x.map(({ _id }: { _id: number }) => _id), [1]);
    const [all] = await read(viewOf(db, partner).find("joined", {}, {}));
    assertEquals(all!.x.length, 3);
  });

  it("can't be read, or joined, where it can't be guarded", async () => {
    const archive = viewOf(db, guest);
    for (const name of ["united", "joined_view"]) {
      await assertRejects(() => found(archive, name), QueryError, `Cannot read the view ${name}`);
      assertEquals((await found(viewOf(db, admin), name)).length > 0, true);
    }
    for (
      const stage of [
        { $lookup: { from: "bright", pipeline: [], as: "x" } },
        {
          $graphLookup: {
            from: "bright",
            startWith: 1,
            connectFromField: "a",
            connectToField: "a",
            as: "x",
          },
        },
        { $facet: { f: [{ $lookup: { from: "brightest", pipeline: [], as: "x" } }] } },
      ]
    ) {
      await assertRejects(
        () => ids(archive.aggregate("stars", [{ $limit: 1 }, stage], disk)),
        QueryError,
        "Cannot join with the view",
      );
    }
  });
});

describe("a view of a protected collection", () => {
  for (const name of ["accounts", "with_accounts"]) {
    it(`is protected as that is: ${name}`, async () => {
      for (const who of [guest, partner]) {
        const archive = viewOf(db, who);
        await assertRejects(() => found(archive, name), QueryError, "Protected collection");
        await assertRejects(() => archive.count(name, {}, {}), QueryError, "Protected collection");
        await assertRejects(
          () => archive.estimatedCount(name),
          QueryError,
          "Protected collection",
        );
        const join = { $lookup: { from: name, pipeline: [], as: "x" } };
        await assertRejects(
          () => ids(archive.aggregate("stars", [join], disk)),
          QueryError,
          "Protected collection",
        );
      }
    });
  }

  it("shows the admin no hash of a password", async () => {
    assertEquals(await read(viewOf(db, admin).find("accounts", {}, {})), [{ _id: "admin" }]);
    const [row] = await read(viewOf(db, admin).find("with_accounts", {}, {}));
    assertEquals(row!.x, [{ _id: "admin" }]);
  });
});

describe("other views", () => {
  it("are read as collections are", async () => {
    assertEquals((await found(viewOf(db, guest), "stars7")).length, 7);
    assertEquals(await viewOf(db, guest).estimatedCount("stars7"), 7);
  });

  it("are among the catalogs' names, those that one may read", async () => {
    const names = await viewOf(db, guest).catalogNames();
    assertEquals(names.includes("stars7") && names.includes("bright"), true);
    for (const name of ["accounts", "with_accounts", "united", "joined_view"]) {
      assertEquals(names.includes(name), false, name);
    }
  });

  it("are known at once when they are made, and aren't asked for at each query", async () => {
    const commands: CommandStartedEvent[] = [];
    await using client = new MongoClient(database.uri, { monitorCommands: true });
    client.on("commandStarted", (event) => commands.push(event));
    const own = client.db(database.name);
    for (let i = 0; i < 5; i++) await found(viewOf(own, guest), "stars");
    const listings = () =>
      commands.filter(({ commandName }) => commandName === "listCollections").length;
    assertEquals(listings(), 1);
    await db.createCollection("late", { viewOn: "ZTF_alerts", pipeline: [] });
    assertEquals(await found(viewOf(own, guest), "late"), [1]);
    assertEquals(listings(), 2);
  });
});

describe("collectionsOf()", () => {
  it("finds all that a pipeline names, in whatever depth", () => {
    const names = collectionsOf([
      { $lookup: { from: "a", pipeline: [{ $unionWith: "b" }] } },
      { $facet: { x: [{ $unionWith: { coll: "c" } }, { $graphLookup: { from: "d" } }] } },
      { $match: { from: "no", coll: "no" } },
    ]);
    assertEquals(names.sort(), ["a", "b", "c", "d"]);
  });
});
