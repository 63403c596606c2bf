// What is read must write the same bytes again, whatever the types.
import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertThrows } from "@std/assert";
import { BSON, Int32, Long, MaxKey } from "mongodb";
import fc from "fast-check";
import { Binary, Decimal128, Double, ObjectId, Timestamp } from "../contract/document.ts";
import { readDocument } from "./bson_read.ts";

const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.string(),
  fc.double().map((value) => new Double(value)),
  fc.integer().map((value) => new Int32(value)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => Long.fromBigInt(value)),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => new ObjectId(bytes)),
  fc.uint8Array().map((bytes) => new Binary(bytes)),
  fc.constantFrom(
    new Decimal128("1.50"),
    new Timestamp({ t: 1, i: 2 }),
    new MaxKey(),
    /a+b/i,
  ),
);
const key = fc.string({ minLength: 1 }).filter((name) =>
  !name.includes("\0") && name !== "__proto__"
);
const { document } = fc.letrec((tie) => ({
  document: fc.dictionary(key, tie("value"), { maxKeys: 8 }),
  value: fc.oneof({ maxDepth: 4 }, leaf, tie("document"), fc.array(tie("value"), { maxLength: 6 })),
}));

describe("readDocument()", () => {
  it("keeps every type: what it read writes the same bytes", () => {
    fc.assert(fc.property(document, (value) => {
      const bytes = BSON.serialize(value as Record<string, unknown>);
      assertEquals(BSON.serialize(readDocument(bytes)), bytes);
    }));
  });

  it("gives numbers by the convention", () => {
    const read = readDocument(BSON.serialize({
      int32: 5,
      int64: 5n,
      candid: 2475433850015015001n,
      double: 5.5,
      whole: new Double(5),
      minusZero: -0,
    }));
    assertEquals(read, {
      int32: 5,
      int64: 5n,
      candid: 2475433850015015001n,
      double: 5.5,
      whole: new Double(5),
      minusZero: -0,
    });
  });

  it("reads a document that lies inside a larger buffer", () => {
    const bytes = BSON.serialize({ a: { b: [1, "two"] } });
    const inside = new Uint8Array(bytes.length + 9);
    inside.set(bytes, 5);
    assertEquals(readDocument(inside.subarray(5, 5 + bytes.length)), { a: { b: [1, "two"] } });
  });

  it("names an unknown type", () => {
    assertThrows(() => readDocument(Uint8Array.of(8, 0, 0, 0, 0x44, 0x61, 0, 0)), Error, "0x44");
  });
});
