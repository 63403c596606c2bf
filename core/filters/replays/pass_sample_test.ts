import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { sampleOf } from "./pass_sample.ts";

const candids = fc.uniqueArray(fc.bigInt(0n, 2n ** 63n - 1n), { maxLength: 60 });
const passOf = (candid: bigint) => ({ candid });

describe("sampleOf()", () => {
  it("keeps the same passes however they come, in whatever batches, and again", () => {
    fc.assert(fc.property(
      candids.chain((all) =>
        fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))
      ),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 20 }),
      ([all, shuffled], batch, size) => {
        const whole = sampleOf([], all.map(passOf), size);
        let kept: readonly { candid: bigint }[] = [];
        for (let at = 0; at < shuffled.length; at += batch) {
          const some = shuffled.slice(at, at + batch).map(passOf);
          kept = sampleOf(kept, some, size);
          kept = sampleOf(kept, some, size);
        }
        assertEquals(kept, whole);
        assertEquals(whole.length, Math.min(size, all.length));
      },
    ));
  });

  it("gives what was kept itself where no new pass is in it", () => {
    const passes = Array.from({ length: 500 }, (_, i) => passOf(2475433850015015001n + BigInt(i)));
    const kept = sampleOf([], passes, 5);
    assert(sampleOf(kept, passes, 5) === kept);
    assert(sampleOf(kept, [], 5) === kept);
  });

  it("takes neighbours in number as anybody else", () => {
    const passes = Array.from(
      { length: 4_000 },
      (_, i) => passOf(2475433850015015001n + BigInt(i)),
    );
    const places = sampleOf([], passes, 400).map(({ candid }) =>
      Number(candid - passes[0]!.candid)
    );
    // Of 400 that fall into quarters by chance, 100 each, a deviation of 60 is one in a billion.
    for (let quarter = 0; quarter < 4; quarter++) {
      const inside = places.filter((place) => Math.floor(place / 1_000) === quarter).length;
      assert(Math.abs(inside - 100) < 60, `${inside} in quarter ${quarter}`);
    }
  });
});
