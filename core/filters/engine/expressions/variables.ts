/** `$let`, what goes through an array with a variable (`$map`, `$filter`, `$reduce`), and constants. */
import type { Document } from "../../../contract/document.ts";
import { spend } from "../budget.ts";
import { makeDouble, wholeNumber } from "../numbers.ts";
import { isNullish, isObject, isTruthy } from "../values.ts";
import { fail, namedArguments, type Operator, type Operators, typeName } from "./define.ts";
import { computed, constant, type Expression } from "./expression.ts";
import { checkVariableName } from "./field_path.ts";
import type { Scope } from "./scope.ts";

export const VARIABLES: Operators = {
  $let: compileLet(),
  $map: compileMap(),
  $filter: compileFilter(),
  $reduce: compileReduce(),
  $literal: (argument) => constant(argument),
  $const: (argument) => constant(argument),
  $rand: random,
};

function random(argument: unknown, scope: Scope): Expression {
  const isEmpty = typeof argument === "object" && Object.keys(argument ?? { none: 0 }).length === 0;
  if (!isEmpty) throw scope.error(3040501, "$rand does not currently accept arguments");
  return { evaluate: () => makeDouble(Math.random()), free: new Set(), volatile: true };
}

function compileLet(): Operator {
  const named = { unknown: 16875, notObject: 16874, names: { vars: 16876, in: 16877 } };
  return (argument, scope, name) => {
    const { vars, in: body } = namedArguments(argument, scope, name, named);
    if (!isObject(vars)) throw scope.error(10065, "invalid parameter: expected an object (vars)");
    const values = Object.entries(vars).map(([each, json]) => {
      const expression = scope.compile(json, "vars", each);
      checkVariableName(each, scope.at("vars"));
      return { name: each, expression };
    });
    let inner = scope;
    const bound = values.map(({ name: each, expression }) => {
      const { scope: next, slot } = inner.bind(each, expression.origin);
      inner = next;
      return { slot, evaluate: expression.evaluate };
    });
    const result = inner.compile(body, "in");
    if (bound.length === 0) return result;
    const evaluate = result.evaluate;
    return computed([...values.map(({ expression }) => expression), result], (root, frame) => {
      for (const { slot, evaluate: value } of bound) frame[slot] = value(root, frame);
      return evaluate(root, frame);
    }, { binds: bound.map(({ slot }) => slot) });
  };
}

function compileMap(): Operator {
  const named = { unknown: 16879, notObject: 16878, names: { input: 16880, as: null, in: 16882 } };
  return (argument, scope, name) => {
    const given = namedArguments(argument, scope, name, named);
    const { input, body, slot } = compileLoop(given, "in", scope);
    const [items, compute] = [input.evaluate, body.evaluate];
    return computed([input, body], (root, frame) => {
      const array = items(root, frame);
      if (isNullish(array)) return null;
      if (!Array.isArray(array)) {
        fail(16883, `input to $map must be an array not ${typeName(array)}`);
      }
      spend(array.length);
      const made = new Array(array.length);
      for (let i = 0; i < array.length; i++) {
        frame[slot] = array[i];
        made[i] = compute(root, frame) ?? null;
      }
      return made;
    }, { binds: [slot] });
  };
}

function compileFilter(): Operator {
  const named = {
    unknown: 28647,
    notObject: 28646,
    names: { input: 28648, as: null, cond: 28650, limit: null },
  };
  return (argument, scope, name) => {
    const given = namedArguments(argument, scope, name, named);
    const { input, body, slot } = compileLoop(given, "cond", scope);
    const limit = "limit" in given ? scope.compile(given.limit, "limit") : undefined;
    const [items, test] = [input.evaluate, body.evaluate];
    const { origin } = input;
    return computed([input, body, ...limit ? [limit] : []], (root, frame) => {
      const array = items(root, frame);
      if (isNullish(array)) return null;
      if (!Array.isArray(array)) {
        fail(28651, `input to $filter must be an array not ${typeName(array)}`);
      }
      if (array.length === 0) return array;
      const most = limit === undefined ? Infinity : toLimit(limit.evaluate(root, frame));
      spend(array.length);
      const kept: unknown[] = [];
      for (let i = 0; i < array.length; i++) {
        frame[slot] = array[i];
        if (isTruthy(test(root, frame)) && kept.push(array[i]) >= most) break;
      }
      return kept;
    }, { binds: [slot], ...origin === undefined ? {} : { origin } });
  };
}

function toLimit(value: unknown): number {
  if (isNullish(value)) return Infinity;
  const whole = wholeNumber(value, 32);
  if (whole === null) fail(327391, "$filter: limit must be represented as a 32-bit integral value");
  if (whole! <= 0n) fail(327392, `$filter: limit must be greater than 0: ${whole}`);
  return Number(whole);
}

interface Loop {
  readonly input: Expression;
  /** Evaluated for each item, which is at the slot then. */
  readonly body: Expression;
  readonly slot: number;
}

function compileLoop(given: Document, bodyName: string, scope: Scope): Loop {
  const input = scope.compile(given.input, "input");
  const as = "as" in given ? given.as : "this";
  if (typeof as !== "string") {
    throw scope.error(16866, `the name of a variable must be a string, found ${typeName(as)}`);
  }
  checkVariableName(as, scope.at("as"));
  const { scope: inner, slot } = scope.bind(as, input.origin);
  return { input, body: inner.compile(given[bodyName], bodyName), slot };
}

function compileReduce(): Operator {
  const named = {
    unknown: 40076,
    notObject: 40075,
    names: { input: 40077, initialValue: 40078, in: 40079 },
  };
  return (argument, scope, name) => {
    const given = namedArguments(argument, scope, name, named);
    const input = scope.compile(given.input, "input");
    const initial = scope.compile(given.initialValue, "initialValue");
    const item = scope.bind("this", input.origin);
    const soFar = item.scope.bind("value");
    const body = soFar.scope.compile(given.in, "in");
    const [itemSlot, valueSlot] = [item.slot, soFar.slot];
    return computed([input, initial, body], (root, frame) => {
      const array = input.evaluate(root, frame);
      if (isNullish(array)) return null;
      if (!Array.isArray(array)) {
        fail(40080, `$reduce requires that 'input' be an array, found: ${typeName(array)}`);
      }
      spend(array.length);
      let value = initial.evaluate(root, frame);
      for (let i = 0; i < array.length; i++) {
        frame[itemSlot] = array[i];
        frame[valueSlot] = value;
        value = body.evaluate(root, frame);
      }
      return value;
    }, { binds: [itemSlot, valueSlot] });
  };
}
