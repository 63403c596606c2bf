// What is written must be what the driver writes, byte for byte.
import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertThrows } from "@std/assert";
import { BSON } from "mongodb";
import fc from "fast-check";
import { Binary, Double } from "../contract/document.ts";
import { documentsWith, INT64 } from "../../tests/support/bson_documents.ts";
import { documentBytes, writeDocument } from "./bson_write.ts";

const document = documentsWith(fc.oneof(
  fc.double(),
  fc.integer(),
  fc.double().map((value) => new Double(value)),
  INT64,
  fc.uint8Array(),
  fc.constant(new Binary(Uint8Array.of(1, 2), 4)),
));

describe("writeDocument()", () => {
  it("writes what the driver writes", () => {
    fc.assert(fc.property(document, (value) => {
      const same = value as Record<string, unknown>;
      assertEquals([...writeDocument(same)], [...BSON.serialize(same)]);
      assertEquals(documentBytes(same), BSON.calculateObjectSize(same));
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
