/** `$add` and its kind: result types are MongoDB's, from int32 over int64 and double to Decimal128. */
import { type Parts, partsOf } from "../decimal.ts";
import {
  absDecimal,
  addDecimals,
  divideDecimals,
  integerOfDecimal,
  isZero,
  moduloDecimals,
  multiplyDecimals,
  negateDecimal,
  toDecimal128,
} from "../decimal_arithmetic.ts";
import {
  INT64_MAX,
  INT64_MIN,
  makeDouble,
  makeInteger,
  toDate,
  toDecimalParts,
  toInt64OrLowest,
  toLong,
} from "../numbers.ts";
import { Sum } from "../summation.ts";
import { isInt32, isNullish, isNumber, plainNumber, Type, typeOf } from "../values.ts";
import { binary, fail, joining, type Operators, typeName, unary } from "./define.ts";
import type { Evaluate } from "./expression.ts";

export const ARITHMETIC: Operators = {
  $add: joining(
    { commutative: true },
    (operands) => operands.length === 2 ? addTwo(operands[0]!, operands[1]!) : addMany(operands),
  ),
  $multiply: joining(
    { commutative: true },
    (operands) =>
      operands.length === 2 ? multiplyTwo(operands[0]!, operands[1]!) : multiplyMany(operands),
  ),
  $subtract: binary(subtract),
  $divide: binary(divide),
  $mod: binary(modulo),
  $abs: unary(absolute),
};

function addTwo(first: Evaluate, second: Evaluate): Evaluate {
  return (root, frame) => {
    const a = first(root, frame);
    if (isNullish(a)) return null;
    if (typeof a !== "number") return addMany([() => a, second])(root, frame);
    const b = second(root, frame);
    if (typeof b !== "number") return addMany([() => a, () => b])(root, frame);
    // A sum begins with an integer 0, so that -0 is never one.
    return isInt32(a) && isInt32(b) ? makeInteger(a + b) : makeDouble(0 + a + b);
  };
}

function addMany(operands: readonly Evaluate[]): Evaluate {
  return (root, frame) => {
    const sum = new Sum();
    let hasDate = false;
    for (const operand of operands) {
      const value = operand(root, frame);
      if (isNullish(value)) return null;
      const type = typeOf(value);
      if (type === Type.date) {
        if (hasDate) fail(16612, "only one date allowed in an $add expression");
        hasDate = true;
        sum.addAsNumber(BigInt((value as Date).getTime()));
      } else if (isNumber(value)) sum.add(plainNumber(value), type);
      else fail(16554, `$add only supports numeric or date types, not ${typeName(value)}`);
    }
    return hasDate ? dateOf(sum) : sum.value;
  };
}

function dateOf(sum: Sum): Date {
  // What a decimal has no int64 for isn't an error there: it becomes the lowest.
  const ms = sum.isDecimal
    ? toInt64OrLowest(integerOfDecimal(sum.decimal, "ties to even"))
    : sum.long;
  return ms === null ? fail(15, "date overflow in $add") : toDate(ms);
}

function multiplyTwo(first: Evaluate, second: Evaluate): Evaluate {
  return (root, frame) => {
    const a = first(root, frame);
    if (isNullish(a)) return null;
    if (typeof a === "number") {
      const b = second(root, frame);
      if (typeof b === "number") {
        const product = a * b;
        if (!isInt32(a) || !isInt32(b)) return makeDouble(product);
        if (Number.isSafeInteger(product)) return makeInteger(product + 0); // Integers have no -0.
      }
      return multiplyMany([() => a, () => b])(root, frame);
    }
    return multiplyMany([() => a, second])(root, frame);
  };
}

function multiplyMany(operands: readonly Evaluate[]): Evaluate {
  return (root, frame) => {
    let product = ONE;
    for (const operand of operands) {
      const value = operand(root, frame);
      if (isNullish(value)) return null;
      if (!isNumber(value)) {
        fail(16555, `$multiply only supports numeric types, not ${typeName(value)}`);
      }
      product = multiply(product, value);
    }
    switch (product.type) {
      case Type.decimal:
        return toDecimal128(product.decimal!);
      case Type.double:
        return makeDouble(product.double);
      case Type.long:
        return BigInt(product.whole);
      default:
        return makeInteger(Number(product.whole));
    }
  };
}

/** As a double all along, since that is what it is once it doesn't fit an int64; and exactly so far. */
interface Product {
  readonly type: number;
  readonly double: number;
  readonly whole: number | bigint;
  readonly decimal?: Parts;
}

const ONE: Product = { type: Type.int, double: 1, whole: 1 };

function multiply(product: Product, value: unknown): Product {
  const factor = plainNumber(value);
  const other = typeOf(value);
  if (product.type === Type.decimal || other === Type.decimal) {
    const decimal = multiplyDecimals(decimalOfProduct(product), toDecimalParts(value));
    return { type: Type.decimal, double: NaN, whole: 0, decimal };
  }
  const double = product.double * Number(factor);
  if (product.type === Type.double || other === Type.double) {
    return { type: Type.double, double, whole: 0 };
  }
  const whole = multiplyWhole(product.whole, factor as number | bigint);
  if (whole === null) return { type: Type.double, double, whole: 0 };
  return { type: product.type === Type.long ? Type.long : other, double, whole };
}

/** Null where it isn't an int64. */
function multiplyWhole(a: number | bigint, b: number | bigint): number | bigint | null {
  if (typeof a === "number" && typeof b === "number") {
    const product = a * b + 0; // Integers have no -0.
    if (Number.isSafeInteger(product)) return product;
  }
  const exact = BigInt(a) * BigInt(b);
  return exact < INT64_MIN || exact > INT64_MAX ? null : exact;
}

function decimalOfProduct({ type, double, whole, decimal }: Product): Parts {
  return decimal ?? toDecimalParts(type === Type.double ? makeDouble(double) : BigInt(whole));
}

function subtract(a: unknown, b: unknown): unknown {
  if (typeof a === "number" && typeof b === "number") {
    return isInt32(a) && isInt32(b) ? makeInteger(a - b) : makeDouble(a - b);
  }
  if (isNumber(a) && isNumber(b)) return subtractNumbers(a, b);
  if (isNullish(a) || isNullish(b)) return null;
  if (typeOf(a) === Type.date) {
    const ms = BigInt((a as Date).getTime());
    if (typeOf(b) === Type.date) return ms - BigInt((b as Date).getTime());
    if (isNumber(b)) return toDate(ms - toLong(b));
  }
  return fail(14, `can't $subtract ${typeName(b)} from ${typeName(a)}`);
}

function subtractNumbers(a: unknown, b: unknown): unknown {
  const [x, y] = [plainNumber(a), plainNumber(b)];
  if (typeof x === "object" || typeof y === "object") {
    return toDecimal128(addDecimals(toDecimalParts(a), negateDecimal(toDecimalParts(b))));
  }
  if (isDoubleType(a) || isDoubleType(b)) return makeDouble(Number(x) - Number(y));
  const exact = BigInt(x) - BigInt(y);
  return exact < INT64_MIN || exact > INT64_MAX ? makeDouble(Number(x) - Number(y)) : exact;
}

function divide(a: unknown, b: unknown): unknown {
  if (isNumber(a) && isNumber(b)) {
    const [x, y] = [plainNumber(a), plainNumber(b)];
    if (typeof x !== "object" && typeof y !== "object") {
      if (Number(y) === 0) fail(2, "can't $divide by zero");
      return makeDouble(Number(x) / Number(y));
    }
    const divisor = toDecimalParts(b);
    if (isZero(divisor)) fail(2, "can't $divide by zero");
    return toDecimal128(divideDecimals(toDecimalParts(a), divisor));
  }
  if (isNullish(a) || isNullish(b)) return null;
  return fail(14, `$divide only supports numeric types, not ${typeName(a)} and ${typeName(b)}`);
}

function modulo(a: unknown, b: unknown): unknown {
  if (isNumber(a) && isNumber(b)) return moduloOfNumbers(a, b);
  if (isNullish(a) || isNullish(b)) return null;
  return fail(16611, `$mod only supports numeric types, not ${typeName(a)} and ${typeName(b)}`);
}

function moduloOfNumbers(a: unknown, b: unknown): unknown {
  const [x, y] = [plainNumber(a), plainNumber(b)];
  if (typeof x === "object" || typeof y === "object") {
    const divisor = toDecimalParts(b);
    if (isZero(divisor)) fail(16610, "can't $mod by zero");
    return toDecimal128(moduloDecimals(toDecimalParts(a), divisor));
  }
  const divisor = Number(y);
  if (divisor === 0) fail(16610, "can't $mod by zero");
  // A double that is an int32 in value divides as one.
  const dividesAsDouble = isDoubleType(b) && (divisor | 0) !== divisor;
  if (isDoubleType(a) || dividesAsDouble) return makeDouble(Number(x) % divisor);
  if (typeof x === "bigint" || typeof y === "bigint") return BigInt(x) % BigInt(y);
  return x % divisor + 0; // Integers have no -0.
}

function absolute(value: unknown): unknown {
  if (isNullish(value)) return null;
  if (!isNumber(value)) fail(28765, `$abs only supports numeric types, not ${typeName(value)}`);
  const plain = plainNumber(value);
  if (typeof plain === "object") return toDecimal128(absDecimal(partsOf(plain)));
  if (typeof plain === "number") {
    return isDoubleType(value) ? makeDouble(Math.abs(plain)) : makeInteger(Math.abs(plain));
  }
  if (plain === INT64_MIN) fail(28680, "can't take $abs of long long min");
  return plain < 0n ? -plain : plain;
}

function isDoubleType(value: unknown): boolean {
  return typeOf(value) === Type.double;
}
