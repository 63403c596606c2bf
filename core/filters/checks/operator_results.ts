/** What operators of expressions give, by the kind of it. */
import {
  ANY,
  arrayOf,
  BOOL,
  common,
  DATE,
  NUMBER,
  objectOf,
  type Shape,
  STRING,
  valueShape,
} from "./shape.ts";

const GIVES: ReadonlyMap<string, Shape> = new Map([
  ...named(
    NUMBER,
    `abs acos acosh asin asinh atan atan2 atanh avg binarySize bsonSize ceil cmp cos cosh dateDiff
    dayOfMonth dayOfWeek dayOfYear degreesToRadians divide exp floor hour indexOfArray indexOfBytes
    indexOfCP isoDayOfWeek isoWeek isoWeekYear ln log log10 millisecond minute mod month multiply pow
    radiansToDegrees rand round second sin sinh size sqrt stdDevPop stdDevSamp strLenBytes strLenCP
    strcasecmp sum tan tanh toDecimal toDouble toInt toLong trunc week year`,
  ),
  ...named(
    BOOL,
    `allElementsTrue and anyElementTrue eq gt gte in isArray isNumber lt lte ne not or regexMatch
    setEquals setIsSubset toBool`,
  ),
  ...named(
    STRING,
    `concat dateToString ltrim replaceAll replaceOne rtrim substr substrBytes substrCP toLower
    toString toUpper trim type`,
  ),
  ...named(DATE, "dateAdd dateFromParts dateFromString dateSubtract dateTrunc toDate"),
  ...named(valueShape("objectId"), "toObjectId"),
  ...named(arrayOf(NUMBER), "range"),
  ...named(arrayOf(STRING), "split"),
  ...named(arrayOf(ANY), "regexFindAll zip"),
  ...named(arrayOf(objectOf([["k", STRING], ["v", ANY]])), "objectToArray"),
]);

/** From what it is given, in a list or by name. */
export function givesOf(
  name: string,
  operands: readonly Shape[],
  named: Readonly<Record<string, Shape>>,
): Shape {
  const known = GIVES.get(name);
  if (known !== undefined) return known;
  const [first] = operands;
  switch (name) {
    case "$add":
    case "$subtract":
      // With dates, a date or a number.
      return operands.every((shape) => shape.kind === "value" && shape.type === "number")
        ? NUMBER
        : ANY;
    case "$arrayElemAt":
    case "$first":
    case "$last":
      return first?.kind === "array" ? first.items : ANY;
    case "$slice":
    case "$reverseArray":
    case "$setDifference":
      return first?.kind === "array" ? first : ANY;
    case "$concatArrays":
    case "$setUnion":
    case "$setIntersection":
      return common(operands);
    case "$firstN":
    case "$lastN":
    case "$minN":
    case "$maxN":
      return named.input?.kind === "array" ? named.input : ANY;
    case "$min":
    case "$max":
      return common(
        operands.map((shape) =>
          operands.length === 1 && shape.kind === "array" ? shape.items : shape
        ),
      );
    case "$ifNull":
      return common(operands);
    case "$mergeObjects":
      return merged(operands);
    default:
      return ANY;
  }
}

function merged(operands: readonly Shape[]): Shape {
  const objects = operands.flatMap((shape) => shape.kind === "object" ? [shape] : []);
  if (objects.length < operands.length) return ANY;
  return objectOf(objects.flatMap(({ fields }) => [...fields]), objects.some(({ open }) => open));
}

function named(shape: Shape, names: string): [string, Shape][] {
  return names.trim().split(/\s+/).map((name) => [`$${name}`, shape]);
}
