/** Decimal128 taken apart, for exact comparison and arithmetic: value = coefficient * 10^exponent. */
import type { Decimal128 } from "bson";

export interface Finite {
  readonly kind: "finite";
  readonly negative: boolean;
  /** Not negative, at most 34 digits. */
  readonly coefficient: bigint;
  readonly exponent: number;
}
export type Parts =
  | Finite
  | { readonly kind: "infinity"; readonly negative: boolean }
  | { readonly kind: "nan"; readonly negative: boolean };

const BIAS = 6176;
const COEFFICIENT_MAX = 10n ** 34n - 1n;

export function partsOf(value: Decimal128): Parts {
  const view = new DataView(value.bytes.buffer, value.bytes.byteOffset, 16);
  const low = view.getBigUint64(0, true);
  const high = view.getBigUint64(8, true);
  const negative = high >> 63n === 1n;
  const combination = Number((high >> 58n) & 0x1fn);
  if (combination === 0x1e) return { kind: "infinity", negative };
  if (combination === 0x1f) return { kind: "nan", negative };
  if (combination >= 0x18) {
    // The second form can only hold coefficients that are too large: such a number is a zero.
    const exponent = Number((high >> 47n) & 0x3fffn) - BIAS;
    return { kind: "finite", negative, coefficient: 0n, exponent };
  }
  const exponent = Number((high >> 49n) & 0x3fffn) - BIAS;
  const coefficient = ((high & 0x1_ffff_ffff_ffffn) << 64n) | low;
  return {
    kind: "finite",
    negative,
    coefficient: coefficient > COEFFICIENT_MAX ? 0n : coefficient,
    exponent,
  };
}

/** How a decimal compares to any number, exactly; NaN is below all others and equal to itself. */
export function compareDecimal(a: Decimal128, b: number | bigint | Decimal128): number {
  const left = partsOf(a);
  const right = typeof b === "object" ? partsOf(b) : partsOfNumber(b);
  if (left.kind === "nan") return right.kind === "nan" ? 0 : -1;
  if (right.kind === "nan") return 1;
  if (left.kind === "infinity") {
    const side = left.negative ? -1 : 1;
    return right.kind === "infinity" && right.negative === left.negative ? 0 : side;
  }
  if (right.kind === "infinity") return right.negative ? 1 : -1;
  const x = left.negative ? -left.coefficient : left.coefficient;
  const y = right.negative ? -right.coefficient : right.coefficient;
  if (x === 0n || y === 0n || (x < 0n) !== (y < 0n)) return x < y ? -1 : x > y ? 1 : 0;
  // By size first, so that no power of ten gets thousands of digits.
  const size = digitsOf(left.coefficient) + left.exponent;
  const otherSize = digitsOf(right.coefficient) + right.exponent;
  if (size !== otherSize) return (size < otherSize) === left.negative ? 1 : -1;
  const shift = left.exponent - right.exponent;
  const scaledX = shift > 0 ? x * 10n ** BigInt(shift) : x;
  const scaledY = shift < 0 ? y * 10n ** BigInt(-shift) : y;
  return scaledX < scaledY ? -1 : scaledX > scaledY ? 1 : 0;
}

/** The exact decimal expansion of a double or integer (which may be longer than 34 digits). */
export function partsOfNumber(value: number | bigint): Parts {
  if (typeof value === "bigint") {
    const negative = value < 0n;
    return { kind: "finite", negative, coefficient: negative ? -value : value, exponent: 0 };
  }
  if (Number.isNaN(value)) return { kind: "nan", negative: false };
  const negative = value < 0 || Object.is(value, -0);
  if (!Number.isFinite(value)) return { kind: "infinity", negative };
  scratch.setFloat64(0, Math.abs(value));
  const bits = scratch.getBigUint64(0);
  const biased = Number(bits >> 52n);
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  const mantissa = biased === 0 ? fraction : fraction | 0x10_0000_0000_0000n;
  const binary = (biased === 0 ? 1 : biased) - 1075;
  return binary >= 0
    ? { kind: "finite", negative, coefficient: mantissa << BigInt(binary), exponent: 0 }
    // m / 2^k = m * 5^k / 10^k
    : { kind: "finite", negative, coefficient: mantissa * 5n ** BigInt(-binary), exponent: binary };
}

const scratch = new DataView(new ArrayBuffer(8));

export function digitsOf(coefficient: bigint): number {
  return coefficient === 0n ? 1 : coefficient.toString().length;
}

/** One text for all decimals that are equal. */
export function normalForm(parts: Parts): string {
  if (parts.kind !== "finite") return parts.kind === "nan" ? "nan" : `${parts.negative}inf`;
  let { coefficient, exponent } = parts;
  if (coefficient === 0n) return "0";
  while (coefficient % 10n === 0n) {
    coefficient /= 10n;
    exponent++;
  }
  return `${parts.negative ? "-" : ""}${coefficient}e${exponent}`;
}
