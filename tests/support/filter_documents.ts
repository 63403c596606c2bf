/** Small documents of all of BSON's types, and queries on them that often match. */
import fc from "fast-check";
import {
  Binary,
  Decimal128,
  type Document,
  Double,
  ObjectId,
} from "../../core/contract/document.ts";

const NAMES = ["a", "b", "c"];

const numbers = fc.constantFrom<unknown>(
  ...[0, 1, 2, 3, -1, -2, 7, 0x7fff_ffff, -0x8000_0000],
  ...[0, 1, 2, 3, -1, -2, 1e15].map((value) => new Double(value)),
  ...[0.5, 1.5, -0.5, -0, NaN, Infinity, -Infinity, 1e300, 9007199254740993, 9223372036854775808],
  ...[0n, 1n, 2n, -1n, 9007199254740993n, 2n ** 63n - 1n, -(2n ** 63n)],
);
const decimals = fc.constantFrom("0", "1", "1.0", "0.5", "NaN", "Infinity", "2E+3")
  .map((text) => new Decimal128(text));
const texts = fc.constantFrom("", "a", "ab", "b", "B", "abc", "a\nb", "é", "😀", "1", "$a");
const rare = fc.constantFrom<unknown>(
  new Date(0),
  new Date(1_700_000_000_000),
  new ObjectId("0123456789abcdef01234567"),
  new ObjectId("ffffffffffffffffffffffff"),
  new Binary(new Uint8Array([1, 2])),
  new Binary(new Uint8Array([255])),
  /a/,
  /b/i,
);

const scalars = fc.oneof(
  { weight: 10, arbitrary: numbers },
  { weight: 4, arbitrary: texts },
  { weight: 2, arbitrary: fc.boolean() },
  { weight: 2, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: decimals },
  { weight: 1, arbitrary: rare },
);

const { value } = fc.letrec((tie) => ({
  fields: fc.dictionary(fc.constantFrom(...NAMES), tie("value"), { maxKeys: 3 }),
  value: fc.oneof(
    { maxDepth: 3 },
    { weight: 5, arbitrary: scalars },
    { weight: 2, arbitrary: tie("fields") },
    { weight: 3, arbitrary: fc.array(tie("value"), { maxLength: 4 }) },
  ),
}));

export const values: fc.Arbitrary<unknown> = value;
export const documents = (): fc.Arbitrary<Document> =>
  fc.dictionary(fc.constantFrom(...NAMES), values, { minKeys: 1, maxKeys: 3 });

export const paths = fc.constantFrom(
  ...["a", "a", "b", "c", "a.b", "a.b", "b.a", "a.b.c", "a.0", "a.0.b", "a.1", "b.a.0", "a.0.0"],
);
const smallCounts = fc.constantFrom<unknown>(0, 1, 2, 3, new Double(2), 1n);
const types = fc.constantFrom<unknown>(
  ...["double", "string", "object", "array", "binData", "objectId", "bool", "date", "null"],
  ...["regex", "int", "long", "decimal", "number", 1, 16, 10, new Double(2)],
);
const patterns = fc.constantFrom(
  ...["a", "^a", "b$", "^ab?$", "[a-b]+", "(a|b)c?", ".", "^$", "a.b", "\\w", "A", "x*", "(?i)A"],
);

const operators: fc.Arbitrary<Document> = fc.letrec<{ one: Document; some: Document }>((tie) => ({
  one: fc.oneof(
    { maxDepth: 3 },
    {
      weight: 8,
      arbitrary: fc.record({
        operator: fc.constantFrom("$eq", "$ne", "$gt", "$gte", "$lt", "$lte"),
        operand: values,
      }).map(({ operator, operand }) => ({ [operator]: operand })),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        operator: fc.constantFrom("$in", "$nin", "$all"),
        operand: fc.array(values, { maxLength: 4 }),
      }).map(({ operator, operand }) => ({ [operator]: operand })),
    },
    { weight: 2, arbitrary: fc.constantFrom(true, false, 1, 0).map(($exists) => ({ $exists })) },
    {
      weight: 2,
      arbitrary: fc.oneof(types, fc.array(types, { minLength: 1, maxLength: 2 }))
        .map(($type) => ({ $type })),
    },
    { weight: 1, arbitrary: smallCounts.map(($size) => ({ $size })) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom(2, 3, -2, 4n), fc.constantFrom(0, 1, -1))
        .map(($mod) => ({ $mod })),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        operator: fc.constantFrom("$bitsAllSet", "$bitsAllClear", "$bitsAnySet", "$bitsAnyClear"),
        operand: fc.constantFrom<unknown>(1, 3, [0], [1, 70], 0, new Binary(new Uint8Array([1]))),
      }).map(({ operator, operand }) => ({ [operator]: operand })),
    },
    {
      weight: 2,
      arbitrary: fc.record({ $regex: patterns, $options: fc.constantFrom("", "i", "s", "m") }),
    },
    { weight: 2, arbitrary: tie("some").map(($not) => ({ $not })) },
    { weight: 3, arbitrary: tie("some").map(($elemMatch) => ({ $elemMatch })) },
    {
      weight: 2,
      arbitrary: fc.dictionary(
        fc.constantFrom("a", "b", "a.b", "0"),
        fc.oneof(values, tie("some")),
        { maxKeys: 2 },
      ).map(($elemMatch) => ({ $elemMatch })),
    },
  ),
  some: fc.array(tie("one"), { minLength: 1, maxLength: 2 }).map((all) =>
    Object.assign({}, ...all)
  ),
})).some;

const condition = fc.oneof(
  { weight: 3, arbitrary: operators },
  { weight: 1, arbitrary: values },
  { weight: 1, arbitrary: patterns.map((pattern) => new RegExp(pattern.replace("(?i)", ""))) },
);
const simple = fc.dictionary(paths, condition, { minKeys: 1, maxKeys: 2 });

export const queries = (): fc.Arbitrary<Document> =>
  fc.oneof(
    { weight: 6, arbitrary: simple },
    {
      weight: 2,
      arbitrary: fc.record({
        operator: fc.constantFrom("$and", "$or", "$nor"),
        some: fc.array(simple, { minLength: 1, maxLength: 3 }),
      }).map(({ operator, some }) => ({ [operator]: some })),
    },
  );
