import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BSON, type Db } from "mongodb";
import type { Document } from "../contract/document.ts";
import {
  type ArchiveView,
  type Principal,
  QueryError,
  type RawBatches,
} from "../contract/query.ts";
import {
  admin,
  AUX,
  fillArchive,
  guest,
  partner,
  read,
  viewOf,
} from "../../tests/support/access.ts";
import { type TestDatabase, testDatabase } from "../../tests/support/mongo.ts";

let database: TestDatabase;
let db: Db;

before(async () => {
  database = await testDatabase();
  db = database.client.db(database.name);
  await fillArchive(db);
});
after(() => database[Symbol.asyncDispose]());

const view = (principal: Principal) => viewOf(db, principal);
const ids = async (batches: RawBatches) => (await read(batches)).map(({ _id }) => _id).sort();

describe("a view's row access", () => {
  for (const who of [admin, partner]) {
    it(`shows the ${who.name} all alerts`, async () => {
      assertEquals(await ids(view(who).find("ZTF_alerts", {}, {})), [1, 2, 3]);
    });
  }

  const reads: [string, (archive: ArchiveView) => Promise<unknown>, unknown][] = [
    ["find", (a) => ids(a.find("ZTF_alerts", {}, {})), [1]],
    [
      "find with a filter that asks for more",
      (a) => ids(a.find("ZTF_alerts", { $or: [{ "candidate.programid": 3 }, { _id: 1 }] }, {})),
      [1],
    ],
    [
      "find with a filter that tries to replace the guard",
      (a) => ids(a.find("ZTF_alerts", { "candidate.programid": { $in: [1, 2, 3] } }, {})),
      [1],
    ],
    ["count", (a) => a.count("ZTF_alerts", {}, {}), 1],
    ["aggregate", (a) => ids(a.aggregate("ZTF_alerts", [{ $match: {} }], disk)), [1]],
    [
      "aggregate with $geoNear",
      (a) =>
        ids(a.aggregate("ZTF_alerts", [{
          $geoNear: {
            near: { type: "Point", coordinates: [-170, 5] },
            distanceField: "d",
            query: { "candidate.magpsf": { $gt: 0 } },
          },
        }], disk)),
      [1],
    ],
    [
      "$lookup by field",
      (a) => lookup(a, { from: "ZTF_alerts", localField: "o", foreignField: "objectId" }),
      [1],
    ],
    [
      "$lookup by pipeline",
      (a) => lookup(a, { from: "ZTF_alerts", pipeline: [{ $match: {} }] }),
      [1],
    ],
    [
      "$lookup in $facet",
      async (a) => {
        const [row] = await read(a.aggregate("stars", [{ $limit: 1 }, {
          $facet: { f: [{ $lookup: { from: "ZTF_alerts", pipeline: [], as: "x" } }] },
        }], disk));
        return row!.f[0].x.map(({ _id }: Document) => _id);
      },
      [1],
    ],
    [
      "$lookup in $lookup",
      async (a) => {
        const inner = [{ $limit: 1 }, { $lookup: { from: "ZTF_alerts", pipeline: [], as: "y" } }];
        const [row] = await read(a.aggregate("stars", [
          { $limit: 1 },
          { $lookup: { from: "stars", pipeline: inner, as: "x" } },
        ], disk));
        return row!.x[0].y.map(({ _id }: Document) => _id);
      },
      [1],
    ],
    [
      "$graphLookup",
      async (a) => {
        const [row] = await read(a.aggregate("stars", [{ $limit: 1 }, {
          $graphLookup: {
            from: "ZTF_alerts",
            startWith: "both",
            connectFromField: "objectId",
            connectToField: "objectId",
            as: "x",
          },
        }], disk));
        return row!.x.map(({ _id }: Document) => _id);
      },
      [1],
    ],
    [
      "findEach",
      async (a) => {
        const found: unknown[] = [];
        for await (const { at, documents } of a.findEach("ZTF_alerts", [{}, { _id: 2 }], {}, {})) {
          found.push([at, documents.map((raw) => BSON.deserialize(raw)._id)]);
        }
        return found;
      },
      [[0, [1]]],
    ],
  ];
  const disk = { allowDiskUse: true };
  async function lookup(archive: ArchiveView, stage: Document): Promise<unknown> {
    const [row] = await read(archive.aggregate("stars", [
      { $limit: 1 },
      { $set: { o: "both" } },
      { $lookup: { ...stage, as: "x" } },
    ], disk));
    return row!.x.map(({ _id }: Document) => _id);
  }
  for (const [what, run, expected] of reads) {
    it(`holds in ${what}`, async () => assertEquals(await run(view(guest)), expected));
  }

  it("shows of an object's document the points one may see", async () => {
    const [both] = await read(view(guest).find("ZTF_alerts_aux", { _id: "both" }, {}));
    assertEquals(both, {
      _id: "both",
      cross_matches: { Gaia: [{ _id: 7 }] },
      prv_candidates: [{ jd: 1, programid: 1 }],
      fp_hists: [],
    });
    const [whole] = await read(view(partner).find("ZTF_alerts_aux", { _id: "both" }, {}));
    assertEquals(whole, AUX[0]);
  });

  it("hides an object of which one may see no point", async () => {
    assertEquals(await ids(view(guest).find("ZTF_alerts_aux", {}, {})), ["both", "new"]);
    assertEquals(await view(guest).count("ZTF_alerts_aux", {}, {}), 2);
  });

  it("doesn't let a filter, a sort or a join feel for hidden points", async () => {
    const archive = view(guest);
    assertEquals(await ids(archive.find("ZTF_alerts_aux", { "prv_candidates.jd": 2 }, {})), []);
    assertEquals(
      await archive.count("ZTF_alerts_aux", { "fp_hists.0": { $exists: true } }, {}),
      0,
    );
    for (const foreignField of ["prv_candidates.jd", "fp_hists", "prv_candidates"]) {
      assertThrows(
        () =>
          archive.aggregate("stars", [{
            $lookup: { from: "ZTF_alerts_aux", localField: "mag", foreignField, as: "x" },
          }], disk),
        QueryError,
        "Cannot join on",
      );
    }
    const join = { from: "ZTF_alerts_aux", localField: "o", foreignField: "_id", as: "x" };
    const [row] = await read(archive.aggregate("stars", [
      { $limit: 1 },
      { $set: { o: "both" } },
      { $lookup: join },
    ], disk));
    assertEquals(row!.x[0].prv_candidates, [{ jd: 1, programid: 1 }]);
  });

  it("refuses what can't be guarded", async () => {
    const archive = view(guest);
    await assertRejects(
      () => read(archive.find("ZTF_alerts_aux", {}, { projection: { a: { $slice: 1 } } })),
      QueryError,
      "projection with operators",
    );
    assertThrows(
      () => archive.aggregate("stars", [{ $graphLookup: { from: "ZTF_alerts_aux" } }], disk),
      QueryError,
      "$graphLookup",
    );
    assertThrows(
      () => archive.aggregate("ZTF_alerts_aux", [{ $geoNear: {} }], disk),
      QueryError,
      "$geoNear",
    );
  });

  it("projects, sorts and pages reshaped documents as it does others", async () => {
    const found = await read(
      view(guest).find("ZTF_alerts_aux", {}, {
        projection: { prv_candidates: 1 },
        sort: [["_id", -1]],
        limit: 1,
        skip: 1,
      }),
    );
    assertEquals(found, [{ _id: "both", prv_candidates: [{ jd: 1, programid: 1 }] }]);
  });
});

describe("a view's protected collections", () => {
  for (const name of ["users", "filters", "queries", "rejected"]) {
    it(`can't be read by a user: ${name}`, async () => {
      const archive = view(partner);
      const refused = (fn: () => unknown) => assertThrows(fn, QueryError, "Protected collection");
      refused(() => archive.find(name, {}, {}));
      refused(() => archive.aggregate(name, [{ $match: {} }], { allowDiskUse: true }));
      await assertRejects(() => archive.estimatedCount(name), QueryError, "Protected");
      await assertRejects(() => archive.count(name, {}, {}), QueryError, "Protected");
      await assertRejects(() => archive.stats("collStats", name), QueryError, "Protected");
      await assertRejects(() => archive.indexes(name), QueryError, "Protected");
      await assertRejects(() => Array.fromAsync(archive.findEach(name, [{}], {}, {})), QueryError);
      for (
        const stage of [
          { $lookup: { from: name, pipeline: [], as: "x" } },
          { $lookup: { from: name, localField: "a", foreignField: "b", as: "x" } },
          { $graphLookup: { from: name } },
          { $facet: { a: [{ $lookup: { from: name, pipeline: [], as: "x" } }] } },
          { $lookup: { from: "stars", as: "x", pipeline: [{ $lookup: { from: name } }] } },
        ]
      ) refused(() => archive.aggregate("stars", [stage], { allowDiskUse: true }));
    });
  }

  it("can be read by the admin, without the hashes of passwords", async () => {
    const archive = view(admin);
    assertEquals(await read(archive.find("users", {}, {})), [{ _id: "admin" }]);
    assertEquals(await archive.count("users", { password: "hash" }, {}), 0);
    const [row] = await read(archive.aggregate("stars", [
      { $limit: 1 },
      { $lookup: { from: "users", pipeline: [], as: "x" } },
    ], { allowDiskUse: true }));
    assertEquals(row!.x, [{ _id: "admin" }]);
  });

  for (const name of ["system.views", "system.profile", "", "a$cmd", "a\0b", "x".repeat(300)]) {
    it(`are not to be had by odd names: ${JSON.stringify(name.slice(0, 20))}`, () => {
      assertThrows(() => view(admin).find(name, {}, {}), QueryError, "this name");
    });
  }

  it("are not reached through another database", () => {
    assertThrows(
      () =>
        view(admin).aggregate("stars", [{
          $lookup: { from: { db: "admin", coll: "system.users" }, pipeline: [], as: "x" },
        }], { allowDiskUse: true }),
      QueryError,
      "must be given by its name",
    );
  });

  it("aren't among the catalogs' names, which are sorted downwards", async () => {
    assertEquals(await view(admin).catalogNames(), ["stars", "ZTF_alerts_aux", "ZTF_alerts"]);
  });
});
