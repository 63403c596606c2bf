import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { BSON, type CommandStartedEvent, type Db, MongoClient } from "mongodb";
import type { Document } from "../contract/document.ts";
import {
  type ArchiveView,
  type Principal,
  QueryError,
  type RawBatches,
  UnavailableError,
} from "../contract/query.ts";
import { accessRules } from "../../tests/support/api.ts";
import { type TestDatabase, testDatabase } from "../../tests/support/mongo.ts";
import { archiveView, type ViewOptions } from "./view.ts";

const admin: Principal = { name: "admin", admin: true, programIds: [1, 2, 3] };
const partner: Principal = { name: "partner", admin: false, programIds: [1, 2, 3] };
const guest: Principal = { name: "guest", admin: false, programIds: [1] };
const options: ViewOptions = {
  signal: new AbortController().signal,
  maxTimeMs: 60_000,
  comment: "test",
};

const ALERTS = [
  { _id: 1, candid: 1n, objectId: "both", candidate: { programid: 1, magpsf: 17.5 } },
  { _id: 2, candid: 2n, objectId: "both", candidate: { programid: 2, magpsf: 18.5 } },
  { _id: 3, candid: 3n, objectId: "secret", candidate: { programid: 3, magpsf: 19.5 } },
].map((alert, i) => ({ ...alert, coordinates: pointAt(10 + i * 1e-4, 5) }));
const AUX = [
  {
    _id: "both",
    cross_matches: { Gaia: [{ _id: 7 }] },
    prv_candidates: [{ jd: 1, programid: 1 }, { jd: 2, programid: 2 }],
    fp_hists: [{ jd: 3, programid: 2 }],
  },
  { _id: "secret", cross_matches: {}, prv_candidates: [{ jd: 1, programid: 3 }] },
  { _id: "new", cross_matches: {}, prv_candidates: [] },
];

function pointAt(raDeg: number, decDeg: number): Document {
  return { radec_geojson: { type: "Point", coordinates: [raDeg - 180, decDeg] } };
}

let database: TestDatabase;
let db: Db;

before(async () => {
  database = await testDatabase();
  db = database.client.db(database.name);
  await filled("ZTF_alerts").insertMany(ALERTS);
  await db.collection("ZTF_alerts").createIndex({ "coordinates.radec_geojson": "2dsphere" });
  await filled("ZTF_alerts_aux").insertMany(AUX);
  await filled("users").insertOne({ _id: "admin", password: "hash" });
  await filled("filters").insertOne({ _id: 1, filter_id: 1 });
  await filled("stars").insertMany(
    Array.from({ length: 300 }, (_, i) => ({
      _id: i,
      mag: i % 7,
      name: `star ${i}`,
      coordinates: pointAt((i % 20) / 10, Math.floor(i / 20) / 10),
    })),
  );
});
after(() => database[Symbol.asyncDispose]());

function filled(name: string) {
  return db.collection<{ _id: unknown; [field: string]: unknown }>(name);
}

function view(principal: Principal, more: Partial<ViewOptions> = {}): ArchiveView {
  return archiveView(db, principal, accessRules, { ...options, ...more });
}

async function read(batches: RawBatches): Promise<BSON.Document[]> {
  const all: BSON.Document[] = [];
  for await (const batch of batches) all.push(...batch.map((raw) => BSON.deserialize(raw)));
  return all;
}

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

  it("refuses what can't be guarded", () => {
    const archive = view(guest);
    assertThrows(
      () => archive.find("ZTF_alerts_aux", {}, { projection: { a: { $slice: 1 } } }),
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
      refused(() => archive.estimatedCount(name));
      await assertRejects(() => archive.count(name, {}, {}), QueryError, "Protected");
      await assertRejects(() => archive.stats("collStats", name), QueryError, "Protected");
      await assertRejects(() => archive.indexes(name), QueryError, "Protected");
      await assertRejects(() => collect(archive.findEach(name, [{}], {}, {})), QueryError);
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
          const archive = view(partner);
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
    const archive = archiveView(client.db(database.name), partner, accessRules, options);
    const cones = Array.from({ length: 200 }, (_, i) => cone((i % 20) / 10, i / 200, 0.1));
    await collect(archive.findEach("stars", cones, {}, {}));
    assertEquals(commands.filter(({ commandName }) => commandName === "aggregate").length, 2);
  });

  it("tells the first find's error", async () => {
    await assertRejects(
      () => collect(view(partner).findEach("stars", [{ a: 1 }, { a: { $in: 5 } }], {}, {})),
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
        collect(view(admin, { maxTimeMs: 50 }).aggregate("stars", slow, { allowDiskUse: true })),
      QueryError,
      "ExecutionTimeout: operation exceeded time limit",
    );
  });

  it("are 5 minutes at most, whatever is asked for", async () => {
    const { commands, client } = watched();
    await using _ = client;
    const asked = { ...options, maxTimeMs: 1e9 };
    const archive = archiveView(client.db(database.name), guest, accessRules, asked);
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
    const archive = view(admin, { maxTimeMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    assertThrows(() => archive.find("stars", {}, {}), QueryError, "ExecutionTimeout");
  });

  it("close the cursor on the server when the reader is gone", async () => {
    const { commands, client } = watched();
    await using _ = client;
    const gone = new AbortController();
    const archive = archiveView(client.db(database.name), admin, accessRules, {
      ...options,
      signal: gone.signal,
    });
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
    while (!commands.some(({ commandName }) => commandName === "killCursors")) await pause();
  });

  it("end a command that is running when the reader is gone", async () => {
    const gone = new AbortController();
    const comment = crypto.randomUUID();
    const running = collect(
      view(admin, { signal: gone.signal, comment }).aggregate("stars", slow, {
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
    while (!await isRunning()) await pause();
    gone.abort(new Error("gone"));
    await assertRejects(() => running, Error, "gone");
    while (await isRunning()) await pause();
  });
});

describe("a view's errors", () => {
  it("tell the caller what MongoDB refuses", async () => {
    await assertRejects(
      () => collect(view(admin).find("stars", { a: { $in: 5 } }, {})),
      QueryError,
      "OperationFailure: $in needs an array",
    );
    await assertRejects(
      () => collect(view(admin).find("stars", {}, { hint: "nope" })),
      QueryError,
      "OperationFailure",
    );
  });

  it("tell a server that is away from a query that is wrong", async () => {
    const client = new MongoClient("mongodb://127.0.0.1:9/?directConnection=true", {
      serverSelectionTimeoutMS: 50,
    });
    const archive = archiveView(client.db("x"), admin, accessRules, options);
    await assertRejects(() => collect(archive.find("stars", {}, {})), UnavailableError);
    await assertRejects(() => archive.catalogNames(), UnavailableError);
    await client.close();
  });

  it("has no indexes of a catalog that isn't there", async () => {
    assertEquals(await view(admin).indexes("nope"), {});
    assertEquals(await view(admin).indexes("ZTF_alerts"), {
      _id_: { v: 2, key: [["_id", 1]] },
      "coordinates.radec_geojson_2dsphere": {
        v: 2,
        key: [["coordinates.radec_geojson", "2dsphere"]],
        "2dsphereIndexVersion": 3,
      },
    });
  });
});

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}

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
