/** Comparisons, which are over all types, and the logic of what is true. */
import { compare, isTruthy } from "../values.ts";
import { binary, compileArguments, join, type Operator, type Operators, unary } from "./define.ts";
import { computed, constant, type Evaluate, folded } from "./expression.ts";

export const COMPARISON: Operators = {
  $cmp: binary((a, b) => Math.sign(compare(a, b))),
  $eq: comparing((order) => order === 0, (a, b) => a === b),
  $ne: comparing((order) => order !== 0, (a, b) => a !== b),
  $gt: comparing((order) => order > 0, (a, b) => a > b),
  $gte: comparing((order) => order >= 0, (a, b) => a >= b),
  $lt: comparing((order) => order < 0, (a, b) => a < b),
  $lte: comparing((order) => order <= 0, (a, b) => a <= b),
};

export const LOGIC: Operators = {
  $and: logical(false, (operands) => (root, frame) => {
    for (const operand of operands) {
      if (!isTruthy(operand(root, frame))) return false;
    }
    return true;
  }),
  $or: logical(true, (operands) => (root, frame) => {
    for (const operand of operands) {
      if (isTruthy(operand(root, frame))) return true;
    }
    return false;
  }),
  $not: unary((value) => !isTruthy(value)),
};

/** JavaScript compares two numbers in the same way, NaN aside. */
function comparing(
  accepts: (order: number) => boolean,
  ofNumbers: (a: number, b: number) => boolean,
): Operator {
  return (argument, scope, name) => {
    const parts = compileArguments(argument, scope, name, 2);
    const [a, b] = [parts[0]!.evaluate, parts[1]!.evaluate];
    const limit = parts[1]!.constant?.value;
    if (typeof limit === "number" && !Number.isNaN(limit)) {
      return folded(parts, (root, frame) => {
        const value = a(root, frame);
        return typeof value === "number" && value === value
          ? ofNumbers(value, limit)
          : accepts(compare(value, limit));
      });
    }
    return folded(parts, (root, frame) => {
      const [left, right] = [a(root, frame), b(root, frame)];
      return typeof left === "number" && typeof right === "number" && left === left &&
          right === right
        ? ofNumbers(left, right)
        : accepts(compare(left, right));
    });
  };
}

/** `decisive`: the value of one operand that settles it, whatever the others are or throw. */
function logical(
  decisive: boolean,
  combine: (operands: readonly Evaluate[]) => Evaluate,
): Operator {
  return (argument, scope, name) => {
    const parts = compileArguments(argument, scope, name, 0, Infinity);
    const joined = join(parts, name, true, combine, scope);
    const operands = joined.joined?.operands;
    const last = operands?.at(-1)?.constant;
    if (operands === undefined || last === undefined) return joined;
    if (joined.failure !== undefined) return joined;
    if (isTruthy(last.value) === decisive) return constant(decisive);
    const rest = operands.slice(0, -1);
    const evaluate = combine(rest.map((part) => part.evaluate));
    return computed(rest, evaluate, rest.length > 1 ? { joined: { name, operands: rest } } : {});
  };
}
