import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { BSON } from "mongodb";
import { toDouble } from "../contract/document.ts";
import { decodeExtended } from "../contract/extended_json.ts";
import { parseExact } from "../contract/json.ts";
import { bsonToJson } from "./bson_json.ts";

const { Binary, BSONRegExp, BSONSymbol, Code, Decimal128, Double, Long, MaxKey, MinKey } = BSON;

function write(value: unknown): string {
  return bsonToJson(BSON.serialize({ v: value })).slice('{"v": '.length, -1);
}

describe("bsonToJson()", () => {
  for (
    const [what, value, text] of [
      ["an int32", 5, "5"],
      ["a small int64", Long.fromNumber(5), "5"],
      ["an int64 beyond 2^53", 1127561445515015011n, "1127561445515015011"],
      ["a negative int64", -1127561445515015011n, "-1127561445515015011"],
      ["the least int64", -(2n ** 63n), "-9223372036854775808"],
      ["2^53", 2n ** 53n, "9007199254740992"],
      ["a double", 0.1, "0.1"],
      ["a whole double", new Double(100), "100.0"],
      ["a tiny double", 1e-7, "1e-07"],
      ["a huge double", 1e22, "1e+22"],
      ["NaN", NaN, '{"$numberDouble": "NaN"}'],
      ["Infinity", Infinity, '{"$numberDouble": "Infinity"}'],
      ["-Infinity", -Infinity, '{"$numberDouble": "-Infinity"}'],
      [
        "an ObjectId",
        new BSON.ObjectId("6b047a3e35fc5308ccddad54"),
        '{"$oid": "6b047a3e35fc5308ccddad54"}',
      ],
      ["a date", new Date("2023-06-23T15:42:26Z"), '{"$date": "2023-06-23T15:42:26Z"}'],
      [
        "a date with milliseconds",
        new Date("2023-06-23T15:42:26.123Z"),
        '{"$date": "2023-06-23T15:42:26.123Z"}',
      ],
      ["the first date", new Date(0), '{"$date": "1970-01-01T00:00:00Z"}'],
      [
        "a date before 1970",
        new Date(-631152000000),
        '{"$date": {"$numberLong": "-631152000000"}}',
      ],
      [
        "a date after 9999",
        new Date(253402300800000),
        '{"$date": {"$numberLong": "253402300800000"}}',
      ],
      [
        "bytes",
        new Binary(new Uint8Array([0, 1])),
        '{"$binary": {"base64": "AAE=", "subType": "00"}}',
      ],
      [
        "bytes of another kind",
        new Binary(new Uint8Array([0, 1]), 0x80),
        '{"$binary": {"base64": "AAE=", "subType": "80"}}',
      ],
      [
        "bytes of the old kind",
        new Binary(new Uint8Array([0, 1]), 2),
        '{"$binary": {"base64": "AAE=", "subType": "02"}}',
      ],
      ["a decimal", Decimal128.fromString("1.5"), '{"$numberDecimal": "1.5"}'],
      ["a timestamp", new BSON.Timestamp({ t: 1, i: 2 }), '{"$timestamp": {"t": 1, "i": 2}}'],
      [
        "a regular expression",
        new BSONRegExp("a", "i"),
        '{"$regularExpression": {"pattern": "a", "options": "i"}}',
      ],
      ["code", new Code("f()"), '{"$code": "f()"}'],
      ["code with a scope", new Code("f()", { a: 1 }), '{"$code": "f()", "$scope": {"a": 1}}'],
      ["a symbol", new BSONSymbol("s"), '"s"'],
      ["the least key", new MinKey(), '{"$minKey": 1}'],
      ["the greatest key", new MaxKey(), '{"$maxKey": 1}'],
      ["null", null, "null"],
      ["booleans", [true, false], "[true, false]"],
      ["text", 'a "b"\n\\ é ☆ 🌟', '"a \\"b\\"\\n\\\\ é ☆ 🌟"'],
      ["long text with quotes", '"'.repeat(100), JSON.stringify('"'.repeat(100))],
      ["nothing", {}, "{}"],
      ["empty lists", [[], {}], "[[], {}]"],
      ["names that need escapes", { 'a"b': 1, "é": 2, "": 3 }, '{"a\\"b": 1, "é": 2, "": 3}'],
    ] as const
  ) {
    it(`writes ${what} as PyMongo 4 does`, () => assertEquals(write(value), text));
  }

  it("reads back to the same bytes", () => {
    fc.assert(fc.property(documents(), (document) => {
      const bytes = BSON.serialize(document);
      const read = decodeExtended(parseExact(bsonToJson(bytes)));
      assertEquals(BSON.serialize(read as BSON.Document), bytes);
    }));
  });

  it("agrees with the maker's own writer on values", () => {
    fc.assert(fc.property(documents(), (document) => {
      const bytes = BSON.serialize(document);
      const options = { promoteValues: false, promoteLongs: false, bsonRegExp: true };
      const theirs = BSON.EJSON.stringify(BSON.deserialize(bytes, options), { relaxed: true });
      assertEquals(JSON.parse(bsonToJson(bytes)), JSON.parse(theirs));
    }));
  });

  it("takes a document from the middle of other bytes", () => {
    const bytes = BSON.serialize({ candid: 5n, x: "y" });
    const around = new Uint8Array(bytes.length + 20);
    around.set(bytes, 7);
    assertEquals(bsonToJson(around.subarray(7, 7 + bytes.length)), '{"candid": 5, "x": "y"}');
  });

  it("tells names apart whose hashes are the same", () => {
    // "Aa" and "BB" are the classic pair for multiplication by 31.
    assertEquals(
      bsonToJson(BSON.serialize({ Aa: 1, BB: 2, AaBB: 3, BBAa: 4 })),
      '{"Aa": 1, "BB": 2, "AaBB": 3, "BBAa": 4}',
    );
  });

  it("throws for bytes that end early or are of no known type, and always ends", () => {
    const bytes = BSON.serialize({ a: 5, b: "text", c: [1, 2] });
    for (let length = 5; length < bytes.length; length++) {
      assertThrows(() => bsonToJson(bytes.slice(0, length)));
    }
    bytes[4] = 0x55;
    assertThrows(() => bsonToJson(bytes), RangeError, "types must be known");
  });

  it("never puts a key's name on another's value when names come in any order", () => {
    const names = fc.uniqueArray(fc.string({ minLength: 1 }).filter((name) => isName(name)), {
      minLength: 1,
    });
    fc.assert(fc.property(names, (all) => {
      const document = Object.fromEntries(all.map((name, i) => [name, i]));
      assertEquals(JSON.parse(bsonToJson(BSON.serialize(document))), document);
      assert(all.length > 0);
    }));
  });
});

function documents() {
  const int64 = fc.bigInt({ min: 2n ** 31n + 1n, max: 2n ** 63n - 1n })
    .chain((value) => fc.constantFrom(value, -value));
  const leaf = fc.oneof(
    fc.integer(),
    int64,
    // Of zeros only 0.0 has one form in JavaScript.
    fc.double().map((value) => Object.is(value, -0) ? 0.5 : toDouble(value)),
    fc.string({ unit: "grapheme" }),
    fc.boolean(),
    fc.constant(null),
    fc.date({ min: new Date(0), max: new Date("9999-12-31"), noInvalidDate: true }),
    fc.uint8Array().map((bytes) => new Binary(bytes)),
    fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => new BSON.ObjectId(bytes)),
  );
  const name = fc.string().filter(isName);
  const { object } = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: "small" }, leaf, tie("object"), fc.array(tie("value"))),
    object: fc.dictionary(name, tie("value")),
  }));
  return object as fc.Arbitrary<BSON.Document>;
}

/** Names that begin like Extended JSON's read back as that. */
function isName(name: string): boolean {
  return !name.includes("\0") && !name.startsWith("$") && name !== "__proto__" &&
    String(Number.parseInt(name)) !== name;
}
