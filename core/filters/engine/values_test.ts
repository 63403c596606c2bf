import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { BSONRegExp, MaxKey, MinKey } from "bson";
import { Random } from "../../../tests/support/random.ts";
import { randomValue } from "../../../tests/support/random_documents.ts";
import { Binary, Decimal128, Double, Long, ObjectId, Timestamp } from "../../contract/document.ts";
import { compare, equals, hashKey, isTruthy, Type, typeOf } from "./values.ts";

const decimal = Decimal128.fromString;

describe("the order over all types", () => {
  it("is MongoDB's", () => {
    const ascending = [
      new MinKey(),
      undefined,
      null,
      NaN,
      -Infinity,
      -(2n ** 63n),
      -1,
      0,
      decimal("0.1"), // Below the double, which is a little more than a tenth.
      0.1,
      1n,
      new Double(2),
      2 ** 53,
      2n ** 53n + 1n,
      2n ** 63n - 1n,
      2 ** 63,
      Infinity,
      "",
      "a",
      "ab",
      "b",
      "\uffee",
      "\u{1f600}", // By code points, not by UTF-16.
      {},
      { a: 1 },
      { b: 1 },
      { a: "x" }, // Types come before names.
      [],
      [1],
      [1, 0],
      [2],
      new Binary(Uint8Array.of(9)),
      new Binary(Uint8Array.of(1, 2)),
      new Binary(Uint8Array.of(1, 2), 5),
      new ObjectId("507f1f77bcf86cd799439011"),
      false,
      true,
      new Date(-1),
      new Date(0),
      new Timestamp({ t: 1, i: 2 }),
      new Timestamp({ t: 4_000_000_000, i: 1 }), // Without a sign.
      new BSONRegExp("a", ""),
      new BSONRegExp("a", "i"),
      new MaxKey(),
    ];
    for (let i = 1; i < ascending.length; i++) {
      const [low, high] = [ascending[i - 1], ascending[i]];
      assert(compare(low, high) < 0, `${i - 1} and ${i}`);
      assert(compare(high, low) > 0, `${i} and ${i - 1}`);
      assertEquals(compare(high, high), 0);
    }
  });

  it("takes numbers of all types for equal that are", () => {
    const ones = [1, 1n, new Double(1), decimal("1.00"), Long.fromNumber(1)];
    for (const one of ones) for (const other of ones) assert(equals(one, other));
    assertEquals(new Set(ones.map(hashKey)).size, 1);
    assert(equals(0, -0));
    assertEquals(hashKey([0]), hashKey([-0]));
  });

  it("goes with the keys that sets are made by", () => {
    const random = new Random(7);
    const values = Array.from({ length: 400 }, () => randomValue(random, 2));
    for (const a of values) {
      for (const b of values) {
        const areSame = Object.is(hashKey(a), hashKey(b)) ||
          (hashKey(a) === hashKey(b)); // 0 and -0 are one key of a Map.
        assertEquals(areSame, compare(a, b) === 0, `${String(hashKey(a))} ${String(hashKey(b))}`);
      }
    }
  });
});

describe("types", () => {
  it("of numbers are those of the convention", () => {
    assertEquals(
      [1, 1n, 1.5, new Double(1), -0, NaN, 2 ** 31].map(typeOf),
      [Type.int, Type.long, ...Array(5).fill(Type.double)],
    );
  });

  it("don't depend on what a document's fields are called", () => {
    assertEquals(typeOf({ _bsontype: "Double", value: 1 }), Type.object);
    assertEquals(typeOf({ constructor: 1 }), Type.object);
  });

  it("decide what is true: all but nothing, false and zeros", () => {
    const falsy = [undefined, null, false, 0, -0, 0n, new Double(0), decimal("0.00")];
    const truthy = ["", [], {}, NaN, decimal("NaN"), new Date(0), new MinKey(), decimal("0.1")];
    assertEquals(falsy.filter(isTruthy), []);
    assertEquals(truthy.filter((value) => !isTruthy(value)), []);
  });
});
