/**
 * `$eq $gt $gte $lt $lte $in` of queries: values are compared only with values of their own kind
 * (all numbers are one kind), but for null, which a missing field equals, and MinKey and MaxKey.
 */
import type { Decimal128 } from "../../../contract/document.ts";
import { partsOf } from "../decimal.ts";
import { compare, compareStrings, hashKey, plainNumber, typePlace } from "../values.ts";
import type { Test } from "./elements.ts";

export type Comparison = "$eq" | "$gt" | "$gte" | "$lt" | "$lte";

const PLACE_NUMBER = 10;
const PLACE_MIN_KEY = -1;
const PLACE_MAX_KEY = 127;

export function compileComparison(operator: Comparison, limit: unknown): Test {
  const place = typePlace(limit);
  if (limit === null) {
    return operator === "$gt" || operator === "$lt" ? () => false : (value) => value == null;
  }
  if (place === PLACE_NUMBER) return compileNumeric(operator, limit);
  if (typeof limit === "string") return compileText(operator, limit);
  const holds = orderTest(operator);
  if (place === PLACE_MIN_KEY || place === PLACE_MAX_KEY) {
    const beyond = place === PLACE_MAX_KEY
      ? operator === "$lt" || operator === "$lte"
      : operator === "$gt" || operator === "$gte";
    return (value) => typePlace(value) === place ? holds(0) : beyond;
  }
  return (value) => typePlace(value) === place && holds(compare(value, limit));
}

/** Any of the values, of whatever kinds. */
export function compileIn(values: readonly unknown[]): Test {
  const texts = new Set(values.filter((value) => typeof value === "string"));
  const keys = new Set(values.map(hashKey));
  if (values.includes(null)) keys.add(undefined);
  return (value) => typeof value === "string" ? texts.has(value) : keys.has(hashKey(value));
}

function orderTest(operator: Comparison): (order: number) => boolean {
  switch (operator) {
    case "$eq":
      return (order) => order === 0;
    case "$gt":
      return (order) => order > 0;
    case "$gte":
      return (order) => order >= 0;
    case "$lt":
      return (order) => order < 0;
    case "$lte":
      return (order) => order <= 0;
  }
}

/** NaN equals itself, and is neither above nor below anything. */
function compileNumeric(operator: Comparison, limit: unknown): Test {
  const plain = plainNumber(limit);
  if (isNaN(plain)) {
    return operator === "$gt" || operator === "$lt"
      ? () => false
      : (value) => typePlace(value) === PLACE_NUMBER && isNaN(plainNumber(value));
  }
  const holds = orderTest(operator);
  const slow: Test = (value) =>
    typePlace(value) === PLACE_NUMBER && !isNaN(plainNumber(value)) && holds(compare(value, limit));
  if (typeof plain === "object") return slow;
  // JavaScript compares numbers with bigints exactly, and says no to NaN.
  switch (operator) {
    case "$eq":
      return (value) => typeof value === "number" ? value == plain : slow(value);
    case "$gt":
      return (value) => typeof value === "number" ? value > plain : slow(value);
    case "$gte":
      return (value) => typeof value === "number" ? value >= plain : slow(value);
    case "$lt":
      return (value) => typeof value === "number" ? value < plain : slow(value);
    case "$lte":
      return (value) => typeof value === "number" ? value <= plain : slow(value);
  }
}

function isNaN(plain: number | bigint | Decimal128): boolean {
  return typeof plain === "object" ? partsOf(plain).kind === "nan" : Number.isNaN(plain);
}

function compileText(operator: Comparison, limit: string): Test {
  const place = typePlace(limit);
  const holds = orderTest(operator);
  const slow: Test = (value) => typePlace(value) === place && holds(compare(value, limit));
  if (operator === "$eq") {
    return (value) => typeof value === "string" ? value === limit : slow(value);
  }
  return (value) => typeof value === "string" ? holds(compareStrings(value, limit)) : slow(value);
}
