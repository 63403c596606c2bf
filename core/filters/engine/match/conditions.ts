/** What stands at a field of a query, `{ $gt: 5, $not: ... }` or a value, as a condition on elements. */
import type { Document } from "../../../contract/document.ts";
import { NotCompiled } from "../errors.ts";
import { compilePattern } from "../pattern.ts";
import {
  compareStrings,
  isNumber,
  isObject,
  isTruthy,
  plainNumber,
  regexOf,
  Type,
  typeOf,
} from "../values.ts";
import { compileBits } from "./bits.ts";
import { compileComparison, compileIn } from "./comparisons.ts";
import { type AtEnd, childOf, compileElements, type Test } from "./elements.ts";
import { notCompiled } from "./elsewhere.ts";
import { compileGeoWithin } from "./geo.ts";
import { compileType } from "./types.ts";

/** A tree, since each leaf looks for elements of its own: `$not: { $gt: 1, $lt: 5 }` may need two. */
export type Condition =
  | { readonly kind: "leaf"; readonly test: Test; readonly atEnd: AtEnd }
  | { readonly kind: "not"; readonly inner: Condition }
  | { readonly kind: "every"; readonly inner: readonly Condition[] };

/** Conditions on whole documents, which a field can't have. */
const OF_DOCUMENTS = new Set([
  ...["$and", "$or", "$nor", "$expr", "$where", "$text", "$comment", "$jsonSchema"],
  ...["$alwaysTrue", "$alwaysFalse", "$sampleRate"],
]);

/** As a condition on the value of the path's first field. */
export function onPath(condition: Condition, path: readonly string[]): Test {
  return toTest(condition, ({ test, atEnd }) => compileElements(path, atEnd, test));
}

/** As a condition on one element, such as an item of an array. */
function onElement(condition: Condition): Test {
  return toTest(condition, ({ test }) => test);
}

function toTest(
  condition: Condition,
  ofLeaf: (leaf: Condition & { kind: "leaf" }) => Test,
): Test {
  switch (condition.kind) {
    case "leaf":
      return ofLeaf(condition);
    case "not": {
      const inner = toTest(condition.inner, ofLeaf);
      return (value) => !inner(value);
    }
    case "every":
      return every(condition.inner.map((each) => toTest(each, ofLeaf)));
  }
}

function every(tests: readonly Test[]): Test {
  if (tests.length === 1) return tests[0]!;
  return (value) => tests.every((test) => test(value));
}

/** The conditions of one field, all of which must hold. */
export function compileField(operand: unknown): Condition[] {
  if (typeOf(operand) === Type.regex) return [leaf(compileRegexValue(operand))];
  return isOperators(operand) ? compileOperators(operand) : [equal(operand)];
}

export function isOperators(value: unknown): value is Document {
  if (!isObject(value)) return false;
  const [first] = Object.keys(value);
  if (first === "$ref" || first === "$id" || first === "$db") {
    throw new NotCompiled("references to documents");
  }
  return first?.startsWith("$") ?? false;
}

function compileOperators(operators: Document): Condition[] {
  return Object.entries(operators).flatMap(([name, operand]): Condition[] => {
    switch (name) {
      case "$eq":
        return [equal(operand)];
      case "$ne":
        if (typeOf(operand) === Type.regex) throw new NotCompiled("$ne with a pattern");
        return [not(equal(operand))];
      case "$gt":
      case "$gte":
      case "$lt":
      case "$lte":
        if (typeOf(operand) === Type.regex) throw new NotCompiled(`${name} with a pattern`);
        return [leaf(compileComparison(name, known(operand)))];
      case "$in":
        return [compileInOperand(operand)];
      case "$nin":
        return [not(compileInOperand(operand))];
      case "$exists": {
        const exists = leaf((value) => value !== undefined);
        return [isTruthy(operand) ? exists : not(exists)];
      }
      case "$type":
        return [leaf(compileType(operand))];
      case "$not":
        return [not({ kind: "every", inner: compileNegated(operand) })];
      case "$mod":
        return [leaf(compileMod(operand))];
      case "$size":
        return [leaf(compileSize(operand), "as it is")];
      case "$all":
        return compileAll(operand);
      case "$elemMatch":
        return [compileElemMatch(operand)];
      case "$regex":
        return [leaf(compileRegex(operand, operators.$options))];
      case "$options":
        if (!("$regex" in operators)) throw new NotCompiled("$options without $regex");
        return [];
      case "$bitsAllSet":
      case "$bitsAllClear":
      case "$bitsAnySet":
      case "$bitsAnyClear":
        return [leaf(compileBits(name, operand))];
      case "$geoWithin":
        return [leaf(compileGeoWithin(operand))];
      default:
        throw notCompiled(name);
    }
  });
}

function leaf(test: Test, atEnd: AtEnd = "items too"): Condition {
  return { kind: "leaf", test, atEnd };
}

function not(inner: Condition): Condition {
  return { kind: "not", inner };
}

function equal(value: unknown): Condition {
  return leaf(compileComparison("$eq", known(value)));
}

function known(value: unknown): unknown {
  if (value === undefined) throw new NotCompiled("a comparison with undefined");
  return value;
}

function compileNegated(operand: unknown): Condition[] {
  if (typeOf(operand) === Type.regex) return [leaf(compileRegexValue(operand))];
  if (!isOperators(operand)) throw new NotCompiled("$not needs operators or a pattern");
  return compileOperators(operand);
}

function compileInOperand(operand: unknown): Condition {
  if (!Array.isArray(operand)) throw new NotCompiled("$in needs an array");
  const values = operand.filter((item) => typeOf(item) !== Type.regex).map(known);
  if (values.some(isOperators)) throw new NotCompiled("$in can't hold operators");
  const patterns = operand.filter((item) => typeOf(item) === Type.regex).map(compileRegexValue);
  const isIn = compileIn(values);
  if (patterns.length === 0) return leaf(isIn);
  return leaf((value) => isIn(value) || patterns.some((matches) => matches(value)));
}

/** Each must be met by an element, not all by the same one. */
function compileAll(operand: unknown): Condition[] {
  if (!Array.isArray(operand)) throw new NotCompiled("$all needs an array");
  if (operand.length === 0) return [leaf(() => false)];
  const isElemMatch = (item: unknown) => isObject(item) && "$elemMatch" in item;
  const some = operand.some(isElemMatch);
  return operand.map((item) => {
    if (typeOf(item) === Type.regex) return leaf(compileRegexValue(item));
    if (some && !isElemMatch(item)) throw new NotCompiled("$all with $elemMatch and other items");
    if (!isOperators(item)) return equal(item);
    if (!some || Object.keys(item).length > 1) throw new NotCompiled("$all can't hold operators");
    return compileElemMatch(item.$elemMatch);
  });
}

/** Conditions on each item (`{ $gt: 5 }`), or a query on items that are documents or arrays. */
function compileElemMatch(operand: unknown): Condition {
  if (!isObject(operand)) throw new NotCompiled("$elemMatch needs an object");
  const ofItems = isOperators(operand) && !OF_DOCUMENTS.has(Object.keys(operand)[0]!);
  const test = ofItems
    ? onElement({ kind: "every", inner: compileOperators(operand) })
    : compileItemQuery(operand);
  return leaf(
    (value) => Array.isArray(value) && value.some((item) => test(item ?? null)),
    "as it is",
  );
}

function compileItemQuery(query: Document): Test {
  const tests = Object.entries(query).map(([name, operand]): Test => {
    switch (name) {
      case "$and":
        return every(queriesOf(operand).map(compileItemQuery));
      case "$or": {
        const any = queriesOf(operand).map(compileItemQuery);
        return (item) => any.some((test) => test(item));
      }
      case "$nor": {
        const none = queriesOf(operand).map(compileItemQuery);
        return (item) => !none.some((test) => test(item));
      }
    }
    if (name.startsWith("$")) throw new NotCompiled(`${name} within $elemMatch`, name);
    const path = name.split(".");
    const test = onPath({ kind: "every", inner: compileField(operand) }, path);
    return (item) => test(childOf(item, path[0]!));
  });
  return (item) => (isObject(item) || Array.isArray(item)) && tests.every((test) => test(item));
}

/** What `$and`, `$or` and `$nor` hold. */
export function queriesOf(operand: unknown): Document[] {
  if (!Array.isArray(operand) || operand.length === 0 || !operand.every(isObject)) {
    throw new NotCompiled("$and, $or and $nor need an array of queries that isn't empty");
  }
  return operand;
}

function compileMod(operand: unknown): Test {
  if (!Array.isArray(operand) || operand.length !== 2) {
    throw new NotCompiled("$mod needs a divisor and a remainder");
  }
  const [divisor, remainder] = operand.map((each) => integerOf(each)) as [number, number];
  if (divisor === 0) throw new NotCompiled("$mod by zero");
  const divisor64 = BigInt(divisor);
  return (value) => {
    if (!isNumber(value)) return false;
    const plain = plainNumber(value);
    if (typeof plain === "object") throw new NotCompiled("$mod of a Decimal128");
    if (typeof plain === "bigint") return Number(plain % divisor64) === remainder;
    if (!Number.isFinite(plain)) return false;
    if (!Number.isSafeInteger(Math.trunc(plain))) throw new NotCompiled("$mod of a large double");
    return Math.trunc(plain) % divisor === remainder;
  };
}

function compileSize(operand: unknown): Test {
  const size = integerOf(operand);
  if (size < 0) throw new NotCompiled("$size must be >= 0");
  return (value) => Array.isArray(value) && value.length === size;
}

function integerOf(value: unknown): number {
  const plain = isNumber(value) ? Number(plainNumber(value)) : NaN;
  if (!Number.isSafeInteger(plain)) throw new NotCompiled("a number must be an integer");
  return plain;
}

/** A pattern as a value: it finds text, and is equal to itself. */
function compileRegexValue(value: unknown): Test {
  const { pattern, options } = regexOf(value);
  return compileText(pattern, options);
}

function compileRegex(operand: unknown, options: unknown = ""): Test {
  if (typeof options !== "string") throw new NotCompiled("$options must be text");
  if (typeof operand === "string") return compileText(operand, options);
  if (typeOf(operand) !== Type.regex) throw new NotCompiled("$regex must be text or a pattern");
  const regex = regexOf(operand);
  if (regex.options !== "" && options !== "") throw new NotCompiled("options set twice");
  return compileText(regex.pattern, regex.options || options);
}

function compileText(pattern: string, options: string): Test {
  const { find } = compilePattern(pattern, options);
  return (value) => {
    switch (typeOf(value)) {
      case Type.string:
      case Type.symbol:
        return find(String(value)) !== null;
      case Type.regex: {
        const other = regexOf(value);
        return compareStrings(other.pattern, pattern) === 0 && other.options === options;
      }
      default:
        return false;
    }
  };
}
