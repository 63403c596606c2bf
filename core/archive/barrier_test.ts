import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Db } from "mongodb";
import type { Document } from "../contract/document.ts";
import { type ArchiveView, QueryError, type RawBatches } from "../contract/query.ts";
import { fillArchive, guest, partner, read, viewOf } from "../../tests/support/access.ts";
import { type TestDatabase, testDatabase } from "../../tests/support/mongo.ts";
import { plainPart, usesExpressions } from "./barrier.ts";

let database: TestDatabase;
let db: Db;

before(async () => {
  database = await testDatabase();
  db = database.client.db(database.name);
  await fillArchive(db);
});
after(() => database[Symbol.asyncDispose]());

const ids = async (batches: RawBatches) => (await read(batches)).map(({ _id }) => _id).sort();
const disk = { allowDiskUse: true };

describe("an expression that fails on what isn't theirs to see", () => {
  /** Fails on the alerts of other programids, and says with what. */
  const fails = {
    $cond: [{ $eq: ["$candidate.programid", 1] }, true, { $toInt: "$objectId" }],
  };
  const filters: Document[] = [
    { $expr: fails },
    { $or: [{ $expr: fails }, { nothing: 1 }] },
    { $nor: [{ $expr: { $not: [fails] } }] },
    { $and: [{ $or: [{ $expr: fails }, { $expr: false }] }, { objectId: { $exists: true } }] },
  ];
  const asks: [string, (archive: ArchiveView, filter: Document) => Promise<unknown>, unknown][] = [
    ["find", (a, filter) => ids(a.find("ZTF_alerts", filter, {})), [1]],
    [
      "find, sorted and shown in part",
      (a, filter) =>
        ids(a.find("ZTF_alerts", filter, { sort: [["candid", 1]], projection: { candid: 1 } })),
      [1],
    ],
    ["count", (a, filter) => a.count("ZTF_alerts", filter, {}), 1],
    ["aggregate", (a, $match) => ids(a.aggregate("ZTF_alerts", [{ $match }], disk)), [1]],
    [
      "aggregate with stages before it",
      (a, $match) =>
        ids(a.aggregate("ZTF_alerts", [
          { $match: { candid: { $gt: 0 } } },
          { $sort: { candid: 1 } },
          { $match },
        ], disk)),
      [1],
    ],
    [
      "a join",
      async (a, $match) => {
        const join = { from: "ZTF_alerts", pipeline: [{ $match }], as: "x" };
        const [row] = await read(a.aggregate("stars", [{ $limit: 1 }, { $lookup: join }], disk));
        return row!.x.map(({ _id }: Document) => _id);
      },
      [1],
    ],
    [
      "many finds at once",
      async (a, filter) => {
        const found: number[] = [];
        for await (const { documents } of a.findEach("ZTF_alerts", [{}, {}], filter, {})) {
          found.push(documents.length);
        }
        return found;
      },
      [1, 1],
    ],
  ];
  for (const [what, ask, expected] of asks) {
    for (const [i, filter] of filters.entries()) {
      it(`doesn't meet it: ${what}, filter ${i}`, async () => {
        assertEquals(await ask(viewOf(db, guest), filter), expected);
        // Who may see all of them is told, so it isn't the filter that is harmless.
        await assertRejects(() => ask(viewOf(db, partner), filter), QueryError, "parse number");
      });
    }
  }

  it("doesn't meet an object whose points are all hidden", async () => {
    const filter = {
      $or: [{ $expr: { $cond: [{ $eq: ["$_id", "secret"] }, { $toInt: "$_id" }, true] } }, {
        a: 1,
      }],
    };
    assertEquals(await ids(viewOf(db, guest).find("ZTF_alerts_aux", filter, {})), ["both", "new"]);
  });

  it("is refused where nothing keeps it from them", async () => {
    const query = filters[1]!;
    const near = { near: { type: "Point", coordinates: [-170, 5] }, distanceField: "d", query };
    const graph = {
      from: "ZTF_alerts",
      startWith: "both",
      connectFromField: "objectId",
      connectToField: "objectId",
      as: "x",
      restrictSearchWithMatch: query,
    };
    const archive = viewOf(db, guest);
    for (
      const [catalog, stage] of [
        ["ZTF_alerts", { $geoNear: near }],
        ["stars", { $graphLookup: graph }],
      ] as const
    ) {
      await assertRejects(
        async () => await ids(archive.aggregate(catalog, [stage], disk)),
        QueryError,
        "for this user",
      );
    }
  });

  it("still goes by an index", async () => {
    const explained = await db.collection("ZTF_alerts").aggregate([
      { $match: { $and: [{ "candidate.programid": { $in: [1] } }, { _id: 1 }] } },
      { $limit: Number.MAX_SAFE_INTEGER },
      { $match: { _id: 1, $expr: true } },
    ]).explain("queryPlanner");
    assert(JSON.stringify(explained).includes('"indexName":"_id_"'));
  });
});

describe("usesExpressions()", () => {
  it("finds them in whatever depth", () => {
    assertEquals(usesExpressions({ $or: [{ a: 1 }, { $nor: [{ $expr: true }] }] }), true);
    assertEquals(usesExpressions({ a: { $in: [1, "$expr"] }, b: { $elemMatch: { c: 1 } } }), false);
  });
});

describe("plainPart()", () => {
  it("has the conditions that may be tested before others", () => {
    const filter = {
      a: 1,
      $and: [{ b: { $gt: 1 } }, { $expr: true }, { $or: [{ c: 1 }] }],
      $expr: true,
      "points.jd": 5,
      points: { $size: 1 },
    };
    assertEquals(plainPart(filter, ["points"]), [{ a: 1 }, { b: { $gt: 1 } }]);
  });
});
