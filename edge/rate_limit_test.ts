import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { RateLimit } from "./rate_limit.ts";

describe("RateLimit", () => {
  it("lets a burst through, then as many as come back with time", () => {
    let nowMs = 0;
    const limit = new RateLimit({ perMinute: 60, burst: 3 }, () => nowMs);
    const taken = () => limit.take("a").ok;
    assertEquals([taken(), taken(), taken(), taken()], [true, true, true, false]);
    nowMs = 1000;
    assertEquals([taken(), taken()], [true, false]);
    nowMs = 1_000_000;
    assertEquals([taken(), taken(), taken(), taken()], [true, true, true, false]);
  });

  it("says when to try again", () => {
    let nowMs = 0;
    const limit = new RateLimit({ perMinute: 2, burst: 1 }, () => nowMs);
    limit.take("a");
    assertEquals(limit.take("a"), { ok: false, retryAfterS: 30 });
    nowMs = 29_500;
    assertEquals(limit.take("a"), { ok: false, retryAfterS: 1 });
    nowMs = 30_000;
    assertEquals(limit.take("a").ok, true);
  });

  it("counts each key for itself", () => {
    const limit = new RateLimit({ perMinute: 1, burst: 1 }, () => 0);
    assertEquals([limit.take("a").ok, limit.take("b").ok, limit.take("a").ok], [true, true, false]);
  });

  it("takes nothing by looking", () => {
    const limit = new RateLimit({ perMinute: 1, burst: 1 }, () => 0);
    assertEquals([limit.look("a").ok, limit.look("a").ok, limit.take("a").ok], [true, true, true]);
    assertEquals(limit.look("a"), { ok: false, retryAfterS: 60 });
  });

  it("keeps a limited number of keys, those used last", () => {
    const limit = new RateLimit({ perMinute: 1, burst: 1 }, () => 0, 100);
    limit.take("kept");
    for (let i = 0; i < 1000; i++) {
      limit.take(`key ${i}`);
      limit.look("kept");
    }
    assertEquals(limit.size, 100);
    assertEquals(limit.take("kept").ok, false);
  });

  it("never lets through more than the burst and what came back since", () => {
    const steps = fc.array(fc.nat(5000));
    fc.assert(fc.property(steps, fc.integer({ min: 1, max: 20 }), (pauses, burst) => {
      let nowMs = 0;
      const limit = new RateLimit({ perMinute: 60, burst }, () => nowMs);
      let passed = 0;
      for (const pauseMs of pauses) {
        nowMs += pauseMs;
        if (limit.take("a").ok) passed++;
      }
      assert(passed <= burst + nowMs / 1000 + 1e-6);
    }));
  });

  it("takes what was done already, and gives back what wasn't", () => {
    const limit = new RateLimit({ perMinute: 60, burst: 3 }, () => 0);
    limit.charge("a", 5);
    assertEquals(limit.look("a"), { ok: false, retryAfterS: 3 });
    limit.charge("a", -4);
    assertEquals([limit.take("a").ok, limit.take("a").ok, limit.take("a").ok], [true, true, false]);
  });

  it("tells what it took once, and again where it wasn't heard", () => {
    const limit = new RateLimit({ perMinute: 60, burst: 3 }, () => 0);
    limit.take("a");
    limit.take("a");
    limit.take("b");
    const told = limit.tell(1);
    assertEquals([...told], [["a", 2]]);
    assertEquals([...limit.tell(9)], [["b", 1]]);
    limit.take("a");
    limit.untell(told);
    assertEquals([...limit.tell(9)], [["a", 3]]);
    assertEquals([...limit.tell(9)], []);
  });

  it("learns what other edges have left of it, less what they can't know of", () => {
    const limit = new RateLimit({ perMinute: 60, burst: 10 }, () => 0);
    limit.take("a");
    limit.tell(9);
    limit.take("a");
    limit.learn("a", 2);
    assertEquals([limit.take("a").ok, limit.take("a").ok], [true, false]);
    limit.learn("b", -3);
    assertEquals(limit.look("b"), { ok: false, retryAfterS: 4 });
  });

  it("doesn't mind a clock that goes back", () => {
    let nowMs = 1_000_000;
    const limit = new RateLimit({ perMinute: 60, burst: 2 }, () => nowMs);
    limit.take("a");
    nowMs = 0;
    assertEquals([limit.take("a").ok, limit.take("a").ok], [true, false]);
  });
});
