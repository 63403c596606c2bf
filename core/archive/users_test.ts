import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { PERMISSIONS } from "../contract/permissions.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { spy } from "@std/testing/mock";
import { hashSync } from "bcryptjs";
import { type Db, MongoClient } from "mongodb";
import { UnavailableError } from "../contract/query.ts";
import { userRules } from "../../tests/support/api.ts";
import { type TestDatabase, testDatabase } from "../../tests/support/mongo.ts";
import { type Passwords, startPasswords } from "./passwords.ts";
import { checkCredentials, ensureAdmin, findUser } from "./users.ts";

let database: TestDatabase;
let db: Db;
const passwords = startPasswords({ cost: 4 });

before(async () => {
  database = await testDatabase();
  db = database.client.db(database.name);
  const stored = (password: string) => btoa(hashSync(password, 4));
  await db.collection<{ _id: string; [field: string]: unknown }>("users").insertMany([
    { _id: "alice", password: stored("a"), permissions: {}, email: null },
    {
      _id: "bob",
      password: stored("b"),
      permissions: { programids: [1, 2, "x"] },
      tokens_valid_from: new Date(1_700_000_000_900),
    },
    { _id: "broken", password: "***", permissions: null },
  ]);
});
after(async () => {
  passwords[Symbol.dispose]();
  await database[Symbol.asyncDispose]();
});

describe("findUser()", () => {
  it("tells who they are, and what they may see", async () => {
    assertEquals(await findUser(db, "alice", userRules), {
      name: "alice",
      admin: false,
      permissions: ["read", "classify", "skymaps"],
      programIds: [1],
      tokensValidFromMs: 0,
    });
    assertEquals(await findUser(db, "bob", userRules), {
      name: "bob",
      admin: false,
      permissions: ["read", "classify", "skymaps"],
      programIds: [1, 2],
      tokensValidFromMs: 1_700_000_000_900,
    });
  });

  it("knows nobody of another name", async () => {
    assertEquals(await findUser(db, "carol", userRules), null);
    assertEquals(await findUser(db, "x".repeat(100_000), userRules), null);
  });

  it("says when there is no server", async () => {
    const client = new MongoClient("mongodb://127.0.0.1:9/?directConnection=true", {
      serverSelectionTimeoutMS: 50,
    });
    await assertRejects(() => findUser(client.db("x"), "alice", userRules), UnavailableError);
    await client.close();
  });
});

describe("checkCredentials()", () => {
  const check = (username: string, password: string, with_: Passwords = passwords) =>
    checkCredentials(db, { username, password }, userRules, with_);

  it("knows a user by the hash that the original stored", async () => {
    assertEquals((await check("alice", "a"))?.name, "alice");
  });

  it("refuses another's password, a part of it, none, an unknown name, a broken hash", async () => {
    for (
      const [name, password] of [["alice", "b"], ["alice", ""], ["carol", "a"], ["broken", ""]]
    ) {
      assertEquals(await check(name!, password!), null, `${name} ${password}`);
    }
  });

  it("does the same work for a name that isn't there, with a hash of the same cost", async () => {
    for (const name of ["carol", "broken"]) {
      const verify = spy((_password: string, _hash: string) => Promise.resolve(true));
      assertEquals(
        await check(name, "x", { ...passwords, verify } as never),
        name === "broken" ? await findUser(db, "broken", userRules) : null,
      );
      assertEquals(verify.mock.callCount(), 1);
      assert(String(verify.mock.calls[0]!.arguments[1]).startsWith("$hmac-sha256$2b$12$"));
    }
  });
});

describe("ensureAdmin()", () => {
  it("makes the administrator once, and never changes one", async () => {
    assertEquals(await ensureAdmin(db, { username: "admin", password: "first" }, passwords), true);
    assertEquals(await ensureAdmin(db, { username: "admin", password: "other" }, passwords), false);
    const logIn = (password: string) =>
      checkCredentials(db, { username: "admin", password }, userRules, passwords);
    assertEquals(await logIn("first"), {
      name: "admin",
      admin: true,
      permissions: [...PERMISSIONS],
      programIds: [1, 2, 3],
      tokensValidFromMs: 0,
    });
    assertEquals(await logIn("other"), null);
  });

  it("makes one only when two start at once", async () => {
    const credentials = { username: "root", password: "x" };
    const made = await Promise.all([
      ensureAdmin(db, credentials, passwords),
      ensureAdmin(db, credentials, passwords),
    ]);
    assertEquals(made.filter(Boolean).length, 1);
  });
});
