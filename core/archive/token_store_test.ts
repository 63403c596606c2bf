import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import type { Db } from "mongodb";
import { tokenHash } from "../contract/tokens.ts";
import { userRules } from "../../tests/support/api.ts";
import { type TestDatabase, testDatabase } from "../../tests/support/mongo.ts";
import { startPasswords } from "./passwords.ts";
import { ensureTokenIndexes, tokensOf, type TokenStore, tokenStore } from "./token_store.ts";
import { userStore } from "./user_store.ts";
import { findUser } from "./users.ts";

let database: TestDatabase;
let db: Db;
let tokens: TokenStore;
const passwords = startPasswords({ cost: 4 });
const asked = { name: "a program", scopes: ["read" as const], expires_in_days: 7 };

before(async () => {
  database = await testDatabase();
  db = database.client.db(database.name);
  await ensureTokenIndexes(db);
  tokens = tokenStore(db);
});
after(async () => {
  passwords[Symbol.dispose]();
  await database[Symbol.asyncDispose]();
});

describe("personal access tokens in the archive", () => {
  it("are known by their hash alone", async () => {
    const { token, id } = (await tokens.add("alice", 5, asked))!;
    const { expiresMs, ...record } = (await tokens.resolve(await tokenHash(token)))!;
    assertEquals(record, { id, user: "alice", scopes: ["read"], epochMs: 5 });
    assert(Math.abs(expiresMs - Date.now() - 7 * 86_400_000) < 60_000);
    assertEquals(await tokens.resolve(await tokenHash(`${token}x`)), null);
    assert(!JSON.stringify(await tokensOf(db).find().toArray()).includes(token));
  });

  it("are each another", async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => tokens.add("many", 0, asked)));
    assertEquals(new Set(made.map((each) => each!.token)).size, 20);
  });

  it("are so many at most", async () => {
    const add = () => tokens.add("greedy", 0, asked);
    for (let i = 0; i < 100; i++) assert(await add() !== null);
    assertEquals(await add(), null);
  });

  it("say when they were used, without a write for each use", async () => {
    const { token, id } = (await tokens.add("used", 0, asked))!;
    const hash = await tokenHash(token);
    const used = async () => (await tokensOf(db).findOne({ _id: id }))!.last_used_at;
    assertEquals(await used(), null);
    await tokens.resolve(hash);
    const first = await used();
    await tokens.resolve(hash);
    assertEquals(await used(), first);
    await tokensOf(db).updateOne({ _id: id }, { $set: { last_used_at: new Date(0) } });
    await tokens.resolve(hash);
    assert((await used())!.getTime() >= first!.getTime());
  });

  it("are removed by whose they are, or by who may remove anyone's", async () => {
    const [{ id: a }, { id: b }] = [
      (await tokens.add("owner", 0, asked))!,
      (await tokens.add("owner", 0, asked))!,
    ];
    assertEquals(await tokens.remove(a, "other"), null);
    assertEquals((await tokens.remove(a, "owner"))?.id, a);
    assertEquals(await tokens.remove(a, "owner"), null);
    assertEquals((await tokens.remove(b, null))?.id, b);
  });

  it("that are asked for while their user is logged out are void from the start", async () => {
    const users = userStore(db, userRules, passwords);
    await users.add({ username: "racer", password: "x", email: null, permissions: {} });
    const before = (await findUser(db, "racer", userRules))!.tokensValidFromMs;
    await users.voidTokens("racer");
    // Its request was let in before, and comes to the archive after.
    const { token } = (await tokens.add("racer", before, asked))!;
    const { epochMs } = (await tokens.resolve(await tokenHash(token)))!;
    const user = async (name: string) => (await findUser(db, name, userRules))!.tokensValidFromMs;
    assert(epochMs !== await user("racer"));
    // And a new name doesn't revive it, as it does those that hold.
    const { token: good } = (await tokens.add("racer", await user("racer"), asked))!;
    await users.edit("racer", { username: "winner" });
    assertEquals((await tokens.resolve(await tokenHash(token)))!.user, "racer");
    const { user: owner, epochMs: epoch } = (await tokens.resolve(await tokenHash(good)))!;
    assertEquals([owner, epoch], ["winner", await user("winner")]);
  });

  it("go with the password that they may have been made with, and with their user", async () => {
    const users = userStore(db, userRules, passwords);
    const left = (name: string) => tokensOf(db).countDocuments({ user: name });
    for (const change of ["edit", "remove"] as const) {
      await users.add({ username: change, password: "x", email: null, permissions: {} });
      await tokens.add(change, 0, asked);
      await users.edit(change, { email: "e@example.org" });
      assertEquals(await left(change), 1);
      if (change === "edit") await users.edit(change, { password: "y" });
      else await users.remove(change);
      assertEquals(await left(change), 0);
    }
  });

  it("have an epoch of their own for each change, however fast these come", async () => {
    const users = userStore(db, userRules, passwords);
    await users.add({ username: "fast", password: "x", email: null, permissions: {} });
    const epochs = new Set<number>();
    for (let i = 0; i < 20; i++) {
      epochs.add((await findUser(db, "fast", userRules))!.tokensValidFromMs);
      await users.voidTokens("fast");
    }
    assertEquals(epochs.size, 20);
  });
});
