/** Functions and arithmetic of SQL as expressions of MongoDB: null where SQL gives null. */
import type { Document } from "../../contract/document.ts";
import type { Sign } from "./sql_parser.ts";

/** From expressions to an expression; undefined where it takes another number of operands. */
type Make = (operands: readonly unknown[]) => unknown;

/** Null where one of the operands is, which MongoDB's own operators don't always say. */
export function unlessNull(operands: readonly unknown[], expression: unknown): unknown {
  const open = operands.filter((operand) => typeof operand !== "number");
  return open.length === 0
    ? expression
    : { $cond: [{ $and: open.map((operand) => ({ $gt: [operand, null] })) }, expression, null] };
}

export function arithmetic(sign: Sign, left: unknown, right: unknown): unknown {
  switch (sign) {
    case "+":
      return { $add: [left, right] };
    case "-":
      return { $subtract: [left, right] };
    case "*":
      return { $multiply: [left, right] };
    case "/":
      return nonZero(right, { $divide: [left, right] });
    case "%":
      return nonZero(right, { $mod: [left, right] });
  }
}

/** SQL divides by zero to null, where MongoDB fails. */
function nonZero(divisor: unknown, expression: Document): unknown {
  if (typeof divisor === "number" && divisor !== 0) return expression;
  return { $cond: [{ $eq: [divisor, 0] }, null, expression] };
}

const MS_PER_DAY = 86_400_000;
const UNIX_EPOCH_JD = 2_440_587.5;
const MJD_ZERO_JD = 2_400_000.5;

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
  SQRT: { 1: ([x]) => where({ $gte: [x, 0] }, { $sqrt: x }) },
  LOG10: { 1: ([x]) => where({ $gt: [x, 0] }, { $log10: x }) },
  LN: { 1: ([x]) => where({ $gt: [x, 0] }, { $ln: x }) },
  LOG: { 1: ([x]) => where({ $gt: [x, 0] }, { $ln: x }) },
  SIN: { 1: ([x]) => ({ $sin: x }) },
  COS: { 1: ([x]) => ({ $cos: x }) },
  TAN: { 1: ([x]) => ({ $tan: x }) },
  ASIN: { 1: ([x]) => where({ $lte: [{ $abs: x }, 1] }, { $asin: x }) },
  ACOS: { 1: ([x]) => where({ $lte: [{ $abs: x }, 1] }, { $acos: x }) },
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
  GREATEST: { any: (all) => unlessNull(all, { $max: all }) },
  LEAST: { any: (all) => unlessNull(all, { $min: all }) },
};

/** Zero to a power below zero is null. */
function power([x, y]: readonly unknown[]): unknown {
  return { $cond: [{ $and: [{ $eq: [x, 0] }, { $lt: [y, 0] }] }, null, { $pow: [x, y] }] };
}

function where(condition: Document, expression: Document): Document {
  return { $cond: [condition, expression, null] };
}

/** The time at which it runs, days since this Julian date. */
function now(epochJd: number): Document {
  return { $add: [{ $divide: [{ $toLong: "$$NOW" }, MS_PER_DAY] }, epochJd] };
}
