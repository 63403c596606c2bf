/** `$sum`, `$avg` and their kind as expressions: of one array, or of several values. */
import { spend } from "../budget.ts";
import { partsOf } from "../decimal.ts";
import { decimalOf, divideDecimals, doubleOfDecimal, toDecimal128 } from "../decimal_arithmetic.ts";
import { makeDouble, wholeNumber } from "../numbers.ts";
import { Sum } from "../summation.ts";
import { compare, isNullish, isNumber, plainNumber, typeOf } from "../values.ts";
import { FIRST, LAST } from "./arrays.ts";
import {
  compileArguments,
  compileNamed,
  fail,
  join,
  type Operator,
  type Operators,
  typeName,
} from "./define.ts";
import { computed, type Evaluate, folded, unforeseen } from "./expression.ts";

export const ACCUMULATORS: Operators = {
  $sum: overValues(sum, "joined"),
  $avg: overValues(average),
  $min: overValues((values) => extreme(values, -1), "joined"),
  $max: overValues((values) => extreme(values, 1), "joined"),
  $stdDevPop: overValues((values) => standardDeviation(values, 0)),
  $stdDevSamp: overValues((values) => standardDeviation(values, 1)),
  $first: FIRST,
  $last: LAST,
  $firstN: overArray((items, n) => items.slice(0, n)),
  $lastN: overArray((items, n) => items.slice(-n)),
  $minN: overArray(lowest),
  $maxN: overArray(highest),
};

/** Numbers only; nothing else counts. */
export function sum(values: readonly unknown[]): unknown {
  return sumOf(values).value;
}

export function average(values: readonly unknown[]): unknown {
  let count = 0;
  for (const value of values) if (isNumber(value)) count++;
  if (count === 0) return null;
  const total = sumOf(values);
  return total.isDecimal
    ? toDecimal128(divideDecimals(total.decimal, decimalOf(count)))
    : makeDouble(total.double / count);
}

function sumOf(values: readonly unknown[]): Sum {
  const total = new Sum();
  for (const value of values) {
    if (isNumber(value)) total.add(plainNumber(value), typeOf(value));
  }
  return total;
}

/** The lowest (-1) or highest (1) that isn't null or missing, the first of equal ones; else null. */
export function extreme(values: readonly unknown[], side: 1 | -1): unknown {
  let found: unknown;
  for (const value of values) {
    if (isNullish(value)) continue;
    if (found === undefined || side * compare(value, found) > 0) found = value;
  }
  return found ?? null;
}

/** By Welford's method, as doubles; `fewer` is 1 for that of a sample. */
export function standardDeviation(values: readonly unknown[], fewer: 0 | 1): unknown {
  let count = 0;
  let mean = 0;
  let squares = 0;
  for (const each of values) {
    if (!isNumber(each)) continue;
    const plain = plainNumber(each);
    const value = typeof plain === "object" ? doubleOfDecimal(partsOf(plain)) : Number(plain);
    count++;
    const delta = value - mean;
    if (delta !== 0) {
      mean += delta / count;
      squares += delta * (value - mean);
    }
  }
  return count <= fewer ? null : makeDouble(Math.sqrt(squares / (count - fewer)));
}

/** Of a single operand that is an array, its items; else the operands themselves. */
export function overValues(
  compute: (values: readonly unknown[]) => unknown,
  joined?: "joined",
): Operator {
  const ofMany = (operands: readonly Evaluate[]): Evaluate => (root, frame) =>
    compute(operands.map((operand) => operand(root, frame)));
  return (argument, scope, name) => {
    const parts = compileArguments(argument, scope, name, 0, Infinity);
    if (parts.length !== 1) {
      return joined
        ? join(parts, name, true, ofMany, scope)
        : folded(parts, ofMany(parts.map(({ evaluate }) => evaluate)));
    }
    const { evaluate } = parts[0]!;
    return folded(parts, (root, frame) => {
      const value = evaluate(root, frame);
      if (!Array.isArray(value)) return compute([value]);
      spend(value.length);
      return compute(value);
    });
  };
}

function overArray(take: (items: readonly unknown[], n: number) => unknown[]): Operator {
  return (argument, scope, name) => {
    const given = compileNamed(argument, scope.asWritten(), name, {
      unknown: 5787901,
      notObject: 5787801,
      names: { input: 5787907, n: 5787906 },
    });
    const [input, n] = [unforeseen(given.input!), unforeseen(given.n!)];
    return computed([input, n], (root, frame) => {
      const count = toCount(name, n.evaluate(root, frame));
      const array = input.evaluate(root, frame);
      if (!Array.isArray(array)) fail(5788200, `Input must be an array: ${typeName(array)}`);
      spend(array.length);
      return take(array, count);
    });
  };
}

export function toCount(name: string, value: unknown): number {
  const whole = wholeNumber(value, 64);
  if (whole === null) {
    fail(5787902, `Value for 'n' of ${name} must be integral: ${typeName(value)}`);
  }
  if (whole! <= 0n) fail(5787908, `'n' of ${name} must be greater than 0, found ${whole}`);
  return Number(whole);
}

export function lowest(items: readonly unknown[], n: number): unknown[] {
  return items.filter((item) => !isNullish(item)).sort(compare).slice(0, n);
}

/** Of equal ones the first are taken, and the last of them comes first. */
export function highest(items: readonly unknown[], n: number): unknown[] {
  const present = items.filter((item) => !isNullish(item)).map((item, at) => ({ item, at }));
  const taken = present.sort((a, b) => compare(b.item, a.item)).slice(0, n);
  return taken.sort((a, b) => compare(b.item, a.item) || b.at - a.at).map(({ item }) => item);
}
