/** Functions and arithmetic of SQL as expressions of MongoDB: null where SQL gives null. */
import type { Document } from "../../contract/document.ts";
import type { Sign } from "./sql_parser.ts";

/** From expressions to an expression; undefined where it takes another number of operands. */
type Make = (operands: readonly unknown[]) => unknown;

export function arithmetic(sign: Sign, left: unknown, right: unknown): unknown {
  switch (sign) {
    case "+":
      return { $add: [left, right] };
    case "-":
      return { $subtract: [left, right] };
    case "*":
      return { $multiply: [left, right] };
    case "/":
      return { $divide: [left, nonZero(right)] };
    case "%":
      return { $mod: [left, nonZero(right)] };
  }
}

/** SQL divides by zero to null, where MongoDB fails. */
function nonZero(divisor: unknown): unknown {
  return typeof divisor === "number" && divisor !== 0
    ? divisor
    : where(divisor, { $ne: ["$$x", 0] });
}

/**
 * The operand where a condition on it (`$$x`) holds, else null, of which MongoDB's functions make null.
 * Around the function it wouldn't do: MongoDB computes constants beforehand, and fails. Operands are
 * written once: they nest.
 */
function where(operand: unknown, condition: Document): unknown {
  return { $let: { vars: { x: operand }, in: { $cond: [condition, "$$x", null] } } };
}

const MS_PER_DAY = 86_400_000;
const UNIX_EPOCH_JD = 2_440_587.5;
const MJD_ZERO_JD = 2_400_000.5;

const ABOVE_ZERO = { $gt: ["$$x", 0] };
const WITHIN_ONE = { $lte: [{ $abs: "$$x" }, 1] };

/** Undefined: there is no such function here, or it takes another number of operands. */
export function call(name: string, operands: readonly unknown[]): unknown {
  const functions = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name]! : undefined;
  return functions?.[operands.length]?.(operands) ?? functions?.any?.(operands);
}

const FUNCTIONS: Readonly<
  Record<string, Readonly<Record<number, Make>> & { readonly any?: Make }>
> = {
  JDNOW: { 0: () => now(UNIX_EPOCH_JD) },
  MJDNOW: { 0: () => now(UNIX_EPOCH_JD - MJD_ZERO_JD) },
  PI: { 0: () => Math.PI },
  ABS: { 1: ([x]) => ({ $abs: x }) },
  EXP: { 1: ([x]) => ({ $exp: x }) },
  FLOOR: { 1: ([x]) => ({ $floor: x }) },
  CEIL: { 1: ([x]) => ({ $ceil: x }) },
  CEILING: { 1: ([x]) => ({ $ceil: x }) },
  SQRT: { 1: ([x]) => ({ $sqrt: where(x, { $gte: ["$$x", 0] }) }) },
  LOG10: { 1: ([x]) => ({ $log10: where(x, ABOVE_ZERO) }) },
  LN: { 1: ([x]) => ({ $ln: where(x, ABOVE_ZERO) }) },
  LOG: { 1: ([x]) => ({ $ln: where(x, ABOVE_ZERO) }) },
  SIN: { 1: ([x]) => ({ $sin: x }) },
  COS: { 1: ([x]) => ({ $cos: x }) },
  TAN: { 1: ([x]) => ({ $tan: x }) },
  ASIN: { 1: ([x]) => ({ $asin: where(x, WITHIN_ONE) }) },
  ACOS: { 1: ([x]) => ({ $acos: where(x, WITHIN_ONE) }) },
  ATAN: { 1: ([x]) => ({ $atan: x }), 2: ([y, x]) => ({ $atan2: [y, x] }) },
  ATAN2: { 2: ([y, x]) => ({ $atan2: [y, x] }) },
  RADIANS: { 1: ([x]) => ({ $degreesToRadians: x }) },
  DEGREES: { 1: ([x]) => ({ $radiansToDegrees: x }) },
  POW: { 2: power },
  POWER: { 2: power },
  MOD: { 2: ([x, y]) => arithmetic("%", x, y) },
  TRUNCATE: { 2: (both) => ({ $trunc: both }) },
  IFNULL: { 2: (both) => ({ $ifNull: both }) },
  COALESCE: { any: (all) => ({ $ifNull: [...all, null] }) },
  GREATEST: { any: (all) => unlessNull(all, { $max: "$$x" }) },
  LEAST: { any: (all) => unlessNull(all, { $min: "$$x" }) },
};

/** What takes text as well. */
export const OF_ANYTHING: ReadonlySet<string> = new Set([
  "IFNULL",
  "COALESCE",
  "GREATEST",
  "LEAST",
]);

/** Null where one of all (`$$x`) is. */
function unlessNull(all: readonly unknown[], expression: Document): unknown {
  return { $let: { vars: { x: all }, in: { $cond: [{ $in: [null, "$$x"] }, null, expression] } } };
}

/** Zero to a power below zero is null, and so is a root of what is below zero. */
function power([x, y]: readonly unknown[]): unknown {
  const isNone = {
    $or: [
      { $and: [{ $eq: ["$$x", 0] }, { $lt: ["$$y", 0] }] },
      { $and: [{ $lt: ["$$x", 0] }, { $ne: ["$$y", { $floor: "$$y" }] }] },
    ],
  };
  return { $let: { vars: { x, y }, in: { $pow: [{ $cond: [isNone, null, "$$x"] }, "$$y"] } } };
}

/** The time at which it runs, days since this Julian date. */
function now(epochJd: number): Document {
  return { $add: [{ $divide: [{ $toLong: "$$NOW" }, MS_PER_DAY] }, epochJd] };
}
