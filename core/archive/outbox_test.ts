/** The outbox in a real MongoDB: what is put comes out as it was, once for each sink. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, beforeEach, describe, it } from "@std/testing/bdd";
import type { Db } from "mongodb";
import { type TestDatabase, testDatabase } from "../../tests/support/mongo.ts";
import { Double } from "../contract/document.ts";
import { passOf } from "../../tests/support/passed.ts";
import type { Passed } from "../contract/passed.ts";
import { mongoOutbox, putPassed } from "./outbox.ts";

let test: TestDatabase;
let db: Db;

beforeAll(async () => {
  test = await testDatabase();
});
beforeEach(async () => {
  db = test.client.db(test.name);
  await db.dropDatabase();
});
afterAll(() => test[Symbol.asyncDispose]());

const pass = (number: number, data = {}) =>
  passOf({
    candid: 2_475_433_850_315_015_000n + BigInt(number),
    data,
    packetMs: 1e12 + number,
  });

const put = (...passed: Passed[]) =>
  test.client.withSession((session) =>
    session.withTransaction(() => putPassed(db, passed, session))
  );

const idsOf = (passed: readonly Passed[]) => passed.map(({ _id }) => _id);

describe("mongoOutbox()", () => {
  it("a pass comes out with the types that it had", async () => {
    const one = pass(1, {
      id: 2475433850315015001n,
      small: 5n,
      mag: new Double(18),
      n: 18,
      list: [0.5],
    });
    await put(one);
    const outbox = await mongoOutbox(db, { sinks: ["a"] });
    assert.deepEqual(await outbox.pending("a", 10), [{ ...one, packetMs: 1e12 + 1 }]);
  });

  it("gives the oldest first, as many as asked, without those named, found by an index", async () => {
    const all = [3, 1, 2, 5, 4].map((number) => pass(number));
    await put(...all);
    const outbox = await mongoOutbox(db, { sinks: ["a", "b"] });
    const sorted = idsOf(all).sort();
    assert.deepEqual(idsOf(await outbox.pending("a", 2)), sorted.slice(0, 2));
    assert.deepEqual(idsOf(await outbox.pending("a", 9, sorted.slice(0, 1))), sorted.slice(1));
    await outbox.delivered("a", sorted.slice(0, 3));
    assert.deepEqual(idsOf(await outbox.pending("a", 9)), sorted.slice(3));
    assert.deepEqual([await outbox.waiting("a"), await outbox.waiting("b")], [
      sorted.length - 3,
      sorted.length,
    ]);
    assert.deepEqual(idsOf(await outbox.pending("b", 9)), sorted);
    const plan = await db.collection("outbox").find({ "deliveredTo.a": null })
      .sort({ packetMs: 1, _id: 1 }).explain("queryPlanner");
    const text = JSON.stringify(plan.queryPlanner.winningPlan);
    assert.match(text, /pending_a/);
    assert.doesNotMatch(text, /COLLSCAN|"SORT"/);
  });

  it("is done with a pass when all sinks have it, and lets it go after a while", async () => {
    await put(pass(1));
    const outbox = await mongoOutbox(db, { sinks: ["a", "b"] });
    const stored = () => db.collection("outbox").findOne();
    await outbox.delivered("a", [pass(1)._id]);
    assert.equal((await stored())!.doneAt, undefined);
    await outbox.delivered("b", [pass(1)._id]);
    assert.ok((await stored())!.doneAt instanceof Date);
    const indexes = await db.collection("outbox").indexes();
    assert.ok(
      indexes.some(({ key, expireAfterSeconds }) => key.doneAt === 1 && expireAfterSeconds! > 0),
    );
  });

  it("a sink belongs to one core until that leaves it or is silent for long", async () => {
    const [one, two] = [
      await mongoOutbox(db, { sinks: ["a"], holder: "one" }),
      await mongoOutbox(db, { sinks: ["a"], holder: "two" }),
    ];
    const claims = await Promise.all([one.claim("a"), one.claim("a")]);
    assert.ok(claims.includes(true));
    assert.equal(await two.claim("a"), false);
    await two.release("a");
    assert.equal(await two.claim("a"), false);
    await one.release("a");
    assert.equal(await two.claim("a"), true);
    assert.equal(await one.claim("a"), false);
    await db.collection("outbox_leases").updateOne({}, { $set: { until: new Date(0) } });
    assert.equal(await one.claim("a"), true);
    assert.equal(await two.claim("a"), false);
  });

  it("tells of new passes, and ends with the signal", async () => {
    const outbox = await mongoOutbox(db, { sinks: ["a"] });
    const stop = new AbortController();
    let changes = 0;
    const watching = (async () => {
      for await (const _ of outbox.changed(stop.signal)) {
        changes++;
        if ((await outbox.pending("a", 1)).length > 0) return;
        if (changes === 1) await put(pass(1));
      }
    })();
    await watching;
    const ending = Array.fromAsync(outbox.changed(stop.signal));
    stop.abort();
    await ending;
  });
});
