/** Powers, roots, logarithms, and functions of angles. */
import type { Decimal128 } from "bson";
import { compareDecimal, type Parts, partsOf } from "../decimal.ts";
import {
  finite,
  isZero,
  multiplyDecimals,
  squareRootDecimal,
  toDecimal128,
} from "../decimal_arithmetic.ts";
import { NotCompiled } from "../errors.ts";
import { libm } from "../libm.ts";
import { INT64_MAX, INT64_MIN, makeDouble, makeIntegerOf, toDecimalParts } from "../numbers.ts";
import { isNullish, isNumber, plainNumber, Type, typeOf } from "../values.ts";
import { binary, fail, type Operator, type Operators, ranged, typeName, unary } from "./define.ts";
import type { Evaluate } from "./expression.ts";

export const POWERS: Operators = {
  $exp: numeric("$exp", (x) => makeDouble(libm.exp(x)), notOfDecimal("$exp")),
  $ln: numeric(
    "$ln",
    (x) => logarithm("$ln", 28766, libm.log, x),
    logarithmOfDecimal("$ln", 28766),
  ),
  $log10: numeric(
    "$log10",
    (x) => logarithm("$log10", 28761, libm.log10, x),
    logarithmOfDecimal("$log10", 28761),
  ),
  $log: binary(logarithmTo),
  $pow: binary(power),
  $sqrt: numeric("$sqrt", squareRoot, (x) => {
    if (compareDecimal(x, 0) < 0 && partsOf(x).kind !== "nan") failSquareRoot();
    return toDecimal128(squareRootDecimal(partsOf(x)));
  }),
};

const UNBOUNDED = [-Infinity, Infinity] as const;

export const TRIGONOMETRY: Operators = {
  $sin: bounded("$sin", libm.sin, UNBOUNDED, "open"),
  $cos: bounded("$cos", libm.cos, UNBOUNDED, "open"),
  $tan: bounded("$tan", libm.tan, UNBOUNDED, "open"),
  $asin: bounded("$asin", libm.asin, [-1, 1], "closed"),
  $acos: bounded("$acos", libm.acos, [-1, 1], "closed"),
  $atan: numeric("$atan", (x) => makeDouble(libm.atan(x)), notOfDecimal("$atan")),
  $atan2: ranged(2, 2, arcTangent),
  $sinh: numeric("$sinh", (x) => makeDouble(libm.sinh(x)), notOfDecimal("$sinh")),
  $cosh: numeric("$cosh", (x) => makeDouble(libm.cosh(x)), notOfDecimal("$cosh")),
  $tanh: numeric("$tanh", (x) => makeDouble(libm.tanh(x)), notOfDecimal("$tanh")),
  $asinh: numeric("$asinh", (x) => makeDouble(libm.asinh(x)), notOfDecimal("$asinh")),
  $acosh: bounded("$acosh", libm.acosh, [1, Infinity], "closed"),
  $atanh: bounded("$atanh", libm.atanh, [-1, 1], "closed"),
  $degreesToRadians: scaled(
    "$degreesToRadians",
    Math.PI / 180,
    finite(false, 1745329251994329576923690768488613n, -35),
  ),
  $radiansToDegrees: scaled(
    "$radiansToDegrees",
    180 / Math.PI,
    finite(false, 5729577951308232087679815481410517n, -32),
  ),
};

function numeric(
  name: string,
  compute: (x: number) => unknown,
  ofDecimal: (x: Decimal128) => unknown,
): Operator {
  return unary((value) => {
    if (isNullish(value)) return null;
    if (!isNumber(value)) {
      fail(28765, `${name} only supports numeric types, not ${typeName(value)}`);
    }
    const plain = plainNumber(value);
    return typeof plain === "object" ? ofDecimal(plain) : compute(Number(plain));
  });
}

/** MongoDB has these to 34 digits from a library of its own. */
function notOfDecimal(name: string): (x: Decimal128) => never {
  return () => {
    throw new NotCompiled(`${name} of a Decimal128`);
  };
}

function bounded(
  name: string,
  compute: (x: number) => number,
  [low, high]: readonly [number, number],
  ends: "open" | "closed",
): Operator {
  return numeric(name, (x) => {
    const isIn = ends === "open" ? x > low && x < high : x >= low && x <= high;
    if (!isIn && !Number.isNaN(x)) failBounds(name, x);
    return makeDouble(compute(x));
  }, notOfDecimal(name));
}

function failBounds(name: string, x: number): never {
  return fail(50989, `cannot apply ${name} to ${x}: it is out of range`);
}

function scaled(name: string, factor: number, decimalFactor: Parts): Operator {
  return numeric(
    name,
    (x) => makeDouble(x * factor),
    (x) => toDecimal128(multiplyDecimals(partsOf(x), decimalFactor)),
  );
}

function logarithm(name: string, code: number, compute: (x: number) => number, x: number): unknown {
  if (!(x > 0) && !Number.isNaN(x)) {
    fail(code, `${name}'s argument must be a positive number, but is ${x}`);
  }
  return makeDouble(compute(x));
}

function logarithmOfDecimal(name: string, code: number): (x: Decimal128) => unknown {
  return (x) => {
    if (compareDecimal(x, 0) > 0) notOfDecimal(name)(x);
    return logarithm(name, code, Math.log, Number(x.toString()));
  };
}

function logarithmTo(value: unknown, base: unknown): unknown {
  if (isNullish(value) || isNullish(base)) return null;
  if (!isNumber(value)) fail(28756, `$log's argument must be numeric, not ${typeName(value)}`);
  if (!isNumber(base)) fail(28757, `$log's base must be numeric, not ${typeName(base)}`);
  const [x, y] = [plainNumber(value), plainNumber(base)];
  if (typeof x === "object" || typeof y === "object") throw new NotCompiled("$log of a Decimal128");
  const [a, b] = [Number(x), Number(y)];
  if (!(a > 0) && !Number.isNaN(a)) {
    fail(28758, `$log's argument must be a positive number, but is ${a}`);
  }
  if (!(b > 0 && b !== 1) && !Number.isNaN(b)) {
    fail(28759, `$log's base must be a positive number not equal to 1, but is ${b}`);
  }
  return makeDouble(libm.log(a) / libm.log(b));
}

function squareRoot(x: number): unknown {
  return x < 0 ? failSquareRoot() : makeDouble(Math.sqrt(x));
}

function failSquareRoot(): never {
  return fail(28714, "$sqrt's argument must be greater than or equal to 0");
}

function power(value: unknown, exponent: unknown): unknown {
  if (isNullish(value) || isNullish(exponent)) return null;
  if (!isNumber(value)) fail(28762, `$pow's base must be numeric, not ${typeName(value)}`);
  if (!isNumber(exponent)) {
    fail(28763, `$pow's exponent must be numeric, not ${typeName(exponent)}`);
  }
  const [x, y] = [plainNumber(value), plainNumber(exponent)];
  if (typeof x === "object" || typeof y === "object") {
    const isNegative = typeof y === "object" ? partsOf(y).negative : y < 0;
    if (isNegative && isZero(toDecimalParts(value))) failPower();
    throw new NotCompiled("$pow of a Decimal128");
  }
  const [base, to] = [Number(x), Number(y)];
  if (base === 0 && to < 0) failPower();
  if (typeOf(value) === Type.double || typeOf(exponent) === Type.double) {
    return makeDouble(libm.pow(base, to));
  }
  const whole = integerPower(BigInt(x), BigInt(y));
  if (whole === null) return makeDouble(libm.pow(base, to));
  return typeof x === "bigint" || typeof y === "bigint" ? whole : makeIntegerOf(whole);
}

function failPower(): never {
  return fail(28764, "$pow cannot take a base of 0 and a negative exponent");
}

/** Null where it isn't an int64. */
function integerPower(base: bigint, exponent: bigint): bigint | null {
  if (base === 0n) return exponent === 0n ? 1n : 0n;
  if (base === 1n) return 1n;
  if (base === -1n) return exponent % 2n === 0n ? 1n : -1n;
  if (exponent < 0n || exponent > 63n) return null;
  const power = base ** exponent;
  return power < INT64_MIN || power > INT64_MAX ? null : power;
}

/** The second operand is only looked at where the first one is a number. */
function arcTangent([yOf, xOf]: readonly Evaluate[]): Evaluate {
  return (root, frame) => {
    const y = yOf!(root, frame);
    if (isNullish(y)) return null;
    if (!isNumber(y)) fail(51044, `$atan2 only supports numeric types, not ${typeName(y)}`);
    const x = xOf!(root, frame);
    if (isNullish(x)) return null;
    if (!isNumber(x)) fail(51045, `$atan2 only supports numeric types, not ${typeName(x)}`);
    const [a, b] = [plainNumber(y), plainNumber(x)];
    if (typeof a === "object" || typeof b === "object") {
      throw new NotCompiled("$atan2 of a Decimal128");
    }
    return makeDouble(libm.atan2(Number(a), Number(b)));
  };
}
