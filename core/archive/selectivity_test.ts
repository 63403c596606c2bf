import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import ztf from "../../catalogs/live/ztf.ts";
import { type TestDatabase, testDatabase } from "../../tests/support/mongo.ts";
import { QueryError } from "../contract/query.ts";
import { checkSelectivity } from "../operations/_selectivity.ts";
import { ensureIndexes } from "./indexes.ts";
import { selectivityGate } from "./selectivity.ts";

/** 2023-02-25T00:00:00 UTC. */
const JD = 2_460_000.5;
const scope = { catalog: "ZTF_alerts", permissions: [1] };
const drbAbove = (least: number) =>
  JSON.stringify([{ $match: { "candidate.drb": { $gt: least } } }]);
const signal = new AbortController().signal;

describe("the gate of selectivity", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
    const db = database.client.db(database.name);
    await ensureIndexes(db, "ZTF_alerts", ztf.indexes);
    // 200 public alerts; of programid 2, which the filter doesn't see, those that all pass.
    const night = Array.from({ length: 300 }, (_, i) => ({
      candid: i,
      objectId: "ZTF18aaaaaaa",
      candidate: {
        jd: JD + 0.1 + i / 1_000,
        programid: i % 3 === 2 ? 2 : 1,
        drb: i % 3 === 2 ? 1 : i / 300,
      },
    }));
    const alert = (candid: number, jd: number) => ({
      candid,
      objectId: "ZTF18aaaaaaa",
      candidate: { jd, programid: 1, drb: 1 },
    });
    await db.collection("ZTF_alerts").insertMany([
      ...night,
      // The last of the night before, and the first of one that has just begun.
      alert(1_000, JD - 0.000_01),
      alert(2_000, JD + 1),
    ]);
  });
  afterAll(() => database[Symbol.asyncDispose]());

  const gate = (
    shareMax: number | null,
    { alertsMax = 1_000, night = null as string | null } = {},
  ) => selectivityGate(database.client.db(database.name), [ztf], { shareMax, alertsMax, night });
  const check = (
    least: number,
    shareMax: number | null,
    { admin = false, isOverridden = false } = {},
  ) =>
    checkSelectivity(scope, drbAbove(least), {
      isOverridden,
      signal,
      context: { principal: { admin }, stores: { selectivity: gate(shareMax) } } as never,
    });

  it("counts the alerts of the last night that is over which the filter sees, and those that pass", async () => {
    assertEquals(await gate(null).of(scope, drbAbove(0.5), signal), {
      night: "2023-02-25",
      alerts: 200,
      passes: 99,
    });
  });

  it("takes a few that are spread over the night", async () => {
    const few = gate(null, { alertsMax: 100 });
    // Every third one, from the first on: all of them public, and half of them above.
    assertEquals(await few.of(scope, drbAbove(0.5), signal), {
      night: "2023-02-25",
      alerts: 100,
      passes: 49,
    });
  });

  it("takes the night of the settings", async () => {
    const of = (night: string) => gate(null, { night }).of(scope, drbAbove(0.5), signal);
    assertEquals(await of("2023-02-24"), { night: "2023-02-24", alerts: 1, passes: 1 });
    assertEquals(await of("2023-02-26"), { night: "2023-02-26", alerts: 1, passes: 1 });
    assertEquals(await of("2020-01-01"), { night: "2020-01-01", alerts: 0, passes: 0 });
  });

  it("takes the only night there is, and none of an empty archive", async () => {
    await using other = await testDatabase();
    const db = other.client.db(other.name);
    const settings = { shareMax: null, alertsMax: 10, night: null };
    const of = () => selectivityGate(db, [ztf], settings).of(scope, drbAbove(0.5), signal);
    assertEquals(await of(), { night: null, alerts: 0, passes: 0 });
    await db.collection("ZTF_alerts").insertOne(
      { candid: 1, objectId: "ZTF18aaaaaaa", candidate: { jd: JD, programid: 1, drb: 1 } },
    );
    assertEquals(await of(), { night: "2023-02-25", alerts: 1, passes: 1 });
  });

  it("finds its alerts by an index, without reading them", async () => {
    const plan = await database.client.db(database.name).collection("ZTF_alerts")
      .find({ "candidate.jd": { $gte: JD, $lt: JD + 1 } }, {
        sort: { "candidate.jd": 1 },
        projection: { _id: 0, candid: 1 },
      }).explain("executionStats");
    assertEquals([plan.executionStats.nReturned, plan.executionStats.totalDocsExamined], [300, 0]);
  });

  it("refuses a version that more than the allowed share pass", async () => {
    await assertRejects(
      () => check(0.5, 0.25),
      QueryError,
      "Cannot save the version as <= 25 % of the alerts of the night 2023-02-25 must pass it: 99 of 200 " +
        'do. An admin may save it with "override": true',
    );
    await check(0.9, 0.25);
    await check(0, null);
  });

  it("lets an admin save it all the same, who says so, and nobody else", async () => {
    await check(0.5, 0.25, { admin: true, isOverridden: true });
    await assertRejects(() => check(0.5, 0.25, { admin: true }), QueryError);
    await assertRejects(() => check(0.5, 0.25, { isOverridden: true }), QueryError);
  });

  it("refuses what may not be run", async () => {
    await assertRejects(
      () => gate(0.5).of(scope, JSON.stringify([{ $out: "x" }]), signal),
      QueryError,
    );
  });
});
