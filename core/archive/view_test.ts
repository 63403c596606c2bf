import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { type CommandStartedEvent, type Db, MongoClient } from "mongodb";
import type { Document } from "../contract/document.ts";
import { type ArchiveView, QueryError, UnavailableError } from "../contract/query.ts";
import { admin, fillArchive, guest, partner, viewOf } from "../../tests/support/access.ts";
import { type TestDatabase, testDatabase } from "../../tests/support/mongo.ts";
import { until } from "../../tests/support/until.ts";

let database: TestDatabase;
let db: Db;

before(async () => {
  database = await testDatabase();
  db = database.client.db(database.name);
  await fillArchive(db);
});
after(() => database[Symbol.asyncDispose]());

describe("findEach()", () => {
  const cone = (raDeg: number, decDeg: number, radiusDeg: number): Document => ({
    "coordinates.radec_geojson": {
      $geoWithin: { $centerSphere: [[raDeg - 180, decDeg], radiusDeg * Math.PI / 180] },
    },
  });
  const position = fc.record({
    raDeg: fc.double({ min: 0, max: 2, noNaN: true }),
    decDeg: fc.double({ min: 0, max: 1.5, noNaN: true }),
    radiusDeg: fc.double({ min: 0, max: 0.5, noNaN: true }),
  });

  it("gives what one find after another gives, with the same bytes", async () => {
    const findOptions = fc.constantFrom(
      {},
      { projection: { name: 1 } },
      { projection: { _id: 0, mag: 1, "coordinates.radec_geojson": 1 } },
      { projection: { coordinates: 0 } },
      { sort: [["mag", -1], ["_id", 1]] as const, limit: 3, skip: 1 },
      { hint: "_id_" },
      { projection: { name: 1, "coordinates.radec_geojson.coordinates": { $slice: 1 } } },
      { sort: [["$natural", -1]] as const },
    );
    const filter = fc.constantFrom({}, { mag: { $gt: 3 } });
    await fc.assert(
      fc.asyncProperty(
        fc.array(position, { maxLength: 250 }),
        filter,
        findOptions,
        async (positions, wanted, how) => {
          const archive = viewOf(db, partner);
          const cones = positions.map((p) => cone(p.raDeg, p.decDeg, p.radiusDeg));
          const found = cones.map((): Uint8Array[] => []);
          let last = 0;
          for await (const { at, documents } of archive.findEach("stars", cones, wanted, how)) {
            assert(at >= last, "positions come in order");
            last = at;
            found[at]!.push(...documents);
          }
          for (const [i, condition] of cones.entries()) {
            const single = await collect(
              archive.find("stars", { $and: [condition, wanted] }, how),
            );
            // Without a sort the order is the server's to choose.
            const bytes = (all: readonly Uint8Array[]) =>
              "sort" in how ? all.map(hex) : all.map(hex).sort();
            assertEquals(bytes(found[i]!), bytes(single.flat()));
          }
        },
      ),
      { numRuns: 12 },
    );
  });

  it("takes one command for 100 positions", async () => {
    const { commands, client } = watched();
    await using _ = client;
    const archive = viewOf(client.db(database.name), partner);
    const cones = Array.from({ length: 200 }, (_, i) => cone((i % 20) / 10, i / 200, 0.1));
    await collect(archive.findEach("stars", cones, {}, {}));
    assertEquals(commands.filter(({ commandName }) => commandName === "aggregate").length, 2);
  });

  it("tells the first find's error", async () => {
    await assertRejects(
      () => collect(viewOf(db, partner).findEach("stars", [{ a: 1 }, { a: { $in: 5 } }], {}, {})),
      QueryError,
      "$in needs an array",
    );
  });
});

describe("a view's limits", () => {
  // Compares each star with each, four times over.
  const slow = [
    ...Array.from({ length: 3 }, (_, i) => ({
      $lookup: { from: "stars", let: { n: "$name" }, pipeline: [], as: `x${i}` },
    })).flatMap((stage, i) => [stage, { $unwind: `$x${i}` }]),
    { $match: { $expr: { $eq: ["$name", { $toLower: "$x0.name" }] } } },
  ];

  it("end what takes too long, on the server", async () => {
    await assertRejects(
      () =>
        collect(
          viewOf(db, admin, { maxTimeMs: 50 }).aggregate("stars", slow, { allowDiskUse: true }),
        ),
      QueryError,
      "ExecutionTimeout: operation exceeded time limit",
    );
  });

  it("are 5 minutes at most, whatever is asked for", async () => {
    const { commands, client } = watched();
    await using _ = client;
    const archive = viewOf(client.db(database.name), guest, { maxTimeMs: 1e9 });
    await collect(archive.find("stars", {}, {}));
    await archive.count("stars", {}, {});
    await archive.estimatedCount("stars");
    const limits = commands.filter(({ commandName }) =>
      ["find", "aggregate", "count"].includes(commandName)
    ).map(({ command }) => command.maxTimeMS);
    assertEquals(limits.length, 3);
    assert(limits.every((ms) => ms > 0 && ms <= 300_000), String(limits));
    assert(commands.some(({ command }) => command.comment === "test"));
  });

  it("hold for all finds of a view together", async () => {
    const archive = viewOf(db, admin, { maxTimeMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await assertRejects(
      () => collect(archive.find("stars", {}, {})),
      QueryError,
      "ExecutionTimeout",
    );
  });

  it("are so many documents and bytes in an answer, told when there are more", async () => {
    const asks: ((archive: ArchiveView) => Promise<unknown>)[] = [
      (archive) => collect(archive.find("stars", {}, {})),
      (archive) => collect(archive.aggregate("stars", [{ $match: {} }], { allowDiskUse: true })),
      (archive) => collect(archive.findEach("stars", [{}, {}], {}, {})),
    ];
    for (const ask of asks) {
      for (const answerMax of [{ documents: 299, bytes: 1e9 }, { documents: 1e9, bytes: 10_000 }]) {
        await assertRejects(
          () => ask(viewOf(db, admin, { answerMax })),
          QueryError,
          `must be <= ${answerMax.documents} documents and <= ${answerMax.bytes} bytes`,
        );
      }
    }
    const enough = viewOf(db, admin, { answerMax: { documents: 300, bytes: 1e9 } });
    assertEquals((await collect(enough.find("stars", {}, {}))).flat().length, 300);
  });

  it("close the cursor on the server when the reader is gone", async () => {
    const { commands, client } = watched();
    await using _ = client;
    const gone = new AbortController();
    const archive = viewOf(client.db(database.name), admin, { signal: gone.signal });
    const batches = archive.find("stars", {}, {})[Symbol.asyncIterator]();
    await batches.next();
    gone.abort(new Error("gone"));
    await assertRejects(
      async () => {
        for (;;) if ((await batches.next()).done) return;
      },
      Error,
      "gone",
    );
    // The driver has begun to when it heard of the abort.
    await until(() => commands.some(({ commandName }) => commandName === "killCursors"));
  });

  it("close the cursor on the server when the reader has enough", async () => {
    const { commands, client } = watched();
    await using _ = client;
    for await (const _batch of viewOf(client.db(database.name), admin).find("stars", {}, {})) break;
    assertEquals(commands.at(-1)!.commandName, "killCursors");
  });

  it("end a command that is running when the reader is gone", async () => {
    const gone = new AbortController();
    const comment = crypto.randomUUID();
    const running = collect(
      viewOf(db, admin, { signal: gone.signal, comment }).aggregate("stars", slow, {
        allowDiskUse: true,
      }),
    );
    running.catch(() => {});
    const isRunning = async () => {
      const current = await database.client.db("admin").aggregate([
        { $currentOp: {} },
        { $match: { "command.comment": comment } },
      ]).toArray();
      return current.length > 0;
    };
    await until(isRunning);
    gone.abort(new Error("gone"));
    await assertRejects(() => running, Error, "gone");
    await until(async () => !await isRunning());
  });
});

describe("a view's errors", () => {
  it("tell the caller what MongoDB refuses", async () => {
    await assertRejects(
      () => collect(viewOf(db, admin).find("stars", { a: { $in: 5 } }, {})),
      QueryError,
      "OperationFailure: $in needs an array",
    );
    await assertRejects(
      () => collect(viewOf(db, admin).find("stars", {}, { hint: "nope" })),
      QueryError,
      "OperationFailure",
    );
  });

  it("tell a server that is away from a query that is wrong", async () => {
    const client = new MongoClient("mongodb://127.0.0.1:9/?directConnection=true", {
      serverSelectionTimeoutMS: 50,
    });
    const archive = viewOf(client.db("x"), admin);
    await assertRejects(() => collect(archive.find("stars", {}, {})), UnavailableError);
    await assertRejects(() => archive.catalogNames(), UnavailableError);
    await client.close();
  });

  it("has no indexes of a catalog that isn't there", async () => {
    assertEquals(await viewOf(db, admin).indexes("nope"), {});
    assertEquals(await viewOf(db, admin).indexes("ZTF_alerts"), {
      _id_: { v: 2, key: [["_id", 1]] },
      "coordinates.radec_geojson_2dsphere": {
        v: 2,
        key: [["coordinates.radec_geojson", "2dsphere"]],
        "2dsphereIndexVersion": 3,
      },
    });
  });
});

function watched() {
  const commands: CommandStartedEvent[] = [];
  const client = new MongoClient(database.uri, { monitorCommands: true });
  client.on("commandStarted", (event) => commands.push(event));
  return { commands, client };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  return await Array.fromAsync(items);
}

function hex(bytes: Uint8Array): string {
  return bytes.toHex();
}
