/**
 * Arithmetic of Decimal128 as IEEE 754-2008 has it: 34 digits, ties to even, and the exponents that it
 * prefers, so that 1.20 + 1.30 is 2.50.
 */
import { Decimal128 } from "bson";
import { digitsOf, type Finite, type Parts, partsOf, partsOfNumber } from "./decimal.ts";

export type Rounding = "ties to even" | "to zero" | "down" | "up";

const DIGITS = 34;
const BIAS = 6176;
const EXPONENT_MIN = -BIAS;
const EXPONENT_MAX = 6111;

const INFINITY_BITS = 0x7800n << 48n;
const NAN_BITS = 0x7c00n << 48n;

export const DECIMAL_ZERO: Finite = finite(false, 0n, 0);

export function toDecimal128(parts: Parts): Decimal128 {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  const sign = parts.negative ? 1n << 63n : 0n;
  if (parts.kind === "finite") {
    const high = (BigInt(parts.exponent + BIAS) << 49n) | (parts.coefficient >> 64n);
    view.setBigUint64(0, parts.coefficient & 0xffff_ffff_ffff_ffffn, true);
    view.setBigUint64(8, sign | high, true);
  } else view.setBigUint64(8, parts.kind === "nan" ? NAN_BITS : sign | INFINITY_BITS, true);
  return new Decimal128(bytes);
}

/** An integer exactly; a double to 34 digits, without zeros at its end. */
export function decimalOf(value: number | bigint | Decimal128): Parts {
  if (typeof value === "object") return partsOf(value);
  const exact = partsOfNumber(value);
  if (exact.kind !== "finite" || typeof value === "bigint") return exact;
  let { coefficient, exponent } = exact;
  if (coefficient === 0n) return finite(exact.negative, 0n, 0);
  while (exponent < 0 && coefficient % 10n === 0n) {
    coefficient /= 10n;
    exponent++;
  }
  return rounded(exact.negative, coefficient, exponent);
}

/** As MongoDB converts a number where a Decimal128 is wanted: a double to 15 digits, no fewer. */
export function decimalOfDouble15(value: number): Parts {
  const exact = partsOfNumber(value);
  if (exact.kind !== "finite") return exact;
  if (exact.coefficient === 0n) return finite(exact.negative, 0n, 0);
  const short = roundToDigits(exact.coefficient, exact.exponent, 15);
  return rounded(exact.negative, short.coefficient, short.exponent);
}

export function addDecimals(a: Parts, b: Parts): Parts {
  if (a.kind === "nan" || b.kind === "nan") return nan();
  if (a.kind === "infinity" || b.kind === "infinity") {
    if (a.kind === b.kind) return a.negative === b.negative ? a : nan();
    return a.kind === "infinity" ? a : b;
  }
  // What is too far below the other only makes the result inexact, so it may as well be nearer.
  const [near, far] = a.exponent <= b.exponent ? [a, b] : [b, a];
  if (far.coefficient !== 0n && far.exponent - near.exponent > 3 * DIGITS) {
    if (near.coefficient === 0n) return widened(far, near.exponent);
    const closer = finite(near.negative, 1n, far.exponent - 2 * DIGITS);
    return addDecimals(far, closer);
  }
  if (far.coefficient === 0n && far.exponent - near.exponent > 3 * DIGITS) {
    return addDecimals(near, finite(far.negative, 0n, near.exponent));
  }
  const sum = signed(near) + signed(far) * 10n ** BigInt(far.exponent - near.exponent);
  const negative = sum === 0n ? a.negative && b.negative : sum < 0n;
  return rounded(negative, sum < 0n ? -sum : sum, near.exponent);
}

export function negateDecimal(a: Parts): Parts {
  return a.kind === "nan" ? a : { ...a, negative: !a.negative };
}

export function absDecimal(a: Parts): Parts {
  return a.kind === "nan" ? a : { ...a, negative: false };
}

export function multiplyDecimals(a: Parts, b: Parts): Parts {
  if (a.kind === "nan" || b.kind === "nan") return nan();
  const negative = a.negative !== b.negative;
  if (a.kind === "infinity" || b.kind === "infinity") {
    return isZero(a) || isZero(b) ? nan() : { kind: "infinity", negative };
  }
  return rounded(negative, a.coefficient * b.coefficient, a.exponent + b.exponent);
}

/** The divisor must not be zero. */
export function divideDecimals(a: Parts, b: Parts): Parts {
  if (a.kind === "nan" || b.kind === "nan") return nan();
  const negative = a.negative !== b.negative;
  if (a.kind === "infinity") return b.kind === "infinity" ? nan() : { kind: "infinity", negative };
  if (b.kind === "infinity") return finite(negative, 0n, EXPONENT_MIN);
  const exponent = a.exponent - b.exponent;
  if (a.coefficient === 0n) return rounded(negative, 0n, exponent);
  const scale = Math.max(0, DIGITS + 2 + digitsOf(b.coefficient) - digitsOf(a.coefficient));
  const numerator = a.coefficient * 10n ** BigInt(scale);
  const quotient = numerator / b.coefficient;
  const isExact = quotient * b.coefficient === numerator;
  return settled(finite(negative, quotient, exponent - scale), isExact, exponent);
}

/** What is left after division towards zero. The divisor must not be zero. */
export function moduloDecimals(a: Parts, b: Parts): Parts {
  if (a.kind === "nan" || b.kind === "nan" || a.kind === "infinity") return nan();
  if (b.kind === "infinity") return a;
  const ahead = a.exponent - b.exponent;
  if (ahead >= 0) {
    const left = a.coefficient * powerOfTen(ahead, b.coefficient) % b.coefficient;
    return rounded(a.negative, left, b.exponent);
  }
  if (-ahead > DIGITS) return a; // Far below the divisor.
  return rounded(a.negative, a.coefficient % (b.coefficient * 10n ** BigInt(-ahead)), a.exponent);
}

/**
 * What is left of 10^exponent after division: without the number itself, which may have thousands of
 * digits.
 */
function powerOfTen(exponent: number, modulus: bigint): bigint {
  let power = 1n;
  let square = 10n;
  for (let rest = exponent; rest > 0; rest >>= 1) {
    if (rest & 1) power = power * square % modulus;
    square = square * square % modulus;
  }
  return power % modulus;
}

export function squareRootDecimal(a: Parts): Parts {
  if (a.kind !== "finite") return a;
  const exponent = Math.floor(a.exponent / 2);
  if (a.coefficient === 0n) return finite(a.negative, 0n, exponent);
  // An even exponent, and so many digits that the root has more than 34.
  let shift = 2 * (DIGITS + 1);
  if ((a.exponent - shift) % 2 !== 0) shift++;
  const square = a.coefficient * 10n ** BigInt(shift);
  const root = integerRoot(square);
  return settled(finite(false, root, (a.exponent - shift) / 2), root * root === square, exponent);
}

/** An exact result goes to the exponent that it should have, if it can; another has all its digits. */
function settled(
  { negative, coefficient, exponent }: Finite,
  isExact: boolean,
  wanted: number,
): Parts {
  // One more digit says that there is something behind the others.
  if (!isExact) return rounded(negative, coefficient * 10n + 1n, exponent - 1);
  let [digits, at] = [coefficient, exponent];
  while (at < wanted && digits % 10n === 0n) {
    digits /= 10n;
    at++;
  }
  return rounded(negative, digits, at);
}

/**
 * The value with a certain exponent; NaN where that takes more than 34 digits. (An infinite one too, as
 * in the library that MongoDB uses.)
 */
export function quantizeDecimal(a: Parts, exponent: number, rounding: Rounding): Parts {
  if (a.kind !== "finite") return nan();
  if (a.exponent >= exponent) {
    if (a.coefficient !== 0n && a.exponent - exponent > DIGITS) return nan();
    const scale = a.coefficient === 0n ? 1n : 10n ** BigInt(a.exponent - exponent);
    const coefficient = a.coefficient * scale;
    return digitsOf(coefficient) > DIGITS ? nan() : finite(a.negative, coefficient, exponent);
  }
  const coefficient = dropDigits(a.coefficient, exponent - a.exponent, rounding, a.negative);
  return finite(a.negative, coefficient, exponent);
}

/** With as many zeros at its end as it takes to have 34 digits. */
export function filledDecimal(a: Finite): Finite {
  const zeros = a.coefficient === 0n ? 0 : DIGITS - digitsOf(a.coefficient);
  return finite(a.negative, a.coefficient * 10n ** BigInt(zeros), a.exponent - zeros);
}

/** The whole number towards zero (or as rounded); null for what has none. */
export function integerOfDecimal(a: Parts, rounding: Rounding = "to zero"): bigint | null {
  if (a.kind !== "finite") return null;
  if (a.exponent > 40) return a.coefficient === 0n ? 0n : null; // Beyond any integer type.
  const magnitude = a.exponent >= 0
    ? a.coefficient * 10n ** BigInt(a.exponent)
    : dropDigits(a.coefficient, -a.exponent, rounding, a.negative);
  return a.negative ? -magnitude : magnitude;
}

/** Whether there is nothing behind the point. */
export function isWholeDecimal(a: Parts): boolean {
  if (a.kind !== "finite") return false;
  if (a.exponent >= 0 || a.coefficient === 0n) return true;
  return -a.exponent <= DIGITS && a.coefficient % 10n ** BigInt(-a.exponent) === 0n;
}

/** The nearest double; infinite where it is too large for one. */
export function doubleOfDecimal(a: Parts): number {
  if (a.kind === "nan") return NaN;
  if (a.kind === "infinity") return a.negative ? -Infinity : Infinity;
  return Number(`${a.negative ? "-" : ""}${a.coefficient}e${a.exponent}`);
}

export function isZero(a: Parts): boolean {
  return a.kind === "finite" && a.coefficient === 0n;
}

export function finite(negative: boolean, coefficient: bigint, exponent: number): Finite {
  return { kind: "finite", negative, coefficient, exponent };
}

export function nan(): Parts {
  return { kind: "nan", negative: false };
}

function signed({ negative, coefficient }: Finite): bigint {
  return negative ? -coefficient : coefficient;
}

/** Fits a value of any length into 34 digits and the range of exponents. */
function rounded(negative: boolean, coefficient: bigint, exponent: number): Parts {
  if (coefficient === 0n) {
    return finite(negative, 0n, Math.min(Math.max(exponent, EXPONENT_MIN), EXPONENT_MAX));
  }
  const tooMany = Math.max(digitsOf(coefficient) - DIGITS, EXPONENT_MIN - exponent, 0);
  let kept = dropDigits(coefficient, tooMany, "ties to even", negative);
  let at = exponent + tooMany;
  if (digitsOf(kept) > DIGITS) { // 999.. became 1000..
    kept /= 10n;
    at++;
  }
  if (at > EXPONENT_MAX) {
    const zeros = at - EXPONENT_MAX;
    if (kept !== 0n && digitsOf(kept) + zeros > DIGITS) return { kind: "infinity", negative };
    return finite(negative, kept * 10n ** BigInt(zeros), EXPONENT_MAX);
  }
  return finite(negative, kept, at);
}

/** The same value with an exponent as near to a smaller one as 34 digits allow. */
function widened(a: Finite, exponent: number): Finite {
  const zeros = Math.min(DIGITS - digitsOf(a.coefficient), a.exponent - exponent);
  return finite(a.negative, a.coefficient * 10n ** BigInt(zeros), a.exponent - zeros);
}

/** So many digits exactly: cut (ties to even), or filled with zeros. */
export function roundToDigits(coefficient: bigint, exponent: number, digits: number) {
  const more = digits - digitsOf(coefficient);
  if (more >= 0) {
    return { coefficient: coefficient * 10n ** BigInt(more), exponent: exponent - more };
  }
  const kept = dropDigits(coefficient, -more, "ties to even", false);
  return digitsOf(kept) > digits
    ? { coefficient: kept / 10n, exponent: exponent - more + 1 }
    : { coefficient: kept, exponent: exponent - more };
}

function dropDigits(
  coefficient: bigint,
  count: number,
  rounding: Rounding,
  negative: boolean,
): bigint {
  if (count === 0 || coefficient === 0n) return coefficient;
  const unit = 10n ** BigInt(Math.min(count, digitsOf(coefficient) + 1));
  const kept = coefficient / unit;
  const left = coefficient - kept * unit;
  const up = rounding === "ties to even"
    ? 2n * left > unit || (2n * left === unit && kept % 2n === 1n)
    : left > 0n && rounding === (negative ? "down" : "up");
  return up ? kept + 1n : kept;
}

/** The largest integer whose square isn't above, by Newton's method. */
function integerRoot(square: bigint): bigint {
  let root = 1n << BigInt((square.toString(2).length + 1) >> 1);
  while (true) {
    const next = (root + square / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
