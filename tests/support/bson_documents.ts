/** Any document that BSON holds, for properties: nested, with the kinds of values that a test names. */
import fc from "fast-check";
import { MaxKey } from "mongodb";
import { Decimal128, ObjectId, Timestamp } from "../../core/contract/document.ts";

/** Values that are written one way only, whatever a test does with its numbers and bytes. */
const PLAIN_VALUES = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.string({ unit: "grapheme" }),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => new ObjectId(bytes)),
  fc.constantFrom(new Decimal128("1.50"), new Timestamp({ t: 1, i: 2 }), new MaxKey(), /a+b/i),
);
export const INT64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

const NAME = fc.string({ minLength: 1 })
  .filter((name) => !name.includes("\0") && name !== "__proto__");

/** Documents of `PLAIN_VALUES` and these. */
export function documentsWith(
  values: fc.Arbitrary<unknown>,
): fc.Arbitrary<Record<string, unknown>> {
  const leaf = fc.oneof(PLAIN_VALUES, values);
  const { document } = fc.letrec((tie) => ({
    document: fc.dictionary(NAME, tie("value"), { maxKeys: 8 }),
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      tie("document"),
      fc.array(tie("value"), { maxLength: 6 }),
    ),
  }));
  return document as fc.Arbitrary<Record<string, unknown>>;
}
