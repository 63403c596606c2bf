/**
 * Tells, in microseconds, that a filter can't pass an alert, from the comparisons with constants in
 * its leading `$match` stages. What it isn't sure of it lets through: MongoDB decides.
 */
import { type Document, isDouble } from "../contract/document.ts";

/** False only where the filter surely rejects. */
export type Prescreen = (input: Document) => boolean;

type Scalar = number | string | boolean;
type Test = (value: unknown) => boolean;

/** The prescreen of a pipeline: `$match` stages before anything else. */
export function toPrescreen(pipeline: readonly Document[]): Prescreen {
  const tests: Prescreen[] = [];
  for (const stage of pipeline) {
    if (!("$match" in stage)) break;
    tests.push(...toTests(stage.$match as Document));
  }
  return (input) => tests.every((test) => test(input));
}

function toTests(match: Document): Prescreen[] {
  return Object.entries(match).flatMap(([name, condition]) => {
    if (name === "$and" && Array.isArray(condition)) return condition.flatMap(toTests);
    if (name.startsWith("$")) return [];
    const path = name.split(".");
    return toComparisons(condition).map((test): Prescreen => (input) => {
      const value = scalarAt(input, path);
      return value === UNSURE || test(value);
    });
  });
}

function toComparisons(condition: unknown): Test[] {
  const constant = toScalar(condition);
  if (constant !== undefined) return [(value) => value === constant];
  if (condition === null || typeof condition !== "object" || Array.isArray(condition)) return [];
  return Object.entries(condition as Document).flatMap(([operator, operand]): Test[] => {
    if (operator === "$in" && Array.isArray(operand)) {
      const constants = operand.map(toScalar);
      return constants.includes(undefined) ? [] : [(value) => constants.includes(value as Scalar)];
    }
    const limit = toScalar(operand);
    if (limit === undefined) return [];
    if (operator === "$eq") return [(value) => value === limit];
    // An order is only among values of one type, and strings have collations: numbers only.
    if (typeof limit !== "number") return [];
    switch (operator) {
      case "$gt":
        return [(value) => typeof value === "number" && value > limit];
      case "$gte":
        return [(value) => typeof value === "number" && value >= limit];
      case "$lt":
        return [(value) => typeof value === "number" && value < limit];
      case "$lte":
        return [(value) => typeof value === "number" && value <= limit];
      default:
        return [];
    }
  });
}

/** There is something at the path that this file doesn't know how to compare. */
const UNSURE = Symbol("unsure");

/** The number, string, boolean at a path; undefined where there is nothing; else `UNSURE`. */
function scalarAt(input: Document, path: readonly string[]): unknown {
  let value: unknown = input;
  for (const name of path) {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "object" || Array.isArray(value)) return UNSURE;
    value = (value as Document)[name];
  }
  if (value === undefined || value === null) return undefined;
  return toScalar(value) ?? UNSURE;
}

/** A constant that JavaScript compares as MongoDB does; undefined for any other. */
function toScalar(value: unknown): Scalar | undefined {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isNaN(value) ? undefined : value;
  return isDouble(value) && !Number.isNaN(value.value) ? value.value : undefined;
}
