/**
 * Each operator of expressions with operands of the kinds that it is for: templates for
 * `random_expressions.ts`.
 */
import { Double } from "../../core/contract/document.ts";
import { type Kind, randomOf } from "./random_documents.ts";
import type { Maker } from "./random_expressions.ts";

type Make = (m: Maker) => unknown;
export type Template = readonly [name: string, kind: Kind, make: Make];

const lists = (names: string, kind: Kind, of: Kind, min: number, max: number): Template[] =>
  names.split(" ").map((name) => [name, kind, (m) => m.list(of, min, max)]);
const ones = (names: string, kind: Kind, of: Kind): Template[] =>
  names.split(" ").map((name) => [
    name,
    kind,
    (m) => of === "array" || m.random.chance(0.5) ? [m.of(of)] : m.of(of),
  ]);

/** An array of things with the fields of a point, and a name for one of them. */
const loop = (m: Maker, body: string, kind: Kind) => {
  const isPoints = m.random.chance(0.6);
  const as = m.pick("this", "p", "each");
  return {
    input: isPoints ? "$points" : m.of("array"),
    ...as === "this" && m.random.chance(0.7) ? {} : { as },
    [body]: m.with(as, isPoints ? "object" : "any", () => m.of(kind)),
  };
};

const zone = (m: Maker) =>
  m.maybe(
    "timezone",
    () =>
      m.random.chance(0.7)
        ? m.pick("UTC", "+05:30", "-0330", "+02", "GMT", "America/New_York", "nowhere")
        : m.of("string"),
  );
const unit = (m: Maker) =>
  m.random.chance(0.9)
    ? m.pick("year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond")
    : m.of("string");
const weekday = (m: Maker) =>
  m.maybe("startOfWeek", () => m.pick("monday", "Fri", "sun", "SATURDAY", "xyz", null));
const pattern = (m: Maker) =>
  m.pick("a", "^a", "b.*c", "(a)(b)?", "[^a]+", "x|", "\\.", "é", "C$", "(?:a|b)+");
const format = (m: Maker) =>
  m.pick("%Y-%m-%d", "%H:%M:%S.%L %z", "%j %U %u %w %V %G", "%Z%%", "x", "%q", "%", null);

export const TEMPLATES: readonly Template[] = [
  ...lists("$add $multiply", "number", "number", 0, 4),
  ...lists("$add", "date", "number", 2, 2),
  ["$add", "date", (m) => [m.of("date"), m.of("number")]],
  ...lists("$subtract $divide $mod $pow $log $atan2", "number", "number", 2, 2),
  ["$subtract", "number", (m) => [m.of("date"), m.of(m.pick("date", "number"))]],
  ...ones(
    "$abs $ceil $floor $sqrt $exp $ln $log10 $sin $cos $tan $asin $acos $atan",
    "number",
    "number",
  ),
  ...ones("$sinh $cosh $tanh $asinh $acosh $atanh $degreesToRadians", "number", "number"),
  ...ones("$radiansToDegrees", "number", "number"),
  ...["$round", "$trunc"].map((name): Template => [
    name,
    "number",
    (m) =>
      m.random.chance(0.3)
        ? [m.of("number")]
        : [m.of("number"), m.pick(0, 1, 2, 4, -1, -3, 17, m.of("integer"))],
  ]),
  ...lists("$eq $ne $gt $gte $lt $lte", "bool", "number", 2, 2),
  ...lists("$eq $ne $gt $lt $cmp", "bool", "any", 2, 2),
  ...lists("$cmp $strcasecmp", "integer", "string", 2, 2),
  ...lists("$and $or", "bool", "bool", 0, 3),
  ...ones("$not", "bool", "bool"),
  ...ones("$isArray $isNumber", "bool", "any"),
  ...ones("$allElementsTrue $anyElementTrue", "bool", "array"),
  ["$cond", "any", (m) => [m.of("bool"), m.of("any"), m.of("any")]],
  ["$cond", "number", (m) => ({ if: m.of("bool"), then: m.of("number"), else: m.of("number") })],
  ["$ifNull", "any", (m) => m.list("any", 2, 3)],
  ["$ifNull", "number", (m) => [m.pick("$missing", "$nothing", m.of("number")), m.of("number")]],
  ["$switch", "any", (m) => ({
    branches: Array.from(
      { length: 1 + m.random.below(3) },
      () => ({ case: m.of("bool"), then: m.of("any") }),
    ),
    ...m.maybe("default", () => m.of("any")),
  })],
  ["$let", "any", (m) => ({
    vars: { v: m.of("number"), w: m.of("any") },
    in: m.with("v", "number", () => m.with("w", "any", () => m.of("any"))),
  })],
  ["$literal", "any", (m) => randomOf(m.random, "any")],
  ["$map", "array", (m) => loop(m, "in", "any")],
  ["$map", "array", (m) => loop(m, "in", "number")],
  [
    "$filter",
    "array",
    (m) => ({
      ...loop(m, "cond", "bool"),
      ...m.random.chance(0.2) ? { limit: m.of("integer") } : {},
    }),
  ],
  ...(["number", "any"] as const).map((kind): Template => ["$reduce", kind, (m) => ({
    input: m.of("array"),
    initialValue: m.of(kind),
    in: m.with("this", "any", () => m.with("value", kind, () => m.of(kind))),
  })]),
  ["$arrayElemAt", "any", (m) => [m.of("array"), m.of("integer")]],
  ["$slice", "array", (m) => [m.of("array"), m.of("integer")]],
  ["$slice", "array", (m) => [m.of("array"), m.of("integer"), m.of("integer")]],
  ["$in", "bool", (m) => [m.of("any"), m.of("array")]],
  [
    "$in",
    "bool",
    (m) => [m.of("integer"), { $literal: [1, 2n, new Double(3), null, "a", -1, 0.5, [1], 5] }],
  ],
  ["$indexOfArray", "integer", (m) => [m.of("array"), m.of("any"), ...m.list("integer", 0, 2)]],
  [
    "$range",
    "array",
    (
      m,
    ) => [
      m.pick(0, 3, m.of("integer")),
      m.pick(5, m.of("integer")),
      m.pick(1, -2, m.of("integer")),
    ],
  ],
  ...ones("$first $last $size $reverseArray $arrayToObject", "any", "array"),
  ["$reverseArray", "array", (m) => m.of("array")],
  ...lists("$concatArrays $setUnion $setIntersection", "array", "array", 0, 3),
  ...lists("$setDifference", "array", "array", 2, 2),
  ...lists("$setIsSubset", "bool", "array", 2, 2),
  ...lists("$setEquals", "bool", "array", 2, 3),
  ...ones("$objectToArray", "array", "object"),
  [
    "$arrayToObject",
    "object",
    (m) => [[[m.of("string"), m.of("any")], [m.of("string"), m.of("any")]]],
  ],
  [
    "$arrayToObject",
    "object",
    (m) => ({ $map: { input: m.of("array"), in: { k: m.of("string"), v: "$$this" } } }),
  ],
  [
    "$sortArray",
    "array",
    (m) => ({
      input: "$points",
      sortBy: m.pick<unknown>({ mag: 1 }, { fid: -1, jd: 1 }, { "inner.x": 1 }, { name: 1 }),
    }),
  ],
  ["$sortArray", "array", (m) => ({ input: m.of("array"), sortBy: m.pick(1, -1) })],
  ["$zip", "array", (m) => ({ inputs: m.list("array", 1, 3) })],
  [
    "$zip",
    "array",
    (m) => ({
      inputs: m.list("array", 2, 2),
      useLongestLength: true,
      ...m.maybe("defaults", () => m.list("any", 2, 2)),
    }),
  ],
  ...lists("$mergeObjects", "object", "object", 0, 3),
  ["$mergeObjects", "object", (m) => m.of("array")],
  ["$getField", "any", (m) => ({ field: m.pick("a", "ra", "x"), input: m.of("object") })],
  ["$getField", "any", (m) => m.pick("mag", "a.b")],
  [
    "$setField",
    "object",
    (m) => ({ field: m.pick("a", "zz", "x.y"), input: m.of("object"), value: m.of("any") }),
  ],
  ["$unsetField", "object", (m) => ({ field: m.pick("a", "x"), input: m.of("object") })],
  ...ones("$bsonSize", "integer", "object"),
  ...lists("$sum $avg $min $max $stdDevPop $stdDevSamp", "number", "number", 0, 3),
  ...ones("$sum $avg $min $max $stdDevPop $stdDevSamp", "number", "array"),
  ...["$firstN", "$lastN", "$maxN", "$minN"].map((name): Template => [
    name,
    "array",
    (m) => ({ input: m.of("array"), n: m.pick(1, 3, m.of("integer")) }),
  ]),
  ...lists("$concat", "string", "string", 0, 3),
  ...ones("$toUpper $toLower", "string", "string"),
  ...["$substrBytes", "$substrCP", "$substr"].map((name): Template => [
    name,
    "string",
    (m) => [m.of("string"), m.of("integer"), m.of("integer")],
  ]),
  ...ones("$strLenBytes $strLenCP $binarySize", "integer", "string"),
  ...["$indexOfBytes", "$indexOfCP"].map((name): Template => [
    name,
    "integer",
    (m) => [m.of("string"), m.of("string"), ...m.list("integer", 0, 2)],
  ]),
  ...lists("$split", "array", "string", 2, 2),
  ...["$replaceOne", "$replaceAll"].map((name): Template => [
    name,
    "string",
    (m) => ({ input: m.of("string"), find: m.of("string"), replacement: m.of("string") }),
  ]),
  ...["$trim", "$ltrim", "$rtrim"].map((name): Template => [
    name,
    "string",
    (m) => ({ input: m.of("string"), ...m.maybe("chars", () => m.of("string")) }),
  ]),
  ...["$regexMatch", "$regexFind", "$regexFindAll"].map((name): Template => [
    name,
    name === "$regexMatch" ? "bool" : name === "$regexFind" ? "object" : "array",
    (m) => ({
      input: m.of("string"),
      regex: m.random.chance(0.9) ? pattern(m) : m.of("string"),
      ...m.maybe("options", () => m.pick("i", "", "s", null)),
    }),
  ]),
  ...ones("$toBool $toDate $toDecimal $toDouble $toInt $toLong $toObjectId", "any", "any"),
  ...ones("$toInt $toLong $toDouble $toDecimal", "number", "string"),
  ...ones("$toInt $toLong $toDouble $toDecimal", "number", "number"),
  ...ones("$toString", "string", "any"),
  ...ones("$toString", "string", "number"),
  ...ones("$toDate", "date", "number"),
  ...ones("$type", "string", "any"),
  ["$convert", "any", (m) => ({
    input: m.of("any"),
    to: m.pick(
      "int",
      "long",
      "double",
      "decimal",
      "string",
      "bool",
      "date",
      "objectId",
      16,
      m.of("string"),
    ),
    ...m.maybe("onError", () => m.of("any")),
    ...m.maybe("onNull", () => m.of("any")),
  })],
  ..."$year $month $dayOfMonth $dayOfWeek $dayOfYear $hour $minute $second $millisecond $week $isoWeek $isoWeekYear $isoDayOfWeek"
    .split(" ").map((name): Template => [
      name,
      "integer",
      (m) => m.pick(m.of("date"), [m.of("date")], { date: m.of("date"), ...zone(m) }),
    ]),
  [
    "$dateToParts",
    "object",
    (m) => ({ date: m.of("date"), ...zone(m), ...m.maybe("iso8601", () => m.of("bool")) }),
  ],
  ["$dateFromParts", "date", (m) => ({
    year: m.pick(2020, 1999, m.of("integer")),
    ...m.maybe("month", () => m.of("integer")),
    ...m.maybe("day", () => m.of("integer")),
    ...m.maybe("hour", () => m.of("integer")),
    ...m.maybe("second", () => m.of("integer")),
    ...m.maybe("millisecond", () => m.of("integer")),
    ...zone(m),
  })],
  ["$dateFromParts", "date", (m) => ({
    isoWeekYear: m.pick(2020, 1999, m.of("integer")),
    ...m.maybe("isoWeek", () => m.of("integer")),
    ...m.maybe("isoDayOfWeek", () => m.of("integer")),
    ...m.maybe("minute", () => m.of("integer")),
  })],
  ...["$dateAdd", "$dateSubtract"].map((name): Template => [
    name,
    "date",
    (m) => ({ startDate: m.of("date"), unit: unit(m), amount: m.of("integer"), ...zone(m) }),
  ]),
  [
    "$dateDiff",
    "integer",
    (m) => ({
      startDate: m.of("date"),
      endDate: m.of("date"),
      unit: unit(m),
      ...zone(m),
      ...weekday(m),
    }),
  ],
  ["$dateTrunc", "date", (m) => ({
    date: m.of("date"),
    unit: unit(m),
    ...m.maybe("binSize", () => m.pick(1, 7, 15, m.of("integer"))),
    ...zone(m),
    ...weekday(m),
  })],
  ["$dateToString", "string", (m) => ({
    date: m.of("date"),
    ...m.maybe("format", () => format(m)),
    ...zone(m),
    ...m.maybe("onNull", () => m.of("any")),
  })],
  ["$dateFromString", "date", (m) => ({
    dateString: m.of("string"),
    ...zone(m),
    ...m.maybe("onError", () => m.of("any")),
    ...m.maybe("onNull", () => m.of("any")),
  })],
  ...ones("$tsSecond $tsIncrement", "integer", "any"),
];
