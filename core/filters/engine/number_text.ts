/** Numbers as MongoDB writes and reads them. */
import type { Decimal128 } from "bson";
import { type Parts, partsOfNumber } from "./decimal.ts";
import { finite, nan, roundToDigits, toDecimal128 } from "./decimal_arithmetic.ts";
import { NotCompiled } from "./errors.ts";

/** Digits that MongoDB writes of a double. */
const DIGITS = 6;

/** A double as C's `%g` writes it, infinities too; not for NaN. */
export function doubleText(value: number): string {
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (value === 0) return `${sign}0`;
  const exact = partsOfNumber(Math.abs(value)) as { coefficient: bigint; exponent: number };
  const { coefficient, exponent } = roundToDigits(exact.coefficient, exact.exponent, DIGITS);
  const digits = coefficient.toString();
  const power = exponent + DIGITS - 1;
  if (power < -4 || power >= DIGITS) {
    const mantissa = withoutZeros(`${digits[0]}.${digits.slice(1)}`);
    const size = String(Math.abs(power)).padStart(2, "0");
    return `${sign}${mantissa}e${power < 0 ? "-" : "+"}${size}`;
  }
  const plain = power < 0
    ? `0.${"0".repeat(-power - 1)}${digits}`
    : `${digits.slice(0, power + 1)}.${digits.slice(power + 1)}`;
  return sign + withoutZeros(plain);
}

function withoutZeros(text: string): string {
  return text.replace(/\.?0*$/, "");
}

/** Null where the text isn't an integer and nothing else. */
export function parseInteger(text: string): bigint | null {
  const match = /^[+-]?\d+$/.exec(text);
  return match === null ? null : BigInt(text.startsWith("+") ? text.slice(1) : text);
}

const DOUBLE_NORMAL_MIN = 2 ** -1022;

/** As C's `strtod`, of the whole text; null where it isn't a number or out of the range of doubles. */
export function parseDouble(text: string): number | null {
  if (/^[+-]?(0x|nan\()/i.test(text)) throw new NotCompiled(`a number written as '${text}'`);
  const special = parseSpecial(text);
  if (special !== undefined) return special;
  if (!NUMBER.test(text)) return null;
  const value = Number(text);
  if (!Number.isFinite(value)) return null;
  return Math.abs(value) < DOUBLE_NORMAL_MIN && /[1-9]/.test(text.replace(/e.*$/i, ""))
    ? null
    : value;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function parseSpecial(text: string): number | undefined {
  if (/^[+-]?nan$/i.test(text)) return NaN;
  if (!/^[+-]?inf(inity)?$/i.test(text)) return undefined;
  return text.startsWith("-") ? -Infinity : Infinity;
}

/** Null where it isn't a decimal number; throws `NotCompiled` for those at the ends of the range. */
export function parseDecimal(text: string): Decimal128 | null {
  const special = parseSpecial(text);
  if (special !== undefined) return toDecimal128(Number.isNaN(special) ? nan() : infinite(special));
  const match = NUMBER.exec(text);
  if (match === null) return null;
  const [mantissa, power = "0"] = text.toLowerCase().split("e") as [string, string?];
  const [whole, fraction = ""] = mantissa.replace(/^[+-]/, "").split(".") as [string, string?];
  const exponent = Number(power) - fraction.length;
  const coefficient = BigInt(whole + fraction);
  if (exponent < -6000 || exponent > 6000 || coefficient >= 10n ** 34n) {
    throw new NotCompiled(`a Decimal128 of '${text}'`);
  }
  return toDecimal128(finite(text.startsWith("-"), coefficient, exponent));
}

function infinite(value: number): Parts {
  return { kind: "infinity", negative: value < 0 };
}
