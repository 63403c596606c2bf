/**
 * Compiles a query (`$match`) to predicates, all of which must hold. MongoDB's rules for queries are
 * not those of expressions: see `elements.ts` and `comparisons.ts`.
 */
import type { Document } from "../../../contract/document.ts";
import { canonicalText } from "../canonical.ts";
import type { Context } from "../context.ts";
import { FilterError, NotCompiled } from "../errors.ts";
import { fieldOf } from "../paths.ts";
import { type Reads, readsOf, union } from "../reads.ts";
import { isNumber, isObject, isTruthy, plainNumber } from "../values.ts";
import type { Comparison } from "./comparisons.ts";
import { compileField, isOperators, onPath, queriesOf } from "./conditions.ts";
import type { Test } from "./elements.ts";
import { notCompiled } from "./elsewhere.ts";

export interface Predicate {
  /** The same for predicates that say the same. */
  readonly key: string;
  readonly reads: Reads;
  test(document: Document): boolean;
  /** Where all that it reads is one field: that field, and the test of its value. `key` leaves out its name. */
  readonly field?: { readonly name: string; readonly key: string; readonly test: Test };
  /** Where it compares one number: what an index can go by. */
  readonly bound?: Bound;
  /** What it costs, about, in comparisons. */
  readonly cost: number;
  /** The expression that it evaluates, which may fail; a query without one never does. */
  readonly expression?: unknown;
  /** Evaluates all of its expressions, whether they matter or not. */
  probe?(document: Document): void;
}

export interface Bound {
  readonly path: readonly string[];
  readonly operator: Comparison;
  readonly limit: number;
}

/** What conditions cost, in comparisons. */
const COSTS: Readonly<Record<string, number>> = {
  $elemMatch: 30,
  $regex: 20,
  $all: 5,
  $geoWithin: 20,
};
const EXPRESSION_COST = 50;

/** Throws `NotCompiled` for what isn't known here, or isn't a query at all. */
export function compileQuery(query: unknown, context: Context): Predicate[] {
  if (!isObject(query)) throw new NotCompiled("$match needs an object");
  const direct: Predicate[] = [];
  // MongoDB asks what stands within an `$and` last, which shows where something fails.
  const within: Predicate[] = [];
  for (const [name, operand] of Object.entries(query)) {
    if (name === "$and" || name === "$or" && queriesOf(operand).length === 1) {
      const inner = queriesOf(operand).flatMap((each) => compileQuery(each, context));
      (inner.length === 1 ? direct : within).push(...inner);
    } else direct.push(...compileEntry(name, operand, context));
  }
  return [...direct, ...within];
}

function compileEntry(name: string, operand: unknown, context: Context): Predicate[] {
  if (!name.startsWith("$")) return compilePath(name, operand);
  switch (name) {
    case "$or":
      return [compileOr(operand, context)];
    case "$nor":
      return [compileNor(operand, context)];
    case "$expr":
      return compileExpr(operand, context);
    case "$comment":
      return [];
    default:
      throw notCompiled(name);
  }
}

/** A predicate for each operator, so that each may be known from another filter. */
function compilePath(name: string, operand: unknown): Predicate[] {
  const path = name.split(".");
  if (path.some((part) => part.startsWith("$"))) throw new NotCompiled(`${name} as a path`);
  // One that isn't an operator, behind one that is, is refused; by itself it would be a document.
  const parts = isOperators(operand) && !("$regex" in operand) &&
      Object.keys(operand).every((each) => each.startsWith("$"))
    ? Object.entries(operand).map(([operator, value]): Document => ({ [operator]: value }))
    : [operand];
  return parts.map((part) => {
    const test = onPath({ kind: "every", inner: compileField(part) }, path);
    const [first, ...rest] = path as [string, ...string[]];
    const bound = boundOf(path, part);
    return {
      key: `${canonicalText(name)}:${canonicalText(part)}`,
      reads: new Set([first]),
      test: (document) => test(fieldOf(document, first)),
      field: { name: first, key: canonicalText([rest, part]), test },
      ...bound && { bound },
      cost: isObject(part) ? COSTS[Object.keys(part)[0]!] ?? 1 : 1,
    };
  });
}

function boundOf(path: readonly string[], part: unknown): Bound | undefined {
  const [[operator, value]] = isOperators(part)
    ? Object.entries(part) as [[string, unknown]]
    : [["$eq", part]];
  if (!isNumber(value)) return undefined;
  const limit = plainNumber(value);
  if (typeof limit !== "number" || Number.isNaN(limit)) return undefined;
  switch (operator) {
    case "$eq":
    case "$gt":
    case "$gte":
    case "$lt":
    case "$lte":
      return { path, operator, limit };
  }
}

function compileOr(operand: unknown, context: Context): Predicate {
  const ways = alternativesOf(operand).map((each) => compileQuery(each, context));
  return combined(
    "$or",
    ways,
    (document) => ways.some((way) => way.every((each) => each.test(document))),
  );
}

/** Those of an `$or` within an `$or` come last. */
function alternativesOf(operand: unknown): Document[] {
  const queries = queriesOf(operand).map(unwrapped);
  const isOr = (query: Document) => Object.keys(query).length === 1 && "$or" in query;
  return [
    ...queries.filter((query) => !isOr(query)),
    ...queries.filter(isOr).flatMap(({ $or }) => alternativesOf($or)),
  ];
}

/** An `$and` or `$or` of one query is that query. */
function unwrapped(query: Document): Document {
  const [[name, operand] = [], ...others] = Object.entries(query);
  if (others.length > 0 || name !== "$and" && name !== "$or") return query;
  const queries = queriesOf(operand);
  return queries.length === 1 ? unwrapped(queries[0]!) : query;
}

function compileNor(operand: unknown, context: Context): Predicate {
  const ways = queriesOf(operand).map((each) => compileQuery(each, context));
  return combined(
    "$nor",
    ways,
    (document) => !ways.some((way) => way.every((each) => each.test(document))),
  );
}

function combined(
  name: string,
  ways: readonly (readonly Predicate[])[],
  test: (document: Document) => boolean,
): Predicate {
  const all = ways.flat();
  const reads = union(all.map((each) => each.reads));
  const expressions = all.flatMap(({ expression }) => expression === undefined ? [] : [expression]);
  const [only] = reads === null || reads.size !== 1 ? [] : reads;
  const ofField = all.every(({ field }) => field !== undefined);
  const key = `${name}:[${ways.map((way) => way.map(({ key }) => key).join()).join(";")}]`;
  const mayFail = all.filter(({ probe }) => probe !== undefined);
  const probe = (document: Document) => mayFail.forEach((each) => each.probe!(document));
  return {
    key,
    reads,
    test: mayFail.length === 0 ? test : (document) => unlessFailing(document, test, probe),
    ...mayFail.length > 0 && { probe },
    ...only !== undefined && ofField && {
      field: { name: only, key, test: (value) => test({ [only]: value }) },
    },
    cost: all.reduce((sum, { cost }) => sum + cost, 0),
    ...expressions.length > 0 && { expression: expressions },
  };
}

/**
 * Which of several alternatives MongoDB looks at first is its choice, and so it is whether one that
 * fails is looked at: where that matters, only MongoDB can tell.
 */
function unlessFailing(
  document: Document,
  test: (document: Document) => boolean,
  probe: (document: Document) => void,
): boolean {
  try {
    if (!test(document)) return false;
    probe(document);
    return true;
  } catch (error) {
    if (error instanceof FilterError) throw new NotCompiled("an alternative that fails");
    throw error;
  }
}

/** Each of the parts of an `$and` by itself. */
function compileExpr(expression: unknown, context: Context): Predicate[] {
  if (isObject(expression) && Array.isArray(expression.$and)) {
    return expression.$and.flatMap((each) => compileExpr(each, context));
  }
  const compute = context.at("$expr").compile(expression);
  const test = (document: Document) => isTruthy(compute(document));
  return [{
    key: `$expr:${canonicalText(expression)}`,
    reads: readsOf(expression),
    test,
    cost: EXPRESSION_COST,
    expression,
    probe: test,
  }];
}
