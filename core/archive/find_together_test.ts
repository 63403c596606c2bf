import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { BSON } from "mongodb";
import type { Document } from "../contract/document.ts";
import { findTogether, inOrder, isPlainProjection, togetherMax } from "./find_together.ts";

describe("togetherMax()", () => {
  it("puts 100 finds into one command", () => {
    assertEquals(togetherMax([{ a: 1 }], { b: { $gt: 1 } }, { limit: 3, sort: [["a", 1]] }), 100);
  });

  it("puts fewer where the filter is large, so that a command stays below its limit", () => {
    const ids = Array.from({ length: 20_000 }, (_, i) => BigInt(i) + 2n ** 60n);
    assertEquals(togetherMax([{}], { _id: { $in: ids } }, {}), 13);
  });

  for (
    const [what, condition, filter, options] of [
      ["$near", { at: { $nearSphere: [0, 0] } }, {}, {}],
      ["$near in the filter", {}, { $and: [{ at: { $near: [0, 0] } }] }, {}],
      ["a hint", {}, {}, { hint: "_id_" }],
      ["natural order", {}, {}, { sort: [["$natural", -1]] }],
      ["a projection with operators", {}, {}, { projection: { a: { $slice: 1 } } }],
    ] as [string, Document, Document, Document][]
  ) {
    it(`leaves finds with ${what} alone`, () => {
      assertEquals(togetherMax([condition], filter, options), 1);
    });
  }
});

describe("isPlainProjection()", () => {
  it("tells fields shown and hidden from what only find knows", () => {
    for (const plain of [undefined, {}, { a: 1 }, { a: true, _id: 0 }, { a: new BSON.Double(1) }]) {
      assertEquals(isPlainProjection(plain), true);
    }
    for (const other of [{ "a.$": 1 }, { a: "$b" }, { a: { $elemMatch: {} } }, { a: null }]) {
      assertEquals(isPlainProjection(other), false);
    }
  });
});

describe("findTogether()", () => {
  it("refuses a server's answer that mixes the finds", async () => {
    async function* mixed() {
      yield [1, 0].map((branch) =>
        BSON.serialize({ a: 1, _kowalskiBranch: new BSON.Int32(branch) })
      );
    }
    await assertRejects(
      () => Array.fromAsync(findTogether("x", [[], []], 0, mixed)),
      Error,
      "the server mixed them",
    );
  });
});

describe("inOrder()", () => {
  async function* count(item: number, ended: Set<number>) {
    try {
      for (let i = 0; i < item % 4; i++) {
        await Promise.resolve();
        yield `${item}.${i}`;
      }
    } finally {
      ended.add(item);
    }
  }

  it("gives all values of all items in their order, however many are begun early", async () => {
    await fc.assert(fc.asyncProperty(
      fc.array(fc.nat(20)),
      fc.integer({ min: 1, max: 9 }),
      async (items, ahead) => {
        const got = await Array.fromAsync(inOrder(items, ahead, (item) => count(item, new Set())));
        const wanted = items.flatMap((item) =>
          Array.from({ length: item % 4 }, (_, i) => `${item}.${i}`)
        );
        assertEquals(got, wanted);
      },
    ));
  });

  it("begins no more than it is told to, and ends what it began when the reader stops", async () => {
    const begun: number[] = [];
    const ended = new Set<number>();
    for await (
      const _ of inOrder([1, 2, 3, 5, 6], 3, (item) => {
        begun.push(item);
        return count(item, ended);
      })
    ) break;
    assertEquals(begun, [1, 2, 3]);
    assertEquals([...ended].sort(), [1, 2, 3]);
  });

  it("tells an item's failure when its turn comes", async () => {
    async function* fail(item: number) {
      if (item === 2) throw new Error("no 2");
      yield item;
    }
    const got: number[] = [];
    await assertRejects(
      async () => {
        for await (const value of inOrder([1, 2, 3], 3, fail)) got.push(value);
      },
      Error,
      "no 2",
    );
    assertEquals(got, [1]);
  });
});
