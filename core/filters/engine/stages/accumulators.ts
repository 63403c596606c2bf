/** What `$group` computes of the documents of a group. */
import type { Document } from "../../../contract/document.ts";
import { spend } from "../budget.ts";
import type { Compute, Context } from "../context.ts";
import { FilterError, NotCompiled } from "../errors.ts";
import {
  average,
  extreme,
  highest,
  lowest,
  standardDeviation,
  sum,
} from "../expressions/accumulators.ts";
import { putField } from "../expressions/fields.ts";
import { hashKey, isNullish, isNumber, isObject, plainNumber } from "../values.ts";
import { compileOrder, type Order, type Row } from "./sort.ts";

export type Accumulator = (documents: readonly Document[]) => unknown;

/** Of the values of one expression; a missing one is `undefined`. */
const OF_VALUES: Readonly<Record<string, (values: unknown[]) => unknown>> = {
  $sum: sum,
  $avg: average,
  $min: (values) => extreme(values, -1),
  $max: (values) => extreme(values, 1),
  $stdDevPop: (values) => standardDeviation(values, 0),
  $stdDevSamp: (values) => standardDeviation(values, 1),
  $first: (values) => values[0],
  $last: (values) => values.at(-1),
  $push: (values) => values.filter((value) => value !== undefined),
  $addToSet: distinct,
  $mergeObjects: merged,
};

/** Of the first values by some order, or as they come: `{ input, n }`. */
const OF_SOME: Readonly<Record<string, (values: unknown[], n: number) => unknown>> = {
  $firstN: (values, n) => values.slice(0, n).map((value) => value ?? null),
  $lastN: (values, n) => values.slice(-n).map((value) => value ?? null),
  $minN: lowest,
  $maxN: highest,
};

export function compileAccumulator(specification: unknown, context: Context): Accumulator {
  const entries = isObject(specification) ? Object.entries(specification) : [];
  if (entries.length !== 1) throw new NotCompiled("a field of $group needs one accumulator");
  const [[name, operand]] = entries as [[string, unknown]];
  const place = context.at(name);
  const ofValues = OF_VALUES[name];
  if (ofValues !== undefined) {
    // Of a list it would take the items for arguments.
    if (Array.isArray(operand)) throw new NotCompiled(`${name} of a list`, place.place);
    const compute = place.compile(operand);
    return (documents) => ofValues(valuesOf(documents, compute));
  }
  const ofSome = OF_SOME[name];
  if (ofSome !== undefined) {
    const { input, n } = optionsOf(operand, ["input", "n"], place);
    const compute = place.at("input").compile(input);
    const count = countOf(n, place);
    return (documents) => ofSome(valuesOf(documents, compute), count);
  }
  switch (name) {
    case "$count":
      optionsOf(operand, [], place);
      return (documents) => documents.length;
    case "$top":
    case "$bottom":
      return compileRanked(name === "$top", optionsOf(operand, ["output", "sortBy"], place), place);
    case "$topN":
    case "$bottomN":
      return compileRanked(
        name === "$topN",
        optionsOf(operand, ["output", "sortBy", "n"], place),
        place,
      );
    default:
      throw new NotCompiled(`${name}, as it isn't computed in process`, place.place);
  }
}

function valuesOf(documents: readonly Document[], compute: Compute): unknown[] {
  spend(documents.length);
  return documents.map((document) => compute(document));
}

function optionsOf(operand: unknown, names: readonly string[], context: Context): Document {
  const given = isObject(operand) ? Object.keys(operand) : ["?"];
  if (given.length !== names.length || given.some((name) => !names.includes(name))) {
    throw new NotCompiled(`an accumulator that needs ${names.join(", ")}`, context.place);
  }
  return operand as Document;
}

function countOf(value: unknown, context: Context): number {
  const count = isNumber(value) ? Number(plainNumber(value)) : NaN;
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new NotCompiled("a count that isn't a constant integer above 0", context.place);
}

/** `$top`, `$bottom`, and where `n` is given the first or last so many. */
function compileRanked(
  isTop: boolean,
  { output, sortBy, n }: Document,
  context: Context,
): Accumulator {
  const compute = context.at("output").compile(output);
  const order = compileOrder(sortBy);
  const count = n === undefined ? undefined : countOf(n, context);
  return (documents) => {
    // Of all of them, as MongoDB does: it may fail.
    const outputs = new Map(documents.map((document) => [document, compute(document) ?? null]));
    const rows = order.rows(documents);
    const kept = isTop
      ? rows.sort(order.compare).slice(0, count ?? 1)
      : lastOnes(rows, count ?? 1, order);
    const values = kept.map(({ document }) => outputs.get(document));
    return count === undefined ? values[0] : values;
  };
}

/** As MongoDB finds them one after the other: what is no later than the first of those stays out. */
function lastOnes(rows: readonly Row[], count: number, { compare }: Order): Row[] {
  const kept: Row[] = [];
  for (const row of rows) {
    if (kept.length === count) {
      if (compare(row, kept[0]!) <= 0) continue;
      kept.shift();
    }
    kept.splice(kept.findLastIndex((other) => compare(other, row) <= 0) + 1, 0, row);
  }
  return kept;
}

function distinct(values: readonly unknown[]): unknown[] {
  const found = new Map<unknown, unknown>();
  for (const value of values) {
    const key = hashKey(value);
    if (value !== undefined && !found.has(key)) found.set(key, value);
  }
  return [...found.values()];
}

function merged(values: readonly unknown[]): Document {
  const result: Document = {};
  for (const value of values) {
    if (isNullish(value)) continue;
    if (!isObject(value)) throw new FilterError(40400, "$mergeObjects requires object inputs");
    for (const [name, inner] of Object.entries(value)) putField(result, name, inner);
  }
  return result;
}
