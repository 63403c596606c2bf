import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Buckets } from "./buckets.ts";

describe("Buckets", () => {
  it("are full at first, and fill with time", () => {
    let nowMs = 0;
    const buckets = new Buckets({ perMinute: 60, burst: 3 }, () => nowMs);
    assertEquals([buckets.left("a"), buckets.take("a", 2), buckets.left("b")], [3, 1, 3]);
    nowMs = 1500;
    assertEquals(buckets.left("a"), 2.5);
    nowMs = 1_000_000;
    assertEquals(buckets.left("a"), 3);
  });

  it("tell how long a whole token takes", () => {
    const buckets = new Buckets({ perMinute: 60, burst: 2 }, () => 0);
    assertEquals(buckets.waitMs("a"), 0);
    buckets.take("a", 2.5);
    assertEquals(buckets.waitMs("a"), 1500);
  });

  it("give credit of one burst, and take back what was given", () => {
    const buckets = new Buckets({ perMinute: 60, burst: 5 }, () => 0);
    assertEquals([buckets.take("a", 7), buckets.take("a", 700)], [-2, -5]);
    assertEquals([buckets.take("a", -6), buckets.take("a", -600)], [1, 5]);
  });

  it("forget who was away longest", () => {
    const buckets = new Buckets({ perMinute: 1, burst: 1 }, () => 0, 100);
    buckets.take("kept", 1);
    for (let i = 0; i < 1000; i++) {
      buckets.take(`key ${i}`, 1);
      buckets.left("kept");
    }
    assertEquals([buckets.size, buckets.left("kept")], [100, 0]);
  });

  it("never hold more than a burst, nor owe more", () => {
    const steps = fc.array(fc.tuple(fc.nat(5000), fc.double({ min: -20, max: 20, noNaN: true })));
    fc.assert(fc.property(steps, fc.integer({ min: 1, max: 20 }), (taken, burst) => {
      let nowMs = 0;
      const buckets = new Buckets({ perMinute: 60, burst }, () => nowMs);
      for (const [pauseMs, tokens] of taken) {
        nowMs += pauseMs;
        assert(Math.abs(buckets.take("a", tokens)) <= burst);
      }
    }));
  });
});
