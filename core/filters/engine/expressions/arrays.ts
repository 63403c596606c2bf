/** What looks into arrays, and takes parts of them. */
import { spend } from "../budget.ts";
import { wholeNumber } from "../numbers.ts";
import { equals, hashKey, isNullish, isNumber } from "../values.ts";
import {
  compileArguments,
  fail,
  type Operator,
  type Operators,
  ranged,
  typeName,
  unary,
} from "./define.ts";
import { type Evaluate, failing, folded } from "./expression.ts";

export const ARRAYS: Operators = {
  $isArray: unary((value) => Array.isArray(value)),
  $size: unary((value) =>
    Array.isArray(value)
      ? value.length
      : fail(17124, `The argument to $size must be an array, but was of type: ${typeName(value)}`)
  ),
  $arrayElemAt: keepingOrigin(
    2,
    2,
    ([array, index]) => (root, frame) =>
      itemAt("$arrayElemAt", array!(root, frame), index!(root, frame)),
  ),
  $slice: keepingOrigin(2, 3, slice),
  $reverseArray: keepingOrigin(1, 1, ([array]) => (root, frame) => reversed(array!(root, frame))),
  $in: isIn(),
  $indexOfArray: indexOf(),
  $range: ranged(2, 3, range),
};

/** `$first` and `$last` of one array. */
export const FIRST = keepingOrigin(
  1,
  1,
  ([array]) => (root, frame) => itemAt("$first", array!(root, frame), 0),
);
export const LAST = keepingOrigin(
  1,
  1,
  ([array]) => (root, frame) => itemAt("$last", array!(root, frame), -1),
);

/** What is taken from an array of the document has the array's path. */
function keepingOrigin(
  min: number,
  max: number,
  combine: (operands: readonly Evaluate[]) => Evaluate,
): Operator {
  return (argument, scope, name) => {
    const parts = compileArguments(argument, scope, name, min, max);
    const { origin } = parts[0]!;
    const evaluate = combine(parts.map((part) => part.evaluate));
    return folded(parts, evaluate, origin === undefined ? {} : { origin });
  };
}

function itemAt(name: string, array: unknown, index: unknown): unknown {
  if (isNullish(array) || isNullish(index)) return null;
  if (!Array.isArray(array)) {
    fail(28689, `${name}'s first argument must be an array, but is ${typeName(array)}`);
  }
  if (!isNumber(index)) {
    fail(28690, `${name}'s second argument must be a numeric value, but is ${typeName(index)}`);
  }
  return array.at(toInt32(index, 28691, `${name}'s second argument`));
}

/** A number of any type that is an int32 in value. */
function toInt32(value: unknown, code: number, what: string): number {
  const whole = wholeNumber(value, 32);
  if (whole === null) fail(code, `${what} must be representable as a 32-bit integer: ${value}`);
  return Number(whole);
}

function slice([arrayOf, positionOf, countOf]: readonly Evaluate[]): Evaluate {
  return (root, frame) => {
    const array = arrayOf!(root, frame);
    const position = positionOf!(root, frame);
    if (isNullish(array) || isNullish(position)) return null;
    if (!Array.isArray(array)) {
      fail(28724, `First argument to $slice must be an array, but is of type: ${typeName(array)}`);
    }
    if (!isNumber(position)) {
      fail(
        28725,
        `Second argument to $slice must be numeric, but is of type: ${typeName(position)}`,
      );
    }
    const at = toInt32(position, 28726, "Second argument to $slice");
    if (countOf === undefined) return at >= 0 ? array.slice(0, at) : array.slice(at);
    const start = at < 0 ? Math.max(0, array.length + at) : at;
    const count = countOf(root, frame);
    if (isNullish(count)) return null;
    if (!isNumber(count)) {
      fail(28727, `Third argument to $slice must be numeric, but is of type: ${typeName(count)}`);
    }
    const length = toInt32(count, 28728, "Third argument to $slice");
    if (length <= 0) fail(28729, `Third argument to $slice must be positive: ${length}`);
    return array.slice(start, start + length);
  };
}

function reversed(array: unknown): unknown {
  if (isNullish(array)) return null;
  if (!Array.isArray(array)) {
    fail(
      34435,
      `The argument to $reverseArray must be an array, but was of type: ${typeName(array)}`,
    );
  }
  spend(array.length);
  return array.toReversed();
}

/** From how many items on a constant list is looked up and not gone through. */
const LOOKED_UP_MIN = 8;

function isIn(): Operator {
  const lookUp = (value: unknown, array: unknown): boolean => {
    if (!Array.isArray(array)) {
      fail(40081, `$in requires an array as a second argument, found: ${typeName(array)}`);
    }
    spend(array.length);
    return array.some((item) => equals(item ?? null, value));
  };
  return (argument, scope, name) => {
    const parts = compileArguments(argument, scope, name, 2);
    const [value, array] = [parts[0]!.evaluate, parts[1]!.evaluate];
    const list = parts[1]!.constant?.value;
    if (Array.isArray(list) && list.length >= LOOKED_UP_MIN) {
      const keys = new Set(list.map((item) => hashKey(item ?? null)));
      return folded(parts, (root, frame) => keys.has(hashKey(value(root, frame))));
    }
    return folded(parts, (root, frame) => lookUp(value(root, frame), array(root, frame)));
  };
}

function indexOf(): Operator {
  return (argument, scope, name) => {
    const parts = compileArguments(argument, scope, name, 2, 4);
    const [array] = parts;
    const expression = folded(parts, indexOfItem(parts.map(({ evaluate }) => evaluate)));
    if (expression.constant || array!.constant === undefined) return expression;
    const list = array!.constant.value;
    if (isNullish(list)) return folded([], () => null);
    if (!Array.isArray(list)) {
      return failing(
        scope.error(50809, `First operand of $indexOfArray must be an array: ${typeName(list)}`),
      );
    }
    return expression;
  };
}

function indexOfItem([arrayOf, itemOf, startOf, endOf]: readonly Evaluate[]): Evaluate {
  return (root, frame) => {
    const array = arrayOf!(root, frame);
    if (isNullish(array)) return null;
    if (!Array.isArray(array)) {
      fail(40090, `$indexOfArray requires an array as a first argument, found: ${typeName(array)}`);
    }
    const start = startOf === undefined ? 0 : toIndex("$indexOfArray", startOf(root, frame));
    const last = endOf === undefined ? array.length : toIndex("$indexOfArray", endOf(root, frame));
    const item = itemOf!(root, frame);
    const end = Math.min(last, array.length);
    spend(Math.max(0, end - start));
    for (let i = start; i < end; i++) {
      if (equals(array[i] ?? null, item)) return i;
    }
    return -1;
  };
}

/** Where a search begins or ends: an int32 that isn't below zero. */
export function toIndex(name: string, value: unknown): number {
  const whole = wholeNumber(value, 32);
  if (whole === null) fail(40096, `${name} requires an integral index, found ${typeName(value)}`);
  if (whole! < 0n) fail(40097, `${name} requires a nonnegative index, found: ${whole}`);
  return Number(whole);
}

/** MongoDB gives no range that takes more memory than this, at 16 bytes an item. */
const RANGE_BYTES_MAX = 100 * 1024 * 1024;
const BYTES_OF_ITEM = 16;
const BYTES_OF_ARRAY = 24;

function range([startOf, endOf, stepOf]: readonly Evaluate[]): Evaluate {
  const toNumber = (value: unknown, code: number, what: string) => {
    if (!isNumber(value)) fail(code, `$range requires a numeric ${what}, found ${typeName(value)}`);
    return toInt32(value, code + 1, `$range's ${what}`);
  };
  return (root, frame) => {
    const [first, last] = [startOf!(root, frame), endOf!(root, frame)];
    const start = toNumber(first, 34443, "starting value");
    const end = toNumber(last, 34445, "ending value");
    const step = stepOf === undefined ? 1 : toNumber(stepOf(root, frame), 34447, "step value");
    if (step === 0) fail(34449, "$range requires a non-zero step value");
    const steps = Math.trunc((end - start) / step);
    const length = steps >= 0 ? 1 + steps : 0;
    if (BYTES_OF_ARRAY + length * BYTES_OF_ITEM >= RANGE_BYTES_MAX) {
      fail(146, `$range would use too much memory: ${length} items`);
    }
    spend(length);
    const items: number[] = [];
    for (let at = start; step > 0 ? at < end : at > end; at += step) items.push(at);
    return items;
  };
}
