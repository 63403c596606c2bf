/** What makes and measures texts. Several take numbers and dates for texts too. */
import { spend } from "../budget.ts";
import { FilterError, NotCompiled } from "../errors.ts";
import { isoText } from "../date_text.ts";
import { doubleText } from "../number_text.ts";
import { toLong, wholeNumber } from "../numbers.ts";
import {
  byteLength,
  codePointLength,
  fromBytes,
  isAscii,
  isContinuation,
  sliceCodePoints,
  toBytes,
  toLowerAscii,
  toUpperAscii,
} from "../text.ts";
import {
  bytesOf,
  compareStrings,
  isNullish,
  isNumber,
  plainNumber,
  Type,
  typeOf,
} from "../values.ts";
import { binary, fail, joining, type Operators, ternary, typeName, unary } from "./define.ts";

export const STRINGS: Operators = {
  $concat: joining({ commutative: false }, (operands) => (root, frame) => {
    let all = "";
    for (const operand of operands) {
      const text = operand(root, frame);
      if (isNullish(text)) return null;
      if (typeof text !== "string") {
        fail(16702, `$concat only supports strings, not ${typeName(text)}`);
      }
      spend(1 + (text.length >> 5));
      all += text;
    }
    return all;
  }),
  $toUpper: unary((value) => toUpperAscii(coerceToText(value))),
  $toLower: unary((value) => toLowerAscii(coerceToText(value))),
  $strcasecmp: binary((a, b) => {
    const [x, y] = [a, b].map((each) => toUpperAscii(coerceToText(each))) as [string, string];
    return Math.sign(compareStrings(x, y));
  }),
  $substrBytes: ternary(substringOfBytes),
  $substr: ternary(substringOfBytes),
  $substrCP: ternary(substringOfCodePoints),
  $strLenBytes: unary((value) =>
    typeof value === "string"
      ? byteLength(value)
      : fail(34473, `$strLenBytes requires a string argument, found: ${typeName(value)}`)
  ),
  $strLenCP: unary((value) =>
    typeof value === "string"
      ? codePointLength(value)
      : fail(34471, `$strLenCP requires a string argument, found: ${typeName(value)}`)
  ),
  $binarySize: unary((value) => {
    if (isNullish(value)) return null;
    if (typeof value === "string") return byteLength(value);
    return typeOf(value) === Type.binary
      ? bytesOf(value).length
      : fail(51276, `$binarySize requires a string or BinData argument, found: ${typeName(value)}`);
  }),
};

/** As MongoDB does it without being asked: nothing is "", and no booleans. */
function coerceToText(value: unknown): string {
  switch (typeOf(value)) {
    case Type.string:
    case Type.symbol:
      return String(value);
    case Type.code:
      return (value as { code: string }).code;
    case Type.missing:
    case Type.null:
      return "";
    case Type.int:
    case Type.long:
    case Type.decimal:
      return String(plainNumber(value));
    case Type.double: {
      const plain = plainNumber(value) as number;
      if (Number.isNaN(plain)) throw new NotCompiled("NaN as text, which may have a sign");
      return doubleText(plain);
    }
    case Type.date:
      return isoText(value as Date);
    case Type.timestamp:
      throw new NotCompiled("a timestamp as text, which depends on where the server is");
    default:
      throw new FilterError(16007, `can't convert from BSON type ${typeName(value)} to String`);
  }
}

function substringOfBytes(value: unknown, start: unknown, length: unknown): string {
  const text = coerceToText(value);
  if (!isNumber(start)) {
    fail(16034, `$substrBytes: starting index must be numeric: ${typeName(start)}`);
  }
  if (!isNumber(length)) fail(16035, `$substrBytes: length must be numeric: ${typeName(length)}`);
  const from = toLong(start);
  if (from < 0n) fail(50752, `$substrBytes: starting index must be non-negative (got: ${from})`);
  const count = toLong(length);
  const isPlain = isAscii(text);
  const bytes = isPlain ? text : toBytes(text);
  const first = Number(from);
  const end = count < 0n ? bytes.length : Number(from + count);
  if (isPlain) return text.slice(first, end);
  const isInside = (at: number) => at < bytes.length && isContinuation(bytes[at] as number);
  if (isInside(first)) fail(28656, "$substrBytes: starting index is a UTF-8 continuation byte");
  if (isInside(count < 0n ? first + bytes.length : end)) {
    fail(28657, "$substrBytes: ending index is in the middle of a UTF-8 character");
  }
  return fromBytes((bytes as Uint8Array).subarray(first, end));
}

function substringOfCodePoints(value: unknown, start: unknown, length: unknown): string {
  const text = coerceToText(value);
  const toCount = (each: unknown, code: number, what: string): number => {
    if (!isNumber(each)) fail(code, `$substrCP: ${what} must be numeric: ${typeName(each)}`);
    const whole = wholeNumber(each, 32);
    if (whole === null) fail(code + 1, `$substrCP: ${what} isn't a 32-bit integer`);
    return Number(whole);
  };
  const from = toCount(start, 34450, "starting index");
  const count = toCount(length, 34452, "length");
  if (count < 0) fail(34454, "$substrCP: length must be a nonnegative integer");
  if (from < 0) fail(34455, "$substrCP: the starting index must be nonnegative integer");
  return sliceCodePoints(text, from, from + count);
}
