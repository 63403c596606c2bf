/** Who gets which part of a replay, in a real MongoDB: each part one holder at a time, whatever ends. */
import { afterAll, beforeAll, beforeEach, describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import type { Db } from "mongodb";
import ztf from "../../catalogs/live/ztf.ts";
import { type TestDatabase, testDatabase } from "../../tests/support/mongo.ts";
import { type AlertKey, REPLAYS } from "./replay_document.ts";
import { replayClaims } from "./replay_claims.ts";
import { ReplayProgress } from "./replay_progress.ts";
import { REPLAY_QUOTA, type ReplayStore, replayStore } from "./replay_store.ts";

const JD = 2_460_000.5;
const HOUR_MS = 3_600_000;

let test: TestDatabase;
let db: Db;
let store: ReplayStore;
beforeAll(async () => {
  test = await testDatabase();
});
beforeEach(async () => {
  db = test.client.db(test.name);
  await db.dropDatabase();
  // Two parts of two alerts each, and the report.
  await db.collection("ZTF_alerts").insertMany([0, 1, 2, 3].map((i) => ({
    candid: i,
    candidate: { jd: JD + i / 10, programid: 1 },
  })));
  store = replayStore(db, [ztf], { ...REPLAY_QUOTA, partAlertsMin: 1 });
});
afterAll(() => test[Symbol.asyncDispose]());

async function queued(owner = "a"): Promise<string> {
  const created = await store.create({
    owner,
    sees_all: false,
    filter_id: null,
    fid: null,
    catalog: "ZTF_alerts",
    permissions: [1],
    pipeline: "[]",
    live: null,
    as_of: true,
    jd_start: JD,
    jd_end: JD + 1,
  });
  return (created as { id: string }).id;
}
const held = async (id: string, holder: string) => {
  const found = await new ReplayProgress(db, id, holder).read();
  return found && found.part.n;
};
const batch = (cursor: AlertKey) => ({
  cursor,
  nights: new Map([["2023-02-25", { alerts: 2, passes: 1, live_passes: 0 }]]),
  costMs: { read: 1, filter: 1, live: 0 },
  runMs: 2,
  failure: undefined,
  liveFailure: undefined,
  objects: [],
  sample: [],
});

describe("parts of a replay", () => {
  it("are claimed by one each, however many ask at once; the report when all others are done", async () => {
    const claims = replayClaims(db);
    const id = await queued();
    const names = ["a", "b", "c", "d", "e"];
    const claimed = await Promise.all(names.map((name) => claims.claim(name)));
    const holders = names.filter((_, i) => claimed[i] !== null);
    assertEquals(holders.length, 2);
    const parts = await Promise.all(holders.map((holder) => held(id, holder)));
    assertEquals(parts.sort(), [0, 1]);
    assertEquals((await store.find(id))!.state, "running");
    for (const holder of holders) {
      assertEquals(await claims.claim("early"), null);
      assert(await new ReplayProgress(db, id, holder).endPart());
    }
    assert(await claims.claim("last"));
    const found = await new ReplayProgress(db, id, "last").read();
    assert(found!.part.is_report);
    assertEquals(await claims.claim("late"), null);
  });

  it("go on where they were, in other hands, when their holder doesn't renew its claim", async () => {
    const id = await queued();
    await replayClaims(db, { leaseMs: 0 }).claim("killed");
    const killed = new ReplayProgress(db, id, "killed");
    const first = batch({ jd: JD + 0.1, candid: 1 });
    assertEquals((await killed.add(first))!.alerts, 2);
    const claims = replayClaims(db, { leaseMs: HOUR_MS });
    // Its second claim since the last batch would be the second attempt.
    assertEquals((await claims.claim("next"))!.attempts, 1);
    const next = await new ReplayProgress(db, id, "next").read();
    assertEquals(next!.part.cursor, { jd: JD + 0.1, candid: 1 });
    // What the killed one still had in work counts for nothing.
    assertEquals(await killed.add(first), null);
    assertEquals(await killed.endPart(), false);
    assertEquals(await claims.renew(id, "killed"), false);
    assertEquals(await claims.renew(id, "next"), true);
    assertEquals((await store.find(id))!.counts, { alerts: 2, passes: 1, live_passes: 0 });
  });

  it("tell how often they were claimed without coming on", async () => {
    await queued();
    const claims = replayClaims(db, { leaseMs: 0 });
    for (const attempts of [1, 2, 3]) {
      assertEquals((await claims.claim(`holder ${attempts}`))!.attempts, attempts);
    }
  });

  it("are left to others at once by who is told to end", async () => {
    const id = await queued();
    const claims = replayClaims(db);
    await claims.claim("a");
    await claims.claim("b");
    await claims.release(id, "a");
    assertEquals([await held(id, "a"), await held(id, "b")], [null, 1]);
    assert(await claims.claim("c"));
    assertEquals(await held(id, "c"), 0);
  });

  it("are nobody's once the replay was cancelled, nor when it is resumed", async () => {
    const id = await queued();
    const claims = replayClaims(db);
    await claims.claim("a");
    assert(await store.cancel(id));
    assertEquals([await held(id, "a"), await claims.claim("b")], [null, null]);
    assertEquals(await store.resume((await store.find(id))!), true);
    assertEquals(await new ReplayProgress(db, id, "a").add(batch({ jd: JD, candid: 0 })), null);
    assert(await claims.claim("b"));
    assertEquals(await held(id, "b"), 0);
  });

  it("of a replay that has had the least come first, whoever came first", async () => {
    const old = await queued("a");
    const claims = replayClaims(db);
    await claims.claim("a");
    await new ReplayProgress(db, old, "a").add(batch({ jd: JD, candid: 0 }));
    const young = await queued("b");
    assertEquals((await claims.claim("b"))!.id, young);
  });

  it("are claimed no more when the replay has failed, and why is told", async () => {
    const id = await queued();
    const claims = replayClaims(db);
    await claims.claim("a");
    await claims.claim("b");
    await claims.fail(id, "a", "it broke");
    const { state, reason } = (await store.find(id))!;
    assertEquals([state, reason, await claims.claim("c")], ["failed", "it broke", null]);
    await claims.fail(id, "b", "too late");
    assertEquals((await store.find(id))!.reason, "it broke");
  });
});

describe("the sample of a replay", () => {
  it("is of all parts: the passes with the smallest hashes, each once", async () => {
    const id = await queued();
    const claims = replayClaims(db);
    const pass = (candid: number, hash: number) => ({
      candid,
      hash,
      jd: JD + 0.01,
      objectId: "a",
      data: null,
    });
    for (const [holder, from] of [["a", 0], ["b", 15]] as const) {
      await claims.claim(holder);
      const sample = Array.from({ length: 15 }, (_, i) => pass(from + i, 100 - from - i));
      const progress = new ReplayProgress(db, id, holder);
      await progress.add({ ...batch({ jd: JD, candid: from }), sample });
    }
    const { sample } = (await store.find(id))!;
    assertEquals(sample.map(({ candid }) => candid), Array.from({ length: 20 }, (_, i) => 29 - i));
  });
});

describe("what becomes of replays", () => {
  it("of a filter that was removed: they end, but for those that have; of a user: they go", async () => {
    const ids = [await queued("a"), await queued("a"), await queued("b")];
    const replays = db.collection(REPLAYS);
    await replays.updateMany({ owner: "a" }, { $set: { filter_id: 7 } });
    await replays.updateOne({ owner: "a" }, { $set: { state: "done" } });
    await store.failOf(7);
    const states = await Promise.all(ids.map(async (id) => (await store.find(id))!.state));
    assertEquals(states, ["done", "failed", "queued"]);
    await store.removeOf("a");
    assertEquals((await store.list({})).map(({ owner }) => owner), ["b"]);
  });
});
