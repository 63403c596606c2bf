import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Db, MongoClient } from "mongodb";
import { UnavailableError } from "../contract/query.ts";
import { admin } from "../../tests/support/access.ts";
import { type TestDatabase, testDatabase } from "../../tests/support/mongo.ts";
import { auditStore, ensureAuditIndexes } from "./audit_store.ts";

const origin = { address: "192.0.2.1", requestId: "r", tokenId: null, epochMs: 0 };
const by = { principal: admin, origin };
const entry = { action: "thing.make", target: "it", details: { size: 3 } };

let database: TestDatabase;
let db: Db;

before(async () => {
  database = await testDatabase();
  db = database.client.db(database.name);
  await ensureAuditIndexes(db);
});
after(async () => await database[Symbol.asyncDispose]());

const records = () => db.collection("audit").find().sort({ _id: 1 }).toArray();

describe("the audit", () => {
  it("is written before the work, and how it ended after", async () => {
    let during: unknown;
    const result = await auditStore(db).write(by, entry, async () => {
      during = (await records())[0]!.outcome;
      return 7;
    });
    assertEquals([result, during], [7, "begun"]);
    const { _id, at, ...record } = (await records())[0]!;
    assert(Math.abs(at.getTime() - Date.now()) < 60_000);
    assertEquals(record, {
      who: "admin",
      address: "192.0.2.1",
      request_id: "r",
      token_id: null,
      action: "thing.make",
      target: "it",
      details: { size: 3 },
      outcome: "done",
    });
  });

  it("tells why what was tried was refused", async () => {
    const refused = auditStore(db).write(by, { ...entry, target: "no" }, () => {
      return Promise.reject(new RangeError("too large"));
    });
    await assertRejects(() => refused, RangeError, "too large");
    assertEquals((await records()).find(({ target }) => target === "no")!.outcome, "too large");
  });

  it("comes first: without it, nothing is done", async () => {
    const client = new MongoClient("mongodb://127.0.0.1:9/?directConnection=true", {
      serverSelectionTimeoutMS: 50,
    });
    let done = false;
    const work = () => Promise.resolve(done = true);
    await assertRejects(() => auditStore(client.db("x")).write(by, entry, work), UnavailableError);
    assertEquals(done, false);
    await client.close();
  });

  it("is kept for more than a year, and no longer", async () => {
    const [index] = (await db.collection("audit").indexes()).filter(({ name }) => name === "at");
    assertEquals(index!.expireAfterSeconds! / 86_400, 400);
  });
});
