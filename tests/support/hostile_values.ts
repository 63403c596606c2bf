/** Values, expressions and filters of which many are wrong, and some are meant to find out what is hidden. */
import fc from "fast-check";

/** Stands for text that `JSON.stringify` wouldn't write: numbers beyond all types, and what is no JSON. */
function raw(text: string): string {
  return `RAW<${text}>`;
}

/** Fields that there are, or could be. */
const soundField = fc.constantFrom(
  "_id",
  "candid",
  "objectId",
  "candidate",
  "candidate.programid",
  "candidate.magpsf",
  "coordinates.radec_geojson",
  "prv_candidates",
  "prv_candidates.programid",
  "prv_candidates.0.magpsf",
  "fp_hists",
  "password",
  "secret",
  "human_labels",
  "programid",
  "x",
);
export const field = fc.oneof(
  { weight: 3, arbitrary: soundField },
  fc.constantFrom(
    "",
    "a.b",
    "a..b",
    ".",
    "a.$",
    "$",
    "__proto__",
    "constructor",
    "toString",
    "\0",
    "é",
  ),
);
const path = field.map((name) => `$${name}`);
const soundPath = soundField.map((name) => `$${name}`);
const word = fc.oneof(
  field,
  path,
  fc.constantFrom(
    "$$ROOT",
    "$$CURRENT",
    "$$REMOVE",
    "$$x",
    "$and",
    "$or",
    "$not",
    "$in",
    "$where",
    "$expr",
    "$function",
    "$accumulator",
    "$geoWithin",
    "$centerSphere",
    "$near",
    "$nearSphere",
    "$regex",
    "$options",
    "$elemMatch",
    "$date",
    "$oid",
    "$numberLong",
    "$numberDouble",
    "$binary",
    "$regularExpression",
    "$meta",
    "$text",
    "$slice",
    "$jsonSchema",
    "$comment",
    "$type",
    "$mod",
    "$size",
    "$all",
  ),
);
const number = fc.oneof(
  fc.integer(),
  fc.constantFrom<unknown>(
    0,
    -0,
    -1,
    0.5,
    1e308,
    2 ** 31,
    2 ** 53,
    raw("9223372036854775807"),
    raw("-9223372036854775809"),
    raw("123456789012345678901234567890"),
    raw("1e400"),
    raw("NaN"),
    raw("-Infinity"),
    raw("1.0"),
  ),
);
export const leaf = fc.oneof(
  { weight: 3, arbitrary: word },
  { weight: 2, arbitrary: number },
  fc.constantFrom<unknown>(null, true, [], {}, "x".repeat(5_000), raw("00"), raw("{")),
);

/** Deeper than any database, or JSON, should have to go. */
const deep = fc.tuple(
  fc.constantFrom("$and", "$or", "$not", "a", "[]"),
  fc.integer({ min: 5, max: 300 }),
)
  .map(([key, depth]) => {
    let value: unknown = { a: 1 };
    for (let i = 0; i < depth; i++) {
      value = key === "[]" ? [value] : { [key]: key === "a" ? value : [value] };
    }
    return value;
  });
export const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    { weight: 4, arbitrary: leaf },
    { weight: 4, arbitrary: fc.array(tie("value"), { maxLength: 3 }) },
    { weight: 4, arbitrary: fc.dictionary(word, tie("value"), { maxKeys: 3 }) },
    { weight: 1, arbitrary: deep },
  ),
}));

/** Expressions that MongoDB takes, many of which fail on some documents and say so. */
export const { expression } = fc.letrec<{ expression: unknown }>((tie) => {
  const two = fc.array(tie("expression"), { minLength: 2, maxLength: 2 });
  const one = tie("expression");
  const operator = (name: string, content: fc.Arbitrary<unknown>) =>
    content.map((inner) => ({ [name]: inner }));
  return {
    expression: fc.oneof(
      { depthSize: "small" },
      soundPath,
      fc.constantFrom<unknown>(1, 2, "x", true, null, "$$ROOT", "$$CURRENT"),
      ...["$toInt", "$toDate", "$toObjectId", "$strLenCP", "$size", "$objectToArray", "$ln"]
        .map((name) => operator(name, one)),
      ...["$divide", "$eq", "$gt", "$and", "$or", "$concat", "$arrayElemAt", "$in"]
        .map((name) => operator(name, two)),
      fc.tuple(one, one, one).map(([test, yes, no]) => ({ $cond: [test, yes, no] })),
      fc.tuple(fc.constantFrom(1, 2), one).map(([id, no]) => ({
        $cond: [{ $eq: ["$candidate.programid", id] }, true, no],
      })),
      one.map((input) => ({ $getField: { field: "objectId", input } })),
      fc.tuple(soundPath, one).map(([input, cond]) => ({ $filter: { input, as: "x", cond } })),
    ),
  };
});
/** Fails on what isn't the asker's, with a value of it, or with none. */
const probe = fc.constantFrom<unknown>(
  { $toInt: "$objectId" },
  { $toDate: "$objectId" },
  { $divide: [1, { $subtract: ["$candidate.programid", 2] }] },
  { $toInt: { $toString: "$candidate.magpsf" } },
  { $toInt: "$_id" },
).chain((fails) =>
  fc.constantFrom<unknown>(
    { $cond: [{ $eq: ["$candidate.programid", 1] }, true, fails] },
    { $cond: [{ $gt: ["$candid", 10] }, fails, true] },
    { $or: [{ $eq: ["$candidate.programid", 1] }, fails] },
    fails,
  )
);

/** Filters that MongoDB takes: what leaks, leaks by one of these. */
export const { soundFilter } = fc.letrec<{ soundFilter: unknown }>((tie) => ({
  soundFilter: fc.oneof(
    { depthSize: "small" },
    {
      weight: 4,
      arbitrary: fc.constantFrom<unknown>(
        {},
        { "candidate.programid": 2 },
        { "candidate.programid": { $ne: 1 } },
        { objectId: { $regex: "d$" } },
        { candid: { $gte: 0 } },
        { candid: { $not: { $lt: 10 } } },
        { $or: [{ "candidate.programid": { $in: [1, 2, 3] } }, {}] },
        { "prv_candidates.programid": 2 },
        { prv_candidates: { $elemMatch: { programid: 2 } } },
        { "human_labels.Ia": { $exists: true } },
      ),
    },
    { weight: 2, arbitrary: expression.map(($expr) => ({ $expr })) },
    {
      weight: 4,
      arbitrary: fc.tuple(probe, tie("soundFilter"), fc.constantFrom("$or", "$and", "$nor"))
        .map(([$expr, other, name]) => ({ [name]: [{ $expr }, other] })),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(
        fc.constantFrom("$or", "$and", "$nor"),
        fc.array(tie("soundFilter"), { minLength: 1, maxLength: 3 }),
      ).map(([name, parts]) => ({ [name]: parts })),
    },
  ),
}));

export const { filter } = fc.letrec<{ filter: unknown }>((tie) => ({
  filter: fc.oneof(
    { depthSize: "small" },
    { weight: 12, arbitrary: soundFilter },
    { weight: 1, arbitrary: fc.constantFrom<unknown>("{}", "{'candidate.programid': 2}", null) },
    { weight: 2, arbitrary: fc.tuple(field, leaf).map(([name, inner]) => ({ [name]: inner })) },
    {
      weight: 2,
      arbitrary: fc.tuple(
        fc.constantFrom("$or", "$and", "$nor"),
        fc.array(tie("filter"), { minLength: 1, maxLength: 3 }),
      ).map(([name, parts]) => ({ [name]: parts })),
    },
    value,
  ),
}));
