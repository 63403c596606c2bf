import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type CommandStartedEvent, type Db, MongoClient } from "mongodb";
import type { Document } from "../contract/document.ts";
import { type ArchiveView, type Principal, QueryError } from "../contract/query.ts";
import { admin, fillArchive, guest, viewOf } from "../../tests/support/access.ts";
import { type TestDatabase, testDatabase } from "../../tests/support/mongo.ts";
import { Explainer, type Explanation } from "./explain.ts";

let database: TestDatabase;
let db: Db;
const ROWS = 30_000;

before(async () => {
  database = await testDatabase();
  db = database.client.db(database.name);
  await fillArchive(db);
  const row = (i: number): Document => ({
    _id: i,
    mag: i % 100,
    name: `star ${i}`,
    coordinates: { radec_geojson: { type: "Point", coordinates: [(i % 3600) / 10 - 180, 5] } },
  });
  const rows = Array.from({ length: ROWS }, (_, i) => row(i));
  await db.collection<Document>("many").insertMany(rows);
  await db.collection("many").createIndex({ mag: 1 }, { name: "mag" });
  await db.collection("many").createIndex({ "coordinates.radec_geojson": "2dsphere" }, {
    name: "radec",
  });
});
after(() => database[Symbol.asyncDispose]());

async function explained(
  ask: (archive: ArchiveView) => AsyncIterable<unknown> | Promise<unknown>,
  principal: Principal = admin,
): Promise<Explanation> {
  const explainer = new Explainer();
  const asked = ask(viewOf(db, principal, { explainer }));
  if (asked instanceof Promise) await asked;
  else assertEquals(await Array.fromAsync(asked), []);
  return explainer.result({});
}

/** The first read, without what differs from run to run. */
async function planOf(...args: Parameters<typeof explained>) {
  const { scan, indexes, documents_examined, documents_returned, is_exact } =
    (await explained(...args)).reads[0]!;
  return { scan, indexes, examined: documents_examined, returned: documents_returned, is_exact };
}

const disk = { allowDiskUse: true };

describe("a query that is explained", () => {
  it("by an index is told exactly where it is small", async () => {
    assertEquals(await planOf((a) => a.find("many", { mag: 7 }, {})), {
      scan: "index",
      indexes: ["mag"],
      examined: 300,
      returned: 300,
      is_exact: true,
    });
    assertEquals(await planOf((a) => a.find("many", { _id: 5 }, {})), {
      scan: "id",
      indexes: [],
      examined: 1,
      returned: 1,
      is_exact: true,
    });
  });

  it("by an index is estimated where it is large", async () => {
    const plan = await planOf((a) => a.find("many", { mag: { $lt: 50 } }, {}));
    assertEquals([plan.scan, plan.is_exact], ["index", false]);
    assert(plan.returned > 13_000 && plan.returned < 17_000, String(plan.returned));
  });

  it("without an index looks through all of it", async () => {
    const plan = await planOf((a) => a.find("many", { name: { $regex: "0$" } }, {}));
    assertEquals([plan.scan, plan.examined, plan.is_exact], ["collection", ROWS, false]);
    assert(plan.returned > 2_500 && plan.returned < 3_500, String(plan.returned));
    const { in_words } = await explained((a) => a.find("many", { name: { $regex: "0$" } }, {}));
    assert(in_words.startsWith("Looks through many from its beginning, about 30,000 of 30,000"));
  });

  it("with a limit ends when it has enough, unless it sorts", async () => {
    const filter = { name: { $regex: "0$" } };
    const some = await planOf((a) => a.find("many", filter, { limit: 10 }));
    assertEquals([some.returned, some.is_exact], [10, true]);
    assert(some.examined < 200, String(some.examined));
    const sorted = await explained((a) =>
      a.find("many", filter, { limit: 10, sort: [["name", 1]] })
    );
    assertEquals(sorted.reads[0]!.sorts_in_memory, true);
    assertEquals(sorted.documents_examined, ROWS);
  });

  it("of stages tells what they are", async () => {
    const { reads } = await explained((a) =>
      a.aggregate("many", [
        { $match: { mag: 7 } },
        { $group: { _id: "$name" } },
        { $lookup: { from: "stars", pipeline: [], as: "x" } },
      ], disk)
    );
    assertEquals([reads[0]!.scan, reads[0]!.documents_examined], ["index", 300]);
    assertEquals(reads[0]!.then, ["$group", "$lookup"]);
    assertEquals((await planOf((a) => a.count("many", { mag: 7 }, {}))).examined, 300);
  });

  it("of stages that aren't through when the trial ends is told as well", async () => {
    const input = { $range: [0, 2_000] };
    const n = { $sum: { $map: { input, in: { $multiply: ["$$this", "$mag"] } } } };
    const asked = [{ $set: { n } }, { $match: { n: -1 } }];
    const plan = await planOf((a) => a.aggregate("many", asked, disk));
    assertEquals([plan.scan, plan.examined, plan.is_exact], ["collection", ROWS, false]);
    const few = [{ $match: { mag: 7 } }, ...asked];
    const some = await planOf((a) => a.aggregate("many", few, disk));
    assertEquals([some.scan, some.indexes], ["index", ["mag"]]);
    assert(some.examined <= ROWS, `${some.examined}`);
  });

  it("of many positions is as some of them", async () => {
    const cones = Array.from({ length: 1_000 }, (_, i) => ({
      "coordinates.radec_geojson": {
        $geoWithin: { $centerSphere: [[(i % 360) - 180, 5], 1e-5] },
      },
    }));
    const { reads } = await explained((a) => a.findEach("many", cones, {}, {}));
    assertEquals([reads.length, reads[0]!.times, reads[0]!.scan], [1, 1_000, "index"]);
    assertEquals([reads[0]!.indexes, reads[0]!.is_exact], [["radec"], false]);
    assert(reads[0]!.documents_returned > 7_000, String(reads[0]!.documents_returned));
    const near = cones.slice(0, 10).map((_, i) => ({
      "coordinates.radec_geojson": { $nearSphere: [i, 5], $maxDistance: 1e-5 },
    }));
    const plan = (await explained((a) => a.findEach("many", near, {}, {}))).reads[0]!;
    assertEquals([plan.times, plan.indexes], [10, ["radec"]]);
  });

  it("of what isn't there costs nothing", async () => {
    const { in_words, reads } = await explained((a) => a.find("nope", {}, {}));
    assertEquals([reads[0]!.scan, reads[0]!.documents_examined], ["nothing", 0]);
    assertEquals(in_words, "nope holds nothing that could match.");
    assertEquals((await explained((a) => a.catalogNames())).reads, []);
  });

  it("is refused where it would be", async () => {
    await assertRejects(
      () => explained((a) => a.find("many", { mag: { $in: 5 } }, {})),
      QueryError,
      "$in needs an array",
    );
    await assertRejects(
      async () => await explained((a) => a.find("users", {}, {}), guest),
      QueryError,
      "Protected collection",
    );
  });

  it("isn't done: no row comes, and a trial of each ends by itself", async () => {
    const commands: CommandStartedEvent[] = [];
    await using client = new MongoClient(database.uri, { monitorCommands: true });
    client.on("commandStarted", (event) => commands.push(event));
    const archive = viewOf(client.db(database.name), admin, { explainer: new Explainer() });
    assertEquals(await Array.fromAsync(archive.find("many", { name: "star 5" }, {})), []);
    await archive.drop("many").then(() => assert(false), () => {});
    const done = commands.filter(({ commandName }) => commandName !== "explain");
    assertEquals(done.map(({ commandName }) => commandName), ["listCollections", "aggregate"]);
    assertEquals(done[1]!.command.pipeline, [{ $collStats: { storageStats: {} } }]);
    const trial = commands.find(({ command }) => command.verbosity === "executionStats")!;
    assertEquals([trial.command.maxTimeMS, trial.command.explain.limit], [250, 1_000]);
  });
});

describe("what an explanation tells of rows that aren't theirs", () => {
  it("is nothing: with and without them it is the same", async () => {
    const asked: [string, Document][] = [
      ["ZTF_alerts", { objectId: "secret" }],
      ["ZTF_alerts", { objectId: "none" }],
      ["ZTF_alerts", { _id: 3 }],
      ["ZTF_alerts", { _id: 77 }],
      ["ZTF_alerts_aux", { _id: "secret" }],
      ["ZTF_alerts_aux", { _id: "none" }],
    ];
    for (const [catalog, filter] of asked) {
      const { reads } = await explained((a) => a.find(catalog, filter, {}), guest);
      const { documents_examined, documents_returned, seconds, is_exact } = reads[0]!;
      assertEquals([documents_examined, documents_returned, is_exact], [1_000, 0, false]);
      assert(seconds <= 0.1, String(seconds));
    }
    const own = await planOf((a) => a.find("ZTF_alerts", { objectId: "both" }, {}), guest);
    assertEquals(own.returned, 1);
  });
});
