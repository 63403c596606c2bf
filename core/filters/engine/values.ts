/**
 * MongoDB's values as this program holds them in memory (`core/contract/document.ts`), their types and
 * their order. A missing field is `undefined`, and so is what BSON calls undefined. Values are read by
 * reference and never changed.
 *
 * Beside this file: `errors.ts` (`FilterError`, `NotCompiled`), `budget.ts` (`spend`), `numbers.ts`
 * (arithmetic and its result types), `paths.ts` (`getPath`, `compilePath`), `decimal.ts`.
 */
import type { Binary, BSONRegExp, Code, Decimal128, Int32, Long, ObjectId, Timestamp } from "bson";
import type { Document } from "../../contract/document.ts";
import { compareDecimal, normalForm, partsOf } from "./decimal.ts";

/** BSON's type codes; a missing field has 0. */
export const Type = {
  missing: 0,
  double: 1,
  string: 2,
  object: 3,
  array: 4,
  binary: 5,
  objectId: 7,
  bool: 8,
  date: 9,
  null: 10,
  regex: 11,
  dbPointer: 12,
  code: 13,
  symbol: 14,
  codeWithScope: 15,
  int: 16,
  timestamp: 17,
  long: 18,
  decimal: 19,
  maxKey: 127,
  minKey: -1,
} as const;
export type Type = (typeof Type)[keyof typeof Type];

/** The names that `$type` gives and takes. */
export const TYPE_NAMES: ReadonlyMap<number, string> = new Map<number, string>([
  ...Object.entries(Type).map(([name, code]): [number, string] => [code, name]),
  [Type.binary, "binData"],
  [Type.code, "javascript"],
  [Type.codeWithScope, "javascriptWithScope"],
]);

/** Where each type stands in the order over all types; all numbers share a place, as do texts. */
const PLACES = new Map<number, number>([
  [Type.minKey, -1],
  [Type.missing, 0],
  [Type.null, 5],
  [Type.double, 10],
  [Type.int, 10],
  [Type.long, 10],
  [Type.decimal, 10],
  [Type.string, 15],
  [Type.symbol, 15],
  [Type.object, 20],
  [Type.array, 25],
  [Type.binary, 30],
  [Type.objectId, 35],
  [Type.bool, 40],
  [Type.date, 45],
  [Type.timestamp, 47],
  [Type.regex, 50],
  [Type.dbPointer, 55],
  [Type.code, 60],
  [Type.codeWithScope, 65],
  [Type.maxKey, 127],
]);
/** By type code + 1, for speed. */
const PLACE_OF = Int8Array.from({ length: 129 }, (_, i) => PLACES.get(i - 1) ?? 0);

/**
 * The place of a value's type in the order over types: values of one place are compared with each
 * other.
 */
export function typePlace(value: unknown): number {
  return PLACE_OF[typeOf(value) + 1]!;
}

export function typeOf(value: unknown): Type {
  switch (typeof value) {
    case "number":
      return isInt32(value) ? Type.int : Type.double;
    case "string":
      return Type.string;
    case "object":
      return typeOfObject(value);
    case "boolean":
      return Type.bool;
    case "bigint":
      return Type.long;
    default:
      return Type.missing;
  }
}

/** Whether a plain number stands for an int32 (else for a double). */
export function isInt32(value: number): boolean {
  return (value | 0) === value && (value !== 0 || 1 / value > 0);
}

export function isNumber(value: unknown): boolean {
  return typeof value === "number" || typeof value === "bigint" || typePlace(value) === 10;
}

/** A nested document, and no other BSON type. */
export function isObject(value: unknown): value is Document {
  return typeof value === "object" && typeOfObject(value) === Type.object;
}

/** Nothing there: missing, or null. */
export function isNullish(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function typeOfObject(value: object | null): Type {
  if (value === null) return Type.null;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return Type.object;
  if (prototype === Array.prototype) return Type.array;
  if (prototype === Date.prototype) return Type.date;
  const code = TAGS.get((value as { _bsontype?: unknown })._bsontype);
  if (code !== undefined) {
    return code === Type.code && (value as Code).scope ? Type.codeWithScope : code;
  }
  if (value instanceof Uint8Array) return Type.binary;
  if (value instanceof RegExp) return Type.regex;
  if (value instanceof Date) return Type.date;
  return Array.isArray(value) ? Type.array : Type.object;
}

/** By tag and not by class: the driver and this program may hold two copies of a class. */
const TAGS = new Map<unknown, Type>([
  ["Double", Type.double],
  ["Decimal128", Type.decimal],
  ["ObjectId", Type.objectId],
  ["Int32", Type.int],
  ["Long", Type.long],
  ["Binary", Type.binary],
  ["Timestamp", Type.timestamp],
  ["BSONRegExp", Type.regex],
  ["MinKey", Type.minKey],
  ["MaxKey", Type.maxKey],
  ["BSONSymbol", Type.symbol],
  ["Code", Type.code],
  ["DBRef", Type.dbPointer],
]);

/** A number of any type as JavaScript computes with it; a Decimal128 as it is. Not for other values. */
export function plainNumber(value: unknown): number | bigint | Decimal128 {
  if (typeof value === "number" || typeof value === "bigint") return value;
  switch ((value as { _bsontype?: string })._bsontype) {
    case "Double":
    case "Int32":
      return (value as Int32).value;
    case "Long":
      return (value as Long).toBigInt();
    default:
      return value as Decimal128;
  }
}

/** MongoDB's truth: all but false, null, missing and zeros, so also "" and []. */
export function isTruthy(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  if (isNullish(value)) return false;
  if (!isNumber(value)) return true;
  const plain = plainNumber(value);
  if (typeof plain !== "object") return plain !== 0 && plain !== 0n;
  const parts = partsOf(plain);
  return parts.kind !== "finite" || parts.coefficient !== 0n;
}

/** Below zero, zero or above: the order over all values of all types. */
export function compare(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return compareNumbers(a, b);
  if (typeof a === "string" && typeof b === "string") return compareStrings(a, b);
  const type = typeOf(a);
  const place = PLACE_OF[type + 1]!;
  const otherPlace = typePlace(b);
  if (place !== otherPlace) return place < otherPlace ? -1 : 1;
  switch (place) {
    case 10:
      return compareAnyNumbers(plainNumber(a), plainNumber(b));
    case 20:
      return compareObjects(a as Document, b as Document);
    case 25:
      return compareArrays(a as unknown[], b as unknown[]);
    case 40:
      return Number(a) - Number(b);
    case 45:
      return (a as Date).getTime() - (b as Date).getTime();
    default:
      return compareRare(place, a, b);
  }
}

export function equals(a: unknown, b: unknown): boolean {
  return compare(a, b) === 0;
}

/** By code points, which is the order of UTF-8's bytes, and not that of UTF-16. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      // Surrogates stand for what comes after all of the basic plane.
      return x >= 0xd800 && y >= 0xd800 ? ((x + 0x2000) & 0xffff) - ((y + 0x2000) & 0xffff) : x - y;
    }
  }
  return a.length - b.length;
}

function compareNumbers(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a == b) return 0; // A bigint may equal a number.
  return Number.isNaN(a) ? (Number.isNaN(b) ? 0 : -1) : 1; // NaN is below all others.
}

function compareAnyNumbers(
  a: number | bigint | Decimal128,
  b: number | bigint | Decimal128,
): number {
  if (typeof a === "object") return compareDecimal(a, b);
  return typeof b === "object" ? -compareDecimal(b, a) : compareNumbers(a, b);
}

function compareObjects(a: Document, b: Document): number {
  const names = Object.keys(a).filter((name) => a[name] !== undefined);
  const otherNames = Object.keys(b).filter((name) => b[name] !== undefined);
  const length = Math.min(names.length, otherNames.length);
  for (let i = 0; i < length; i++) {
    const value = a[names[i]!];
    const other = b[otherNames[i]!];
    const order = typePlace(value) - typePlace(other) ||
      compareStrings(names[i]!, otherNames[i]!) || compare(value, other);
    if (order !== 0) return order;
  }
  return names.length - otherNames.length;
}

function compareArrays(a: readonly unknown[], b: readonly unknown[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compare(a[i] ?? null, b[i] ?? null);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareRare(place: number, a: unknown, b: unknown): number {
  switch (place) {
    case 15:
      return compareStrings(String(a), String(b)); // One of them is a symbol.
    case 30:
      return bytesOf(a).length - bytesOf(b).length || subtypeOf(a) - subtypeOf(b) ||
        compareBytes(bytesOf(a), bytesOf(b));
    case 35:
      return compareBytes((a as ObjectId).id, (b as ObjectId).id);
    case 47: {
      const [x, y] = [a, b].map((each) => BigInt.asUintN(64, (each as Timestamp).toBigInt()));
      return x! < y! ? -1 : x! > y! ? 1 : 0;
    }
    case 50: {
      const [x, y] = [regexOf(a), regexOf(b)];
      return compareStrings(x.pattern, y.pattern) || compareStrings(x.options, y.options);
    }
    case 60:
      return compareStrings(String((a as Code).code), String((b as Code).code));
    case 65:
      return compareStrings(String((a as Code).code), String((b as Code).code)) ||
        compareObjects((a as Code).scope as Document, (b as Code).scope as Document);
    default:
      return 0; // Types of one value.
  }
}

/** The bytes of a binary value. */
export function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : (value as Binary).buffer.subarray(
    0,
    (value as Binary).position,
  );
}

function subtypeOf(value: unknown): number {
  return value instanceof Uint8Array ? 0 : (value as Binary).sub_type;
}

/** A regular expression of either class, its options in BSON's order. */
export function regexOf(value: unknown): { readonly pattern: string; readonly options: string } {
  if (!(value instanceof RegExp)) return value as BSONRegExp;
  const options = [["i", value.ignoreCase], ["m", value.multiline], ["s", value.dotAll]] as const;
  return {
    pattern: value.source,
    options: options.flatMap(([letter, on]) => on ? [letter] : []).join(""),
  };
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return 0;
}

/** What a `Map` or `Set` of values goes by: the same for values that are equal, and only for them. */
export function hashKey(value: unknown): string | number | bigint | boolean | null | undefined {
  switch (typeof value) {
    case "number": // A `Map` takes NaN as one key, and -0 as 0.
    case "boolean":
    case "undefined":
      return value;
    case "string":
      return `s${value}`;
    case "bigint":
      return numberKey(value);
    default:
      return value === null ? null : objectKey(value as object);
  }
}

/** An int64 that a double equals has the double's key. */
function numberKey(value: number | bigint): number | bigint {
  if (typeof value === "number") return value;
  const near = Number(value);
  return BigInt(near) === value ? near : value;
}

function objectKey(value: object): string | number | bigint {
  const type = typeOfObject(value);
  switch (PLACE_OF[type + 1]) {
    case 10: {
      const plain = plainNumber(value);
      return typeof plain === "object" ? decimalKey(plain) : numberKey(plain);
    }
    case 15:
      return `s${value}`;
    case 20: {
      const fields = Object.entries(value).filter(([, inner]) => inner !== undefined);
      return `{${
        fields.map(([name, inner]) => `${name.length}:${name}${nestedKey(inner)}`).join("")
      }}`;
    }
    case 25:
      return `[${(value as unknown[]).map((item) => nestedKey(item ?? null)).join("")}]`;
    case 30:
      return `b${subtypeOf(value)}:${bytesOf(value).toHex()}`;
    case 45:
      return `d${(value as Date).getTime()}`;
    case 50: {
      const { pattern, options } = regexOf(value);
      return `r${pattern.length}:${pattern}${options}`;
    }
    case 60:
      return `c${(value as Code).code}`;
    case 65: {
      const { code, scope } = value as Code;
      return `w${code.length}:${code}${nestedKey(scope)}`;
    }
    default: // ObjectIds, timestamps, MinKey, MaxKey
      return `t${type}:${value instanceof Object && "toString" in value ? value.toString() : ""}`;
  }
}

function nestedKey(value: unknown): string {
  const key = hashKey(value);
  const text = Object.is(key, -0) ? "0" : String(key);
  return `${typeof key === "string" ? "" : "n"}${text.length}:${text}`;
}

function decimalKey(value: Decimal128): string | number | bigint {
  const parts = partsOf(value);
  if (parts.kind !== "finite") {
    return parts.kind === "nan" ? NaN : parts.negative ? -Infinity : Infinity;
  }
  const near = Number(value.toString());
  if (compareDecimal(value, near) === 0) return near === 0 ? 0 : near;
  const digits = normalForm(parts);
  const whole = /^(-?\d+)e(\d{1,2})$/.exec(digits);
  if (whole !== null) {
    const integer = BigInt(whole[1]!) * 10n ** BigInt(whole[2]!);
    if (BigInt.asIntN(64, integer) === integer) return integer;
  }
  return `D${digits}`;
}
