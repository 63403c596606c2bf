/** Numbers with BSON's types: results are made by the convention of `core/contract/document.ts`. */
import { Double } from "bson";
import { type Parts, partsOf } from "./decimal.ts";
import {
  decimalOf,
  decimalOfDouble15,
  integerOfDecimal,
  isWholeDecimal,
} from "./decimal_arithmetic.ts";
import { FilterError, NotCompiled } from "./errors.ts";
import { isInt32, isNumber, plainNumber, Type, TYPE_NAMES, typeOf } from "./values.ts";

export const INT64_MIN = -(2n ** 63n);
export const INT64_MAX = 2n ** 63n - 1n;
const INT32_MIN = -0x8000_0000n;
const INT32_MAX = 0x7fff_ffffn;
/** What JavaScript's dates reach, ms from 1970. */
const DATE_MS_MAX = 8_640_000_000_000_000n;

/** A double, whatever its value. */
export function makeDouble(value: number): number | Double {
  return isInt32(value) ? new Double(value) : value;
}

/** An int32 where it fits, else an int64; for integral numbers below 2^53. */
export function makeInteger(value: number): number | bigint {
  return (value | 0) === value ? value | 0 : BigInt(value);
}

export function makeIntegerOf(value: bigint): number | bigint {
  return value >= INT32_MIN && value <= INT32_MAX ? Number(value) : value;
}

/** The exact value of any number that is whole and fits; else null. */
export function wholeNumber(value: unknown, bits: 32 | 64): bigint | null {
  if (!isNumber(value)) return null;
  const plain = plainNumber(value);
  const whole = typeof plain === "bigint"
    ? plain
    : typeof plain === "number"
    ? Number.isInteger(plain) ? BigInt(plain) : null
    : isWholeDecimal(partsOf(plain))
    ? integerOfDecimal(partsOf(plain))
    : null;
  return whole !== null && BigInt.asIntN(bits, whole) === whole ? whole : null;
}

/**
 * As MongoDB coerces a value to an int64: towards zero. Throws where a double doesn't fit, or for what
 * is no number; a Decimal128 that doesn't fit is the lowest int64 there.
 */
export function toLong(value: unknown): bigint {
  if (!isNumber(value)) {
    throw new FilterError(
      16004,
      `can't convert from BSON type ${TYPE_NAMES.get(typeOf(value))} to long`,
    );
  }
  const plain = plainNumber(value);
  if (typeof plain === "bigint") return plain;
  if (typeof plain === "object") {
    return toInt64OrLowest(integerOfDecimal(partsOf(plain), "ties to even"));
  }
  const whole = Number.isFinite(plain) ? BigInt(Math.trunc(plain)) : null;
  if (whole === null || whole < INT64_MIN || whole > INT64_MAX) {
    throw new FilterError(31109, `Can't coerce out of range value ${plain} to long`);
  }
  return whole;
}

export function toInt64OrLowest(value: bigint | null): bigint {
  return value === null || value < INT64_MIN || value > INT64_MAX ? INT64_MIN : value;
}

/** A number of any type where a Decimal128 is wanted. */
export function toDecimalParts(value: unknown): Parts {
  const plain = plainNumber(value);
  return typeOf(value) === Type.double ? decimalOfDouble15(plain as number) : decimalOf(plain);
}

/** A date of so many milliseconds. Throws `NotCompiled` for those that JavaScript has no date for. */
export function toDate(ms: bigint): Date {
  if (ms < -DATE_MS_MAX || ms > DATE_MS_MAX) throw new NotCompiled("a date beyond the year 275760");
  return new Date(Number(ms));
}
