// What is read must write the same bytes again, whatever the types.
import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertThrows } from "@std/assert";
import { BSON, Int32, Long } from "mongodb";
import fc from "fast-check";
import { Binary, Double } from "../contract/document.ts";
import { documentsWith, INT64 } from "../../tests/support/bson_documents.ts";
import { readDocument } from "./bson_read.ts";

const document = documentsWith(fc.oneof(
  fc.double().map((value) => new Double(value)),
  fc.integer().map((value) => new Int32(value)),
  INT64.map((value) => Long.fromBigInt(value)),
  fc.uint8Array().map((bytes) => new Binary(bytes)),
));

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
