/**
 * Reads MongoDB's Extended JSON (v2, relaxed and canonical) in what clients send: a date, an
 * ObjectId, a number of a certain type. No operator of MongoDB has these names, so nothing that
 * worked without can break.
 */
import { BSONRegExp, MaxKey, MinKey, UUID } from "bson";
import {
  Binary,
  Decimal128,
  type Document,
  ObjectId,
  Timestamp,
  toDouble,
  toInteger,
} from "./document.ts";
import { JsonError, shortText } from "./json.ts";

/** The same value with its Extended JSON forms as BSON types. Throws `JsonError` for a malformed one. */
export function decodeExtended(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decodeExtended);
  if (!isPlainObject(value)) return value;
  const keys = Object.keys(value);
  const reader = READERS.get(keys[0] ?? "");
  if (reader !== undefined && (keys.length === 1 || keys.join() === "$binary,$type")) {
    try {
      return reader(value[keys[0]!], value);
    } catch (error) {
      if (error instanceof JsonError) throw error;
      throw malformed(value);
    }
  }
  return Object.fromEntries(keys.map((key) => [key, decodeExtended(value[key])]));
}

/** Whether it is an object as a JSON text has them, and not a BSON type. */
export function isPlainObject(value: unknown): value is Document {
  if (typeof value !== "object" || value === null) return false;
  return Object.getPrototypeOf(value) === Object.prototype;
}

const DIGITS = /^-?[0-9]{1,19}$/;
const ISO_DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d(:?\d\d)?)$/;

const READERS = new Map<string, (content: unknown, whole: Document) => unknown>([
  ["$oid", (content) => ObjectId.createFromHexString(text(content))],
  ["$date", (content) => {
    const date = typeof content === "string"
      ? new Date(ISO_DATE.test(content) ? content : NaN)
      : new Date(Number(isPlainObject(content) ? integer(content.$numberLong) : content));
    if (Number.isNaN(date.getTime())) {
      throw new JsonError(
        `Cannot read $date as it must be an ISO 8601 time with its zone, or milliseconds: ` +
          `current value is ${shortText(content)}`,
      );
    }
    return date;
  }],
  ["$numberInt", (content) => toInteger(integer(content))],
  ["$numberLong", (content) => integer(content)],
  ["$numberDouble", (content) => {
    const value = Number(text(content));
    if (Number.isNaN(value) && content !== "NaN") throw new TypeError();
    return toDouble(value);
  }],
  ["$numberDecimal", (content) => Decimal128.fromString(text(content))],
  ["$binary", (content, whole) => {
    if (typeof content === "string") return toBinary(content, whole.$type);
    if (!isPlainObject(content)) throw new TypeError();
    return toBinary(text(content.base64), content.subType);
  }],
  ["$uuid", (content) => new UUID(text(content))],
  ["$timestamp", (content) => {
    if (!isPlainObject(content)) throw new TypeError();
    return new Timestamp({ t: Number(content.t), i: Number(content.i) });
  }],
  ["$regularExpression", (content) => {
    if (!isPlainObject(content)) throw new TypeError();
    return new BSONRegExp(text(content.pattern), text(content.options ?? ""));
  }],
  ["$minKey", () => new MinKey()],
  ["$maxKey", () => new MaxKey()],
]);

function toBinary(base64: string, subType: unknown): Binary {
  return new Binary(Uint8Array.fromBase64(base64), Number.parseInt(text(subType), 16));
}

function text(content: unknown): string {
  if (typeof content !== "string") throw new TypeError();
  return content;
}

function integer(content: unknown): bigint {
  if (!DIGITS.test(text(content))) throw new TypeError();
  const value = BigInt(text(content));
  if (value !== BigInt.asIntN(64, value)) throw new RangeError();
  return value;
}

function malformed(value: Document): JsonError {
  const name = Object.keys(value)[0];
  return new JsonError(`Cannot read ${name} as its content isn't of Extended JSON's form`);
}
