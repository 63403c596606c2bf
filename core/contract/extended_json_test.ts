import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertThrows } from "@std/assert";
import { BSON } from "bson";
import { Binary, Decimal128, Double, ObjectId, Timestamp } from "./document.ts";
import { decodeExtended } from "./extended_json.ts";
import { JsonError, parseExact } from "./json.ts";

const OID = "6b047a3e35fc5308ccddad54";

describe("decodeExtended()", () => {
  for (
    const [text, value] of [
      [`{"$oid": "${OID}"}`, new ObjectId(OID)],
      ['{"$date": "2023-06-23T15:42:26Z"}', new Date("2023-06-23T15:42:26Z")],
      ['{"$date": "2023-06-23T15:42:26.123+01:00"}', new Date("2023-06-23T14:42:26.123Z")],
      ['{"$date": {"$numberLong": "-631152000000"}}', new Date(-631152000000)],
      ['{"$date": 1687534946123}', new Date(1687534946123)],
      ['{"$numberLong": "5"}', 5n],
      ['{"$numberLong": "1127561445515015011"}', 1127561445515015011n],
      ['{"$numberInt": "5"}', 5],
      ['{"$numberDouble": "5"}', new Double(5)],
      ['{"$numberDouble": "NaN"}', NaN],
      ['{"$numberDouble": "-Infinity"}', -Infinity],
      ['{"$numberDecimal": "1.5"}', Decimal128.fromString("1.5")],
      ['{"$binary": {"base64": "AAE=", "subType": "00"}}', new Binary(new Uint8Array([0, 1]), 0)],
      ['{"$binary": "AAE=", "$type": "00"}', new Binary(new Uint8Array([0, 1]), 0)],
      ['{"$timestamp": {"t": 1, "i": 2}}', new Timestamp({ t: 1, i: 2 })],
    ] as const
  ) {
    it(`reads ${text}`, () => assertEquals(decodeExtended(parseExact(text)), value));
  }

  it("reads a regular expression, and leaves the operator $regex alone", () => {
    const text = '{"a": {"$regularExpression": {"pattern": "^Z", "options": "i"}}}';
    assertEquals(decodeExtended(parseExact(text)), { a: new BSON.BSONRegExp("^Z", "i") });
    const operator = { a: { $regex: "^Z", $options: "i" } };
    assertEquals(decodeExtended(operator), operator);
  });

  it("reads it at any depth, and leaves operators as they are", () => {
    const text = `{"$and": [{"at": {"$gte": {"$date": "2023-06-23T00:00:00Z"}}}, {"_id": ` +
      `{"$in": [{"$oid": "${OID}"}]}}, {"a": {"$type": 1}}]}`;
    assertEquals(decodeExtended(parseExact(text)), {
      $and: [
        { at: { $gte: new Date("2023-06-23T00:00:00Z") } },
        { _id: { $in: [new ObjectId(OID)] } },
        { a: { $type: 1 } },
      ],
    });
  });

  for (
    const text of [
      '{"$oid": "nope"}',
      '{"$oid": 5}',
      '{"$date": "yesterday"}',
      '{"$date": "2023-06-23"}',
      '{"$date": {}}',
      '{"$numberLong": "1.5"}',
      '{"$numberLong": "9223372036854775808"}',
      '{"$numberDouble": "x"}',
      '{"$numberDecimal": "x"}',
      '{"$binary": {"base64": "*", "subType": "00"}}',
      '{"$binary": {"base64": "AAE="}}',
      '{"$timestamp": 5}',
      '{"$uuid": "5"}',
    ]
  ) {
    it(`refuses ${text}`, () => {
      assertThrows(() => decodeExtended(parseExact(text)), JsonError, "Cannot read $");
    });
  }
});
