import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import ztf from "../../catalogs/live/ztf.ts";
import { type TestDatabase, testDatabase } from "../../tests/support/mongo.ts";
import { QueryError } from "../contract/query.ts";
import { checkSelectivity } from "../operations/_selectivity.ts";
import { selectivityGate } from "./selectivity.ts";

const scope = { catalog: "ZTF_alerts", permissions: [1] };
const drbAbove = (least: number) =>
  JSON.stringify([{ $match: { "candidate.drb": { $gt: least } } }]);
const signal = new AbortController().signal;

describe("the gate of selectivity", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
    const db = database.client.db(database.name);
    // 200 public alerts; of programid 2, which the filter doesn't see, those that all pass.
    await db.collection("ZTF_alerts").insertMany(
      Array.from({ length: 300 }, (_, i) => ({
        candid: i,
        objectId: "ZTF18aaaaaaa",
        candidate: {
          jd: 2_460_000.5 + i / 1_000,
          programid: i % 3 === 2 ? 2 : 1,
          drb: i % 3 === 2 ? 1 : i / 300,
        },
      })),
    );
  });
  afterAll(() => database[Symbol.asyncDispose]());

  const gate = (shareMax: number | null, alertsMax = 1_000) =>
    selectivityGate(database.client.db(database.name), [ztf], { shareMax, alertsMax });
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

  it("counts the newest alerts that the filter sees, and those that pass", async () => {
    assertEquals(await gate(null).of(scope, drbAbove(0.5), signal), { alerts: 200, passes: 99 });
    // Of the newest 150 two thirds are public, and all of them are above.
    assertEquals(await gate(null, 150).of(scope, drbAbove(0.25), signal), {
      alerts: 100,
      passes: 100,
    });
  });

  it("refuses a version that more than the allowed share pass", async () => {
    await assertRejects(
      () => check(0.5, 0.25),
      QueryError,
      "Cannot save the version as <= 25 % of the newest alerts must pass it: 99 of 200 do. An admin " +
        'may save it with "override": true',
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
