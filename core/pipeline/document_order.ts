/** A total order of stored values, types and order of keys included: equal is what is stored the same. */
import { isDouble } from "../contract/document.ts";

/** Below 0 where `a` comes first, 0 where they are the same. */
export function compareValues(a: unknown, b: unknown): number {
  if (Object.is(a, b)) return 0;
  const rank = rankOf(a);
  if (rank !== rankOf(b)) return rank - rankOf(b);
  switch (rank) {
    case Rank.Double:
      return compareNumbers((a as { value: number }).value, (b as { value: number }).value);
    case Rank.Number:
      return compareNumbers(a as number, b as number);
    case Rank.Array:
      return compareArrays(a as unknown[], b as unknown[]);
    case Rank.Document:
      return compareDocuments(a as Record<string, unknown>, b as Record<string, unknown>);
    case Rank.Other:
      return compareScalars(JSON.stringify(a), JSON.stringify(b));
    default:
      return compareScalars(a as string, b as string);
  }
}

enum Rank {
  Undefined,
  Null,
  Boolean,
  Number,
  Double,
  BigInt,
  String,
  Array,
  Document,
  /** Dates, ids, binaries: each writes itself as JSON. */
  Other,
}

function rankOf(value: unknown): Rank {
  switch (typeof value) {
    case "number":
      return Rank.Number;
    case "string":
      return Rank.String;
    case "bigint":
      return Rank.BigInt;
    case "boolean":
      return Rank.Boolean;
    case "object":
      if (value === null) return Rank.Null;
      if (Array.isArray(value)) return Rank.Array;
      if (isDouble(value)) return Rank.Double;
      return typeof (value as Partial<Date>).toJSON === "function" ? Rank.Other : Rank.Document;
    default:
      return Rank.Undefined;
  }
}

/** NaN comes before all other numbers, as in MongoDB. */
function compareNumbers(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(b)) - Number(Number.isNaN(a));
  return a < b ? -1 : a > b ? 1 : Object.is(a, b) ? 0 : Object.is(a, -0) ? -1 : 1;
}

function compareScalars<T extends string | bigint | boolean>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareArrays(a: readonly unknown[], b: readonly unknown[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = compareValues(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareDocuments(a: Record<string, unknown>, b: Record<string, unknown>): number {
  const keys = Object.keys(a);
  const otherKeys = Object.keys(b);
  for (let i = 0; i < keys.length && i < otherKeys.length; i++) {
    const key = keys[i]!;
    if (key !== otherKeys[i]) return key < otherKeys[i]! ? -1 : 1;
    const order = compareValues(a[key], b[key]);
    if (order !== 0) return order;
  }
  return keys.length - otherKeys.length;
}
