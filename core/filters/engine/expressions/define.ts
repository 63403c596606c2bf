/** How operators of one to many arguments are made from functions of their values. */
import type { Document } from "../../../contract/document.ts";
import { FilterError } from "../errors.ts";
import { isObject, TYPE_NAMES, typeOf } from "../values.ts";
import {
  areConstant,
  computed,
  constant,
  type Evaluate,
  type Expression,
  folded,
  withFailureOf,
} from "./expression.ts";
import type { Scope } from "./scope.ts";

/** Compiles one operator: `name` begins with `$`, and the scope's place ends with it. */
export type Operator = (argument: unknown, scope: Scope, name: string) => Expression;
export type Operators = Readonly<Record<string, Operator>>;

export function unary(compute: (value: unknown) => unknown): Operator {
  return (argument, scope, name) => {
    const parts = compileArguments(argument, scope, name, 1);
    const { evaluate } = parts[0]!;
    return folded(parts, (root, frame) => compute(evaluate(root, frame)));
  };
}

export function binary(compute: (a: unknown, b: unknown) => unknown): Operator {
  return (argument, scope, name) => {
    const parts = compileArguments(argument, scope, name, 2);
    const [a, b] = [parts[0]!.evaluate, parts[1]!.evaluate];
    return folded(parts, (root, frame) => compute(a(root, frame), b(root, frame)));
  };
}

export function ternary(compute: (a: unknown, b: unknown, c: unknown) => unknown): Operator {
  return (argument, scope, name) => {
    const parts = compileArguments(argument, scope, name, 3);
    const [a, b, c] = parts.map(({ evaluate }) => evaluate) as [Evaluate, Evaluate, Evaluate];
    return folded(
      parts,
      (root, frame) => compute(a(root, frame), b(root, frame), c(root, frame)),
    );
  };
}

/** Of `min` to `max` arguments, evaluated one by one as they are asked for. */
export function ranged(
  min: number,
  max: number,
  combine: (operands: readonly Evaluate[], name: string) => Evaluate,
): Operator {
  return (argument, scope, name) => {
    const parts = compileArguments(argument, scope, name, min, max);
    return folded(parts, combine(parts.map(({ evaluate }) => evaluate), name));
  };
}

export interface Joining {
  /** Constants may be moved behind all other operands. */
  readonly commutative: boolean;
}

/**
 * Of any number of arguments, an operator of which a(b(x, y), z) is a(x, y, z): operands of the same
 * operator are taken in, and constants that come together (or, where order doesn't matter, all of
 * them) are computed beforehand. As MongoDB does it, since it shows in sums and in errors.
 */
export function joining(
  { commutative }: Joining,
  combine: (operands: readonly Evaluate[]) => Evaluate,
): Operator {
  return (argument, scope, name) => {
    const parts = compileArguments(argument, scope, name, 0, Infinity);
    return join(parts, name, commutative, combine, scope);
  };
}

export function join(
  parts: readonly Expression[],
  name: string,
  commutative: boolean,
  combine: (operands: readonly Evaluate[]) => Evaluate,
  { isAsWritten }: Scope,
): Expression {
  const evaluateAll = (some: readonly Expression[]) =>
    combine(some.map(({ evaluate }) => evaluate));
  if (areConstant(parts) || isAsWritten) return folded(parts, evaluateAll(parts));
  const operands: Expression[] = [];
  let constants: Expression[] = [];
  const settle = () => {
    if (constants.length > 1) operands.push(folded(constants, evaluateAll(constants)));
    else operands.push(...constants);
    constants = [];
  };
  const waiting = parts.toReversed();
  while (waiting.length > 0) {
    const part = waiting.pop()!;
    if (part.constant !== undefined) constants.push(part);
    else if (part.joined?.name === name) waiting.push(...part.joined.operands.toReversed());
    else {
      if (!commutative) settle();
      operands.push(part);
    }
  }
  settle();
  const expression = computed(operands, evaluateAll(operands), { joined: { name, operands } });
  return withFailureOf(parts, expression);
}

/** The operands of an operator that takes a list of them, or one by itself. */
export function compileArguments(
  argument: unknown,
  scope: Scope,
  name: string,
  min: number,
  max = min,
): Expression[] {
  const isList = Array.isArray(argument);
  const list: readonly unknown[] = isList ? argument : [argument];
  if (list.length < min || list.length > max) {
    const wanted = min === max ? `exactly ${min}` : `at least ${min} and at most ${max}`;
    throw scope.error(
      min === max ? 16020 : 28667,
      `Expression ${name} takes ${wanted} arguments. ${list.length} were passed in.`,
    );
  }
  return list.map((each, i) => isList ? scope.compile(each ?? null, i) : scope.compile(each));
}

export interface Named {
  /** The error for an argument of this name that there isn't. */
  readonly unknown: number;
  readonly notObject: number;
  /** By name: the error where it isn't given; null where it needn't be. */
  readonly names: Readonly<Record<string, number | null>>;
}

/** The arguments of an operator that takes an object of them, not compiled yet. */
export function namedArguments(
  argument: unknown,
  scope: Scope,
  name: string,
  named: Named,
): Document {
  if (!isObject(argument)) {
    throw scope.error(
      named.notObject,
      `${name} only supports an object as its argument, found ${typeName(argument)}`,
    );
  }
  for (const given of Object.keys(argument)) {
    if (!Object.hasOwn(named.names, given)) {
      throw scope.error(named.unknown, `Unrecognized argument to ${name}: ${given}`);
    }
  }
  for (const [needed, code] of Object.entries(named.names)) {
    if (code !== null && !Object.hasOwn(argument, needed)) {
      throw scope.error(code, `Missing '${needed}' parameter to ${name}`);
    }
  }
  return argument;
}

/** All arguments of an operator that takes an object, compiled; null where one isn't given. */
export function compileNamed(
  argument: unknown,
  scope: Scope,
  name: string,
  named: Named,
): Record<string, Expression | undefined> {
  const given = namedArguments(argument, scope, name, named);
  return Object.fromEntries(
    Object.keys(given).map((each) => [each, scope.compile(given[each], each)]),
  );
}

export function given(...parts: readonly (Expression | undefined)[]): Expression[] {
  return parts.filter((part) => part !== undefined);
}

export const NULL = constant(null);

export function typeName(value: unknown): string {
  return TYPE_NAMES.get(typeOf(value)) ?? "unknown";
}

export function fail(code: number, message: string): never {
  throw new FilterError(code, message);
}
