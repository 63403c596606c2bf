import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import { type Db, MongoClient, MongoServerError } from "mongodb";
import { admin, fillArchive, guest, partner, read } from "../../tests/support/access.ts";
import { accessRules } from "../../tests/support/api.ts";
import { type MongoWithAccounts, startMongoWithAccounts } from "../../tests/support/mongo_auth.ts";
import { until } from "../../tests/support/until.ts";
import type { Principal } from "../contract/query.ts";
import { Explainer } from "./explain.ts";
import { openArchive } from "./open.ts";
import { PROTECTED_COLLECTIONS } from "./protected.ts";
import { ensureReadOnlyAccount, openReadOnly, type ReadOnlyArchive } from "./read_only.ts";
import { archiveView } from "./view.ts";

const account = { username: "kowalski_queries", password: "a password of queries: @/?" };
const disk = { allowDiskUse: true };
let mongo: MongoWithAccounts;
let client: MongoClient;
let db: Db;
let readOnly: ReadOnlyArchive;
const failures: unknown[] = [];

before(async () => {
  mongo = await startMongoWithAccounts();
  client = await new MongoClient(mongo.uri).connect();
  db = client.db("archive");
  await fillArchive(db);
  for (const name of PROTECTED_COLLECTIONS) await db.collection(name).insertOne({ secret: true });
  await db.createCollection("accounts", { viewOn: "users", pipeline: [] });
  readOnly = await open();
});
after(async () => {
  await readOnly[Symbol.asyncDispose]();
  await client.close();
  await mongo[Symbol.asyncDispose]();
});

function open(): Promise<ReadOnlyArchive> {
  const onFailure = (error: unknown) => void failures.push(error);
  return openReadOnly({ db, uri: mongo.uri, account, maxPoolSize: 4, onFailure });
}

const view = (principal: Principal, explainer?: Explainer) =>
  archiveView(db, principal, accessRules, {
    signal: new AbortController().signal,
    maxTimeMs: 60_000,
    comment: "test",
    readDb: readOnly.db,
    explainer,
  });

describe("threat 16.11: queries by the account that may do everything", () => {
  it("the account of queries reads what people may, in whatever way they ask", async () => {
    const archive = view(guest);
    assertEquals((await read(archive.find("ZTF_alerts", {}, {}))).length, 1);
    assertEquals((await read(archive.aggregate("stars", [{ $limit: 2 }], disk))).length, 2);
    assertEquals(await archive.count("stars", {}, {}), 300);
    assertEquals(await archive.estimatedCount("stars"), 300);
    assertEquals((await archive.catalogNames()).includes("stars"), true);
    assertEquals(Object.keys(await archive.indexes("ZTF_alerts")).length, 2);
    await archive.stats("collStats", "stars");
    await archive.stats("dbStats");
    const explainer = new Explainer();
    const explained = view(guest, explainer);
    assertEquals(await read(explained.find("stars", {}, {})), []);
    assertEquals(await read(explained.aggregate("ZTF_alerts", [{ $count: "n" }], disk)), []);
    assertEquals(explainer.result({}).reads.map(({ catalog }) => catalog), ["stars", "ZTF_alerts"]);
    const join = { $lookup: { from: "ZTF_alerts", pipeline: [], as: "x" } };
    const [row] = await read(archive.aggregate("stars", [{ $limit: 1 }, join], disk));
    assertEquals(row!.x.length, 1);
  });

  it("the server refuses it what the system keeps for itself, were nothing else in its way", async () => {
    const refused = async (work: () => Promise<unknown>, code = 13) => {
      const error = await work().then(() => null, (error) => error);
      assertEquals(error instanceof MongoServerError && error.code, code);
    };
    const own = readOnly.db;
    for (const name of [...PROTECTED_COLLECTIONS, "accounts"]) {
      await refused(() => own.collection(name).find().toArray());
      const join = { $lookup: { from: name, pipeline: [], as: "x" } };
      await refused(() => own.collection("stars").aggregate([join]).toArray());
      const union = { $unionWith: name };
      await refused(() => own.collection("stars").aggregate([union]).toArray());
    }
    await refused(() => own.collection("stars").insertOne({ a: 1 }));
    await refused(() => own.collection("stars").deleteMany({}));
    await refused(() => own.collection("stars").drop());
    await refused(() => own.collection("stars").aggregate([{ $out: "mine" }]).toArray());
    await refused(() => own.admin().command({ serverStatus: 1 }));
    await refused(() => own.command({ usersInfo: 1 }));
  });

  it("the admin still reads accounts, without the hashes of passwords", async () => {
    const users = await read(view(admin).find("users", { _id: "admin" }, {}));
    assertEquals(users, [{ _id: "admin" }]);
  });

  it("a catalog that is new can be read soon", async () => {
    await db.collection("fresh").insertOne({ a: 1 });
    await until(async () => {
      const found = await read(view(partner).find("fresh", {}, {})).catch(() => []);
      return found.length === 1;
    }, 200);
    assertEquals(failures, []);
  });

  it("its password can be changed, and it can be made again", async () => {
    const changed = { ...account, password: "another" };
    await ensureReadOnlyAccount(db, changed);
    const old = openArchive({
      uri: mongo.openUri.replace(
        "//",
        `//${account.username}:${encodeURIComponent(account.password)}@`,
      ) +
        "&authSource=archive",
      database: "archive",
      appName: "test",
    });
    await assertRejects(() => old, MongoServerError, "Authentication failed");
    await ensureReadOnlyAccount(db, account);
  });

  it("an account that somebody else keeps is used as it is", async () => {
    await db.command({ createUser: "writer", pwd: "writer", roles: ["readWrite"] });
    await using writer = await new MongoClient(mongo.openUri, {
      auth: { username: "writer", password: "writer" },
      authSource: "archive",
    }).connect();
    const told: unknown[] = [];
    await using opened = await openReadOnly({
      db: writer.db("archive"),
      uri: mongo.openUri,
      account,
      maxPoolSize: 2,
      onFailure: (error) => void told.push(error),
    });
    assertEquals(await opened.db.collection("stars").countDocuments(), 300);
    assertEquals(told.length, 1);
  });
});
