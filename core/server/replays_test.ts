import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { SignatureError } from "../contract/edge.ts";
import { UnavailableError } from "../contract/query.ts";
import { Replays } from "./replays.ts";

function replays(noncesMax?: number) {
  let nowMs = 1_000_000;
  const made = new Replays(() => nowMs, noncesMax);
  return {
    made,
    wait: (ms: number) => void (nowMs += ms),
    admits(nonce: string, timeMs = nowMs): boolean {
      try {
        made.admit({ nonce, timeMs });
        return true;
      } catch (error) {
        assert(error instanceof SignatureError || error instanceof UnavailableError);
        return false;
      }
    },
  };
}

describe("a signature between edge and core", () => {
  it("is good once", () => {
    const { made, admits } = replays();
    assertEquals([admits("a"), admits("b"), admits("a"), admits("b")], [true, true, false, false]);
    assertThrows(
      () => made.admit({ nonce: "a", timeMs: 1_000_000 }),
      SignatureError,
      "must be sent once",
    );
  });

  it("is not good again as long as its age is, and costs nothing after", () => {
    const { made, admits, wait } = replays();
    wait(10_000);
    assertEquals(admits("ahead", 1_070_000), true);
    for (let i = 0; i < 12; i++) {
      wait(10_000);
      assertEquals(admits("ahead", 1_070_000), false);
      admits(`other ${i}`);
    }
    wait(61_000);
    admits("last");
    assertEquals(made.size, 1);
  });

  it("of before the core's start is not good, as it may have been seen by the core before", () => {
    const { admits } = replays();
    assertEquals([admits("a", 999_999), admits("a", 1_000_000)], [false, true]);
  });

  it("is not good again where more came than are remembered: then old ones are not good at all", () => {
    const { made, admits, wait } = replays(100);
    assertEquals(admits("first"), true);
    for (let i = 0; i < 200; i++) {
      wait(1_000);
      for (const n of [1, 2, 3]) assertEquals(admits(`${i} ${n}`), true);
    }
    assert(made.size <= 100);
    assertEquals(admits("first", 1_000_000), false);
    // One that was delayed for half a minute is refused as well: the price of the bound.
    assertEquals(admits("late", 1_200_000 - 40_000), false);
  });

  it("is good again from the next second on, where too many came within one", () => {
    const { admits, wait } = replays(100);
    for (let i = 0; i < 150; i++) admits(`${i}`);
    assertEquals(admits("other"), false);
    wait(1_000);
    assertEquals(admits("other"), true);
  });
});
