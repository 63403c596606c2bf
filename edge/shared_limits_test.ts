import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { RateReport } from "../core/contract/edge.ts";
import { createRates } from "../core/server/rates.ts";
import type { Ask } from "./ask.ts";
import { RateLimit } from "./rate_limit.ts";
import { shareLimits } from "./shared_limits.ts";

/** Edges before one core, which counts for them until it is away. */
function edges(count: number, settings = { perMinute: 60, burst: 10 }) {
  let nowMs = 0;
  let isAway = false;
  const reports: RateReport[] = [];
  const rates = createRates(() => nowMs);
  const ask: Ask = (_core, { path, body }) => {
    assertEquals(path, "/v1/rates");
    if (isAway) return Promise.reject(new Error("away"));
    const report = RateReport.parse(JSON.parse(new TextDecoder().decode(body)));
    reports.push(report);
    return Promise.resolve(Response.json({ left: rates.count(report) }));
  };
  const instances = { urls: ["core"], ask, known: () => Promise.resolve([]), lookFor() {} };
  const all = Array.from({ length: count }, () => {
    const limit = new RateLimit(settings, () => nowMs);
    const shared = shareLimits({
      limits: { user: limit },
      instances,
      everyMs: 1_000,
      now: () => nowMs,
    });
    return { limit, shared };
  });
  return {
    all,
    reports,
    wait: (ms: number) => void (nowMs += ms),
    setAway: (is: boolean) => void (isAway = is),
    async report() {
      nowMs += 1_000;
      for (const { shared } of all) shared.touch();
      await Promise.all(all.map(({ shared }) => shared.settled()));
    },
  };
}

const take = (limit: RateLimit, times: number) =>
  Array.from({ length: times }, () => limit.take("alice")).filter(({ ok }) => ok).length;

describe("limits that edges share", () => {
  it("are one: what goes through one edge is missing at the other", async () => {
    const { all: [a, b], report } = edges(2);
    assertEquals([take(a!.limit, 6), take(b!.limit, 2)], [6, 2]);
    await report(); // A first, who doesn't know of B's yet.
    await report();
    // Two more came back in two seconds.
    assertEquals([a!.limit.look("alice").ok, take(b!.limit, 20)], [true, 3]);
  });

  it("let no more through in the long run than one edge would", async () => {
    const { all, wait, report } = edges(4);
    let passed = 0;
    for (let second = 0; second < 300; second++) {
      for (const { limit } of all) passed += take(limit, 5);
      wait(0);
      await report();
    }
    // 60 a minute for five minutes; at first each edge lets its burst through.
    assert(passed >= 290 && passed <= 300 + 4 * 10, `${passed}`);
  });

  it("are reported not more than once in a second, and only where something was taken", async () => {
    const { all: [a], reports, wait } = edges(1);
    for (let i = 0; i < 9; i++) {
      a!.limit.take("alice");
      a!.shared.touch();
      await a!.shared.settled();
      wait(300);
    }
    assertEquals(reports.length, 3);
    assertEquals(reports.map(({ limits }) => limits[0]!.taken.alice), [1, 4, 4]);
    wait(5_000);
    a!.shared.touch();
    await a!.shared.settled();
    assertEquals(reports.length, 3);
  });

  it("hold for each edge alone while the core is away, and are made up for after", async () => {
    const { all: [a, b], report, setAway } = edges(2);
    setAway(true);
    assertEquals([take(a!.limit, 20), take(b!.limit, 20)], [10, 10]);
    await report();
    assertEquals(a!.limit.take("alice").ok, true);
    setAway(false);
    await report();
    // 21 of 10: nothing for a while.
    assertEquals([take(a!.limit, 5), take(b!.limit, 5)], [0, 0]);
    await report();
    const { retryAfterS } = a!.limit.look("alice");
    assert(retryAfterS >= 9 && retryAfterS <= 11, `${retryAfterS}`);
  });

  it("count apart where edges have different ones", () => {
    const rates = createRates(() => 0);
    const of = (burst: number) => ({
      limits: [{ name: "user", perMinute: 60, burst, taken: { alice: 3 } }],
    });
    assertEquals(rates.count(of(10)), [{ alice: 7 }]);
    assertEquals(rates.count(of(5)), [{ alice: 2 }]);
    assertEquals(rates.count(of(10)), [{ alice: 4 }]);
  });
});
