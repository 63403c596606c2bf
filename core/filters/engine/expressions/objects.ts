/** `$getField`, `$setField`, `$mergeObjects`, and the sizes of values. */
import { calculateObjectSize } from "bson";
import type { Document } from "../../../contract/document.ts";
import { spend } from "../budget.ts";
import { fieldOf } from "../paths.ts";
import { isNullish, isObject } from "../values.ts";
import { fail, namedArguments, type Operators, typeName, unary } from "./define.ts";
import { computed, constant, type Expression, unforeseen } from "./expression.ts";
import { copyOf, putField } from "./fields.ts";
import { overValues } from "./accumulators.ts";
import type { Scope } from "./scope.ts";

export const OBJECTS: Operators = {
  $getField: compileGetField,
  $setField: compileSetField,
  $unsetField: compileSetField,
  $mergeObjects: overValues(mergeAll),
  $bsonSize: unary((value) => {
    if (isNullish(value)) return null;
    if (!isObject(value)) fail(31393, `$bsonSize requires a document input: ${typeName(value)}`);
    return calculateObjectSize(value, { ignoreUndefined: true });
  }),
};

function compileGetField(argument: unknown, scope: Scope, name: string): Expression {
  const isNamed = isObject(argument) && !Object.keys(argument)[0]?.startsWith("$");
  const { field, input = "$$CURRENT" } = isNamed
    ? namedArguments(argument, scope, name, {
      unknown: 3041701,
      notObject: 3041701,
      names: { field: 3041702, input: 3041703 },
    })
    : { field: argument };
  const path = fieldName(field, name, scope);
  const from = unforeseen(scope.asWritten().compile(input, ...isNamed ? ["input"] : []));
  const { evaluate } = from;
  return computed([from], (root, frame) => {
    const value = evaluate(root, frame);
    if (value === null) return null;
    return isObject(value) ? fieldOf(value, path) : undefined;
  });
}

function compileSetField(argument: unknown, scope: Scope, name: string): Expression {
  const isUnset = name === "$unsetField";
  const names = { field: 4161102, input: 4161109 };
  const given = namedArguments(argument, scope, name, {
    unknown: 4161101,
    notObject: 4161100,
    names: isUnset ? names : { ...names, value: 4161103 },
  });
  const path = fieldName(given.field, name, scope);
  const written = scope.asWritten();
  const input = unforeseen(written.compile(given.input, "input"));
  const value = isUnset ? constant(undefined) : unforeseen(written.compile(given.value, "value"));
  return computed([input, value], (root, frame) => {
    const object = input.evaluate(root, frame);
    if (isNullish(object)) return null;
    if (!isObject(object)) {
      fail(4161105, `${name} requires 'input' to evaluate to type Object: ${typeName(object)}`);
    }
    const copy = copyOf(object);
    const put = value.evaluate(root, frame);
    // What is gone keeps its place, and comes back to it.
    if (put !== undefined) putField(copy, path, put);
    else if (Object.hasOwn(copy, path)) copy[path] = undefined;
    return copy;
  });
}

/** A name that is written as it is: not a path, and not what an operator makes. */
function fieldName(json: unknown, name: string, scope: Scope): string {
  const isQuoted = isObject(json) && ("$literal" in json || "$const" in json);
  const value = isQuoted ? json.$literal ?? json.$const : json;
  if (typeof value === "string" && (isQuoted || !value.startsWith("$"))) return value;
  throw scope.error(
    name === "$getField" ? 5654601 : 4161106,
    `${name} requires 'field' to be a constant string`,
  );
}

/** The fields of all; those of later objects win, at the place of the first. */
function mergeAll(objects: readonly unknown[]): Document {
  const merged: Document = {};
  for (const object of objects) {
    if (isNullish(object)) continue;
    if (!isObject(object)) {
      fail(40400, `$mergeObjects requires object inputs, but input is of type ${typeName(object)}`);
    }
    const names = Object.keys(object);
    spend(names.length);
    for (const name of names) putField(merged, name, object[name]);
  }
  return merged;
}
