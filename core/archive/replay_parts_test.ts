/** However a span is cut, its parts have each alert once, and never half an exposure. */
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Db } from "mongodb";
import ztf from "../../catalogs/live/ztf.ts";
import { type TestDatabase, testDatabase } from "../../tests/support/mongo.ts";
import { alertKeys } from "./replay_alerts.ts";
import { cutIntoParts } from "./replay_parts.ts";

const JD = 2_460_000;
const signal = new AbortController().signal;

let test: TestDatabase;
let db: Db;
beforeAll(async () => {
  test = await testDatabase();
  db = test.client.db(test.name);
});
afterAll(() => test[Symbol.asyncDispose]());

/** Alerts at these days after `JD`, some of one exposure. */
async function fill(days: readonly number[]): Promise<void> {
  await db.collection("ZTF_alerts").deleteMany({});
  if (days.length === 0) return;
  await db.collection("ZTF_alerts").insertMany(days.map((day, candid) => ({
    candid,
    candidate: { jd: JD + day },
  })));
}
const span = { jd_start: JD + 10, jd_end: JD + 30 };

async function keysOf(part: { jd_start: number; jd_before: number | null }, batchMax: number) {
  const which = { survey: ztf, jdStart: part.jd_start, jdEnd: span.jd_end, after: null };
  const batches = alertKeys(db, { ...which, jdBefore: part.jd_before }, batchMax, signal);
  return (await Array.fromAsync(batches)).flat();
}

describe("cutIntoParts()", () => {
  it("leaves no alert out, has none twice, and parts no exposure", async () => {
    const days = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 });
    const sizes = {
      alertsMin: fc.integer({ min: 1, max: 20 }),
      batchMax: fc.integer({ min: 1, max: 7 }),
    };
    await fc.assert(
      fc.asyncProperty(days, fc.record(sizes), async (days, { alertsMin, batchMax }) => {
        await fill(days);
        const parts = await cutIntoParts(db, ztf, span, alertsMin);
        assert(parts.pop()!.is_report);
        const keys = await Promise.all(parts.map((part) => keysOf(part, batchMax)));
        const all = days.map((day, candid) => ({ jd: JD + day, candid }))
          .filter(({ jd }) => jd >= span.jd_start && jd <= span.jd_end)
          .sort((a, b) => a.jd - b.jd || a.candid - b.candid);
        assertEquals(keys.flat(), all);
        const exposures = keys.map((part) => new Set(part.map(({ jd }) => jd)));
        assertEquals(
          exposures.reduce((sum, { size }) => sum + size, 0),
          new Set(all.map(({ jd }) => jd)).size,
        );
      }),
      { numRuns: 25 },
    );
  });

  it("makes as many parts as are worth it, and no more than fit", async () => {
    const countFor = async (alerts: number, alertsMin: number) => {
      await fill(Array.from({ length: alerts }, (_, i) => 10 + i / 100));
      return (await cutIntoParts(db, ztf, span, alertsMin)).length - 1;
    };
    assertEquals(await countFor(0, 10), 1);
    assertEquals(await countFor(9, 10), 1);
    assertEquals(await countFor(1_000, 500), 2);
    assertEquals(await countFor(1_000, 1), 59);
  });
});

describe("alertKeys()", () => {
  it("goes on after an alert, in the middle of its exposure", async () => {
    await fill([10, 11, 11, 11, 12]);
    const all = await keysOf({ jd_start: span.jd_start, jd_before: null }, 2);
    for (const [i, after] of all.entries()) {
      const which = { survey: ztf, jdStart: span.jd_start, jdEnd: span.jd_end, jdBefore: null };
      const rest = await Array.fromAsync(alertKeys(db, { ...which, after }, 2, signal));
      assertEquals(rest.flat(), all.slice(i + 1));
    }
  });
});
