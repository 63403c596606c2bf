import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import { CoreUnavailableError } from "./ask.ts";
import { Remembered } from "./remembered.ts";

function remembered(keysMax = 10) {
  let nowMs = 0;
  let asked = 0;
  const known = new Remembered<number>(
    { ageMsMax: 5_000, staleMsMax: 60_000, keysMax },
    () => nowMs,
  );
  const ask = () => Promise.resolve(++asked);
  return {
    known,
    get: (key: string, options?: { isFresh: boolean }) => known.get(key, ask, options),
    away: (key: string, options?: { isFresh: boolean }) =>
      known.get(key, () => Promise.reject(new CoreUnavailableError("away")), options),
    wait: (ms: number) => void (nowMs += ms),
  };
}

describe("Remembered", () => {
  it("asks again when what it knows is old, or has to be fresh", async () => {
    const { get, wait } = remembered();
    assertEquals([await get("a"), await get("a"), await get("b")], [1, 1, 2]);
    assertEquals([await get("a", { isFresh: true }), await get("a")], [3, 3]);
    wait(5_000);
    assertEquals(await get("a"), 3);
    wait(1);
    assertEquals(await get("a"), 4);
  });

  it("serves what it knows while there is nobody to ask, but not as fresh, nor for ever", async () => {
    const { get, away, wait } = remembered();
    await assertRejects(() => away("a"), CoreUnavailableError);
    await get("a");
    wait(60_000);
    assertEquals(await away("a"), 1);
    await assertRejects(() => away("a", { isFresh: true }), CoreUnavailableError);
    wait(1);
    await assertRejects(() => away("a"), CoreUnavailableError);
  });

  it("takes no other fault for an absence", async () => {
    const { known, get, wait } = remembered();
    await get("a");
    wait(6_000);
    await assertRejects(() => known.get("a", () => Promise.reject(new Error("bug"))), Error, "bug");
  });

  it("forgets, also what is being asked for at the time", async () => {
    const { known, get, away } = remembered();
    const answer = Promise.withResolvers<number>();
    const old = known.get("a", () => answer.promise);
    known.forget();
    answer.resolve(100);
    assertEquals(await old, 100);
    assertEquals(await get("a"), 1);
    known.forget();
    await assertRejects(() => away("a"), CoreUnavailableError);
  });

  it("keeps a limited number of keys, those asked for last", async () => {
    const { get } = remembered(2);
    assertEquals([await get("a"), await get("b"), await get("c")], [1, 2, 3]);
    assertEquals([await get("c"), await get("b"), await get("a")], [3, 2, 4]);
  });
});
