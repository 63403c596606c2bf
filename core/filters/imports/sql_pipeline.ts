/**
 * A condition of SQL as queries of MongoDB. SQL's third truth, unknown, selects nothing: so a "not" is
 * carried down to what it is about, and nothing that is null fulfils a comparison.
 */
import type { Document } from "../../contract/document.ts";
import { arithmetic, call, OF_ANYTHING } from "./sql_functions.ts";
import type { ComparisonSign, Sql } from "./sql_parser.ts";

/** What a column is here: a path of the document, at the stage where the condition stands. */
export interface Resolved {
  readonly path: string;
  readonly isText: boolean;
}
export type ResolveColumn = (table: string | undefined, name: string) => Resolved;

/** There is nothing here for a part of the SQL. */
export class NoCounterpart extends Error {
  override name = "NoCounterpart";
  constructor(readonly what: string, readonly why: string) {
    super(`${what}: ${why}`);
  }
}

const OPERATORS: Readonly<Record<ComparisonSign, string>> = {
  "=": "$eq",
  "!=": "$ne",
  "<": "$lt",
  "<=": "$lte",
  ">": "$gt",
  ">=": "$gte",
};
const TURNED: Readonly<Record<ComparisonSign, ComparisonSign>> = {
  "=": "=",
  "!=": "!=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};
const OPPOSITE: Readonly<Record<ComparisonSign, ComparisonSign>> = {
  "=": "!=",
  "!=": "=",
  "<": ">=",
  "<=": ">",
  ">": "<=",
  ">=": "<",
};

/** What a document fulfils for which the condition is true (not `wanted`: false). Throws `NoCounterpart`. */
export function toQuery(sql: Sql, resolve: ResolveColumn, wanted = true): Document {
  switch (sql.kind) {
    case "and":
    case "or": {
      const parts = sql.operands.map((operand) => toQuery(operand, resolve, wanted));
      return (sql.kind === "and") === wanted ? { $and: parts } : { $or: parts };
    }
    case "not":
      return toQuery(sql.operand, resolve, !wanted);
    case "boolean":
      return sql.value === wanted ? {} : { $nor: [{}] };
    case "null":
      return { $nor: [{}] };
    case "is null":
      return nullQuery(sql.operand, resolve, wanted);
    case "between": {
      const { operand, from, to } = sql;
      const both: Sql = {
        kind: "and",
        operands: [
          { kind: "comparison", sign: ">=", left: operand, right: from },
          { kind: "comparison", sign: "<=", left: operand, right: to },
        ],
      };
      return toQuery(both, resolve, wanted);
    }
    case "in":
      return inQuery(sql, resolve, wanted);
    case "like":
      return likeQuery(sql, resolve, wanted);
    case "comparison": {
      const sign = wanted ? sql.sign : OPPOSITE[sql.sign];
      return comparisonQuery(sign, sql.left, sql.right, resolve);
    }
    default: {
      // A number by itself: it is true where it isn't 0.
      if (isText(sql, resolve)) throw new NoCounterpart(nameOf(sql), "a text isn't true or false");
      const zero: Sql = { kind: "number", value: 0 };
      return comparisonQuery(wanted ? "!=" : "=", sql, zero, resolve);
    }
  }
}

/** The value of an expression, null where SQL has null. Throws `NoCounterpart`. */
export function toExpression(sql: Sql, resolve: ResolveColumn): unknown {
  switch (sql.kind) {
    case "number":
      return sql.value;
    case "text":
      return { $literal: sql.value };
    case "null":
      return null;
    case "boolean":
      return sql.value ? 1 : 0;
    case "column":
      return `$${resolve(sql.table, sql.name).path}`;
    case "minus":
      return { $multiply: [-1, toNumber(sql.operand, resolve)] };
    case "arithmetic":
      return arithmetic(sql.sign, toNumber(sql.left, resolve), toNumber(sql.right, resolve));
    case "call": {
      if (sql.name === "IF" && sql.operands.length === 3) {
        throw new NoCounterpart("IF(...)", "a condition can't be a value here");
      }
      const toOperand = OF_ANYTHING.has(sql.name) ? toExpression : toNumber;
      const operands = sql.operands.map((operand) => toOperand(operand, resolve));
      const made = call(sql.name, operands);
      if (made !== undefined) return made;
      throw new NoCounterpart(`${sql.name}(...)`, "there is no such function here");
    }
    default:
      throw new NoCounterpart(
        `a condition within a computation`,
        "a condition can't be a value here",
      );
  }
}

/** The value of what is computed with: MongoDB makes no numbers of texts. */
function toNumber(sql: Sql, resolve: ResolveColumn): unknown {
  if (!isText(sql, resolve)) return toExpression(sql, resolve);
  throw new NoCounterpart(nameOf(sql), "a text can't be computed with here");
}

function isText(sql: Sql, resolve: ResolveColumn): boolean {
  return sql.kind === "text" || sql.kind === "column" && resolve(sql.table, sql.name).isText;
}

function nameOf(sql: Sql): string {
  return sql.kind === "text"
    ? `'${sql.value}'`
    : sql.kind === "column"
    ? [sql.table, sql.name].filter((part) => part !== undefined).join(".")
    : sql.kind;
}

function constantOf(sql: Sql): { readonly value: unknown } | undefined {
  switch (sql.kind) {
    case "number":
    case "text":
      return { value: sql.value };
    case "boolean":
      return { value: sql.value ? 1 : 0 };
    case "minus": {
      const inner = constantOf(sql.operand);
      return typeof inner?.value === "number" ? { value: -inner.value } : undefined;
    }
    default:
      return undefined;
  }
}

type ColumnSql = Sql & { kind: "column" };

function comparisonQuery(
  sign: ComparisonSign,
  left: Sql,
  right: Sql,
  resolve: ResolveColumn,
): Document {
  if (left.kind === "null" || right.kind === "null") return { $nor: [{}] };
  const [a, b] = [constantOf(left), constantOf(right)];
  if (left.kind === "column" && b !== undefined) return ofColumn(left, sign, b.value, resolve);
  if (right.kind === "column" && a !== undefined) {
    return ofColumn(right, TURNED[sign], a.value, resolve);
  }
  const sides = [left, right].map((side) => toExpression(side, resolve));
  const open = sides.filter((side) => typeof side !== "number");
  return {
    $expr: {
      $and: [
        // Null is below all numbers, and so must not be compared.
        ...open.map((side) => ({ $gt: [side, null] })),
        { [OPERATORS[sign]]: sides },
      ],
    },
  };
}

/** A query compares values of one type only; what isn't there is unequal, though, and not to SQL. */
function ofColumn(
  column: ColumnSql,
  sign: ComparisonSign,
  constant: unknown,
  resolve: ResolveColumn,
): Document {
  const { path } = resolve(column.table, column.name);
  const value = comparable(constant, column, resolve);
  return sign === "!="
    ? { [path]: { $nin: [value, null] } }
    : { [path]: sign === "=" ? value : { [OPERATORS[sign]]: value } };
}

/** With a number, SQL compares the number that a text says. Throws `NoCounterpart` for other texts. */
function comparable(constant: unknown, column: ColumnSql, resolve: ResolveColumn): unknown {
  const { isText } = resolve(column.table, column.name);
  if ((typeof constant === "string") === isText) return constant;
  const number = Number(constant);
  const isNumber = String(constant).trim() !== "" && Number.isFinite(number);
  if (!isText && isNumber) return number;
  throw new NoCounterpart(nameOf(column), "a text is compared with a number");
}

function nullQuery(operand: Sql, resolve: ResolveColumn, wanted: boolean): Document {
  if (operand.kind === "column") {
    const { path } = resolve(operand.table, operand.name);
    return { [path]: wanted ? null : { $ne: null } };
  }
  const value = toExpression(operand, resolve);
  return { $expr: wanted ? { $lte: [value, null] } : { $gt: [value, null] } };
}

/** Where what is looked for is computed: it is written once for each value. */
const COMPUTED_IN_MAX = 100;

function inQuery(
  { operand, values }: Sql & { kind: "in" },
  resolve: ResolveColumn,
  wanted: boolean,
): Document {
  const constants = values.flatMap((each) => constantOf(each) ?? []);
  if (constants.length === values.length && operand.kind === "column") {
    const { path } = resolve(operand.table, operand.name);
    const listed = constants.map(({ value }) => comparable(value, operand, resolve));
    return { [path]: wanted ? { $in: listed } : { $nin: [...listed, null] } };
  }
  if (values.length > COMPUTED_IN_MAX) {
    throw new NoCounterpart("IN (...)", `it can hold at most ${COMPUTED_IN_MAX} values here`);
  }
  const any: Sql = {
    kind: "or",
    operands: values.map((right) => ({ kind: "comparison", sign: "=", left: operand, right })),
  };
  return toQuery(any, resolve, wanted);
}

function likeQuery(
  { operand, pattern }: Sql & { kind: "like" },
  resolve: ResolveColumn,
  wanted: boolean,
): Document {
  if (operand.kind !== "column") {
    throw new NoCounterpart("LIKE", "it can only be of a column here");
  }
  const source = pattern.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
    .replaceAll("%", ".*").replaceAll("_", ".");
  // MySQL minds no case.
  const matches = { $regex: `^${source}$`, $options: "is" };
  const { path } = resolve(operand.table, operand.name);
  return { [path]: wanted ? matches : { $not: matches, $ne: null } };
}
