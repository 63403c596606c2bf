// What is written must be what the driver writes, byte for byte.
import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertThrows } from "@std/assert";
import { BSON, MaxKey } from "mongodb";
import fc from "fast-check";
import { Binary, Decimal128, Double, ObjectId, Timestamp } from "../contract/document.ts";
import { writeDocument } from "./bson_write.ts";

const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.string({ unit: "grapheme" }),
  fc.double(),
  fc.integer(),
  fc.double().map((value) => new Double(value)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => new ObjectId(bytes)),
  fc.uint8Array(),
  fc.constantFrom(
    new Binary(Uint8Array.of(1, 2), 4),
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

describe("writeDocument()", () => {
  it("writes what the driver writes", () => {
    fc.assert(fc.property(document, (value) => {
      const same = value as Record<string, unknown>;
      assertEquals([...writeDocument(same)], [...BSON.serialize(same)]);
    }));
  });

  it("grows for documents larger than any before", () => {
    const large = { text: "é".repeat(400_000), bytes: new Uint8Array(900_000).fill(7) };
    assertEquals(writeDocument(large).length, BSON.serialize(large).length);
  });

  it("refuses a name that BSON can't hold", () => {
    assertThrows(() => writeDocument({ "a\0b": 1 }), TypeError, "zero");
  });
});
