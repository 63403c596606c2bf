/** `$setWindowFields`: of each document something of those around it, in partitions and in order. */
import type { Document } from "../../../contract/document.ts";
import { spend } from "../budget.ts";
import type { Compute, Context } from "../context.ts";
import { FilterError, NotCompiled } from "../errors.ts";
import { compare, hashKey, isNumber, isObject, plainNumber } from "../values.ts";
import { type Accumulator, compileAccumulator } from "./accumulators.ts";
import { compileSort } from "./sort.ts";
import type { Flow } from "./stage.ts";

/** Of the document at an index of its partition. */
type Field = (partition: readonly Document[], at: number) => unknown;

/** MongoDB takes values out of these again where a window moves on, which rounds otherwise. */
const NOT_SLIDING = ["$sum", "$avg", "$stdDevPop", "$stdDevSamp"];
const RANKS = ["$documentNumber", "$rank", "$denseRank"];

export function compileWindows(specification: unknown, context: Context): Flow {
  const { partitionBy, sortBy, output, ...unknown } = isObject(specification) ? specification : {};
  if (!isObject(output) || Object.keys(unknown).length > 0) {
    throw new NotCompiled("$setWindowFields with these options", context.place);
  }
  const [[name, specified] = ["", undefined], ...others] = Object.entries(output);
  // In which order MongoDB puts several, only its hashes know.
  if (others.length > 0) throw new NotCompiled("$setWindowFields of several fields", context.place);
  if (name.includes(".") || name.startsWith("$") || name === "") {
    throw new NotCompiled(`${name} as the name of a field`, context.place);
  }
  const field = compileField(specified, sortBy, context.at("output", name));
  const sort = sortBy === undefined ? undefined : compileSort(sortBy);
  const keyOf = partitionBy === undefined
    ? undefined
    : context.at("partitionBy").compile(partitionBy);
  return (documents) =>
    partitionsOf(sort ? sort(documents) : documents, keyOf).flatMap((partition) =>
      partition.map((document, at) => ({ ...document, [name]: field(partition, at) }))
    );
}

/** In the order of their keys. */
function partitionsOf(documents: readonly Document[], keyOf: Compute | undefined): Document[][] {
  if (keyOf === undefined) return [[...documents]];
  const partitions = new Map<unknown, { key: unknown; documents: Document[] }>();
  for (const document of documents) {
    const key = keyOf(document);
    if (Array.isArray(key)) {
      throw new FilterError(5429513, "$setWindowFields can't partition by an array");
    }
    const hash = hashKey(key ?? null);
    const partition = partitions.get(hash);
    if (partition) partition.documents.push(document);
    else partitions.set(hash, { key: key ?? null, documents: [document] });
  }
  return [...partitions.values()].sort((a, b) => compare(a.key, b.key))
    .map((partition) => partition.documents);
}

function compileField(specification: unknown, sortBy: unknown, context: Context): Field {
  const { window, ...functions } = isObject(specification) ? specification : {};
  const [[name, operand] = ["", undefined], ...others] = Object.entries(functions);
  if (others.length > 0) throw new NotCompiled("two functions for a field", context.place);
  if (RANKS.includes(name)) return compileRank(name, operand, window, sortBy, context);
  if (name === "$shift") return compileShift(operand, window, sortBy, context.at(name));
  const accumulate: Accumulator = compileAccumulator({ [name]: operand }, context);
  const { lower, upper } = readWindow(window, sortBy, context);
  if (NOT_SLIDING.includes(name) && lower !== -Infinity) {
    throw new NotCompiled(`${name} of a window that moves`, context.place);
  }
  return (partition, at) => {
    const some = partition.slice(Math.max(0, at + lower), Math.max(0, at + upper + 1));
    spend(some.length + 1);
    if (name !== "$first" && name !== "$last") return accumulate(some) ?? null;
    return some.length === 0 ? null : accumulate(some);
  };
}

/** Positions from the document's own. */
function readWindow(
  window: unknown,
  sortBy: unknown,
  context: Context,
): { lower: number; upper: number } {
  if (window === undefined) return { lower: -Infinity, upper: Infinity };
  const { documents, ...unknown } = isObject(window) ? window : {};
  if (!Array.isArray(documents) || documents.length !== 2 || Object.keys(unknown).length > 0) {
    throw new NotCompiled("a window that isn't one of documents", context.place);
  }
  const [lower, upper] = [positionOf(documents[0], -1), positionOf(documents[1], 1)];
  const isWhole = lower === -Infinity && upper === Infinity;
  if (!(lower <= upper) || (!isWhole && sortBy === undefined)) {
    throw new NotCompiled("a window with these bounds", context.place);
  }
  return { lower, upper };
}

function positionOf(bound: unknown, side: 1 | -1): number {
  if (bound === "unbounded") return side * Infinity;
  if (bound === "current") return 0;
  const position = isNumber(bound) ? Number(plainNumber(bound)) : NaN;
  return Number.isSafeInteger(position) ? position : NaN;
}

function compileRank(
  name: string,
  operand: unknown,
  window: unknown,
  sortBy: unknown,
  context: Context,
): Field {
  const keys = isObject(sortBy) ? Object.keys(sortBy) : [];
  const isRight = isObject(operand) && Object.keys(operand).length === 0 && window === undefined;
  if (!isRight || keys.length === 0) throw new NotCompiled(name, context.place);
  if (name === "$documentNumber") return (_, at) => at + 1;
  const [key] = keys as [string];
  if (keys.length > 1 || key.includes(".")) {
    throw new NotCompiled(`${name} by ${keys}`, context.place);
  }
  return (partition, at) => {
    let [rank, dense] = [1, 1];
    for (let i = 1; i <= at; i++) {
      spend(1);
      if (compare(partition[i]![key] ?? null, partition[i - 1]![key] ?? null) === 0) continue;
      rank = i + 1;
      dense++;
    }
    return name === "$rank" ? rank : dense;
  };
}

function compileShift(
  operand: unknown,
  window: unknown,
  sortBy: unknown,
  context: Context,
): Field {
  const { output, by, default: other = null, ...unknown } = isObject(operand) ? operand : {};
  const shift = isNumber(by) ? Number(plainNumber(by)) : NaN;
  const isRight = output !== undefined && Object.keys(unknown).length === 0 && sortBy !== undefined;
  if (!isRight || !Number.isSafeInteger(shift) || window !== undefined || isObject(other)) {
    throw new NotCompiled("$shift with these options", context.place);
  }
  if (typeof other === "string" && other.startsWith("$")) {
    throw new NotCompiled("$shift with a default that is computed", context.place);
  }
  const compute = context.compile(output);
  return (partition, at) => {
    const document = partition[at + shift];
    return document === undefined ? other : compute(document);
  };
}
