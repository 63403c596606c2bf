/** Where a computed value comes from: the expression that gave it, and the values that it was given. */
import type { Document } from "../../contract/document.ts";
import type { Ingredient, MadeOf } from "../../contract/filter_reports.ts";
import { getPath } from "../engine/paths.ts";
import { isNumber, isObject, isTruthy } from "../engine/values.ts";
import { expressionText } from "../words/expression_text.ts";
import { brief } from "../words/value_text.ts";

/** How many times an ingredient is itself taken apart. */
const LEVELS = 2;
/** More fields than this in one expression are not all told. */
const INGREDIENTS_MAX = 8;

/** A stage, and the first document that came into it. */
export interface Before {
  readonly stage: Document;
  readonly document: Document;
}

/** What the value at the path was computed from, by the stages before; undefined: it wasn't. */
export function madeOf(
  path: string,
  before: readonly Before[],
  levels = LEVELS,
): MadeOf | undefined {
  const names = path.split(".");
  for (let at = before.length - 1; at >= 0; at--) {
    const found = definitionOf(before[at]!.stage, names);
    if (found === "unchanged") continue;
    if (found === "unknown") return undefined;
    return madeFrom(found.expression, before.slice(0, at + 1), levels);
  }
  return undefined;
}

/** What an expression is given in the last of these stages. */
export function madeFrom(
  expression: unknown,
  before: readonly Before[],
  levels = LEVELS,
): MadeOf | undefined {
  const paths = [...new Set(pathsIn(expression))].slice(0, INGREDIENTS_MAX);
  if (paths.length === 0) return undefined;
  return {
    formula: expressionText(expression),
    stage: before.length,
    of: paths.map((each) => ingredient(each, before, levels)),
  };
}

function ingredient(path: string, before: readonly Before[], levels: number): Ingredient {
  const value = getPath(before.at(-1)!.document, path.split("."));
  const made = levels > 1 ? madeOf(path, before.slice(0, -1), levels - 1) : undefined;
  return {
    path,
    ...value !== undefined && { value: brief(value) },
    ...Array.isArray(value) && { count: value.length },
    ...made && { made_of: made },
  };
}

type Definition = { readonly expression: unknown } | "unchanged" | "unknown";

function definitionOf(stage: Document, names: readonly string[]): Definition {
  const [[name, specification]] = Object.entries(stage) as [[string, unknown]];
  switch (name) {
    case "$addFields":
    case "$set":
      return fieldOf(specification, names, "unchanged");
    case "$project": {
      const keepsOthers = isObject(specification) &&
        Object.entries(specification).some(([field, shown]) =>
          field !== "_id" && isFlag(shown) && !isTruthy(shown)
        );
      return fieldOf(specification, names, keepsOthers ? "unchanged" : "unknown");
    }
    case "$group":
      return fieldOf(specification, names, "unknown");
    case "$replaceRoot":
      return fieldOf(isObject(specification) ? specification.newRoot : {}, names, "unknown");
    case "$replaceWith":
      return fieldOf(specification, names, "unknown");
    case "$unwind":
    case "$match":
    case "$sort":
    case "$limit":
    case "$skip":
    case "$unset":
      return "unchanged";
    default:
      return "unknown";
  }
}

/** What a specification of fields says of one: by its path, dotted or nested, or by one above it. */
function fieldOf(
  specification: unknown,
  names: readonly string[],
  otherwise: "unchanged" | "unknown",
): Definition {
  if (!isObject(specification)) return "unknown";
  for (let length = names.length; length > 0; length--) {
    const value = specification[names.slice(0, length).join(".")];
    if (value === undefined) continue;
    if (isFlag(value)) return "unchanged";
    const rest = names.slice(length);
    const isFields = isObject(value) && !Object.keys(value)[0]?.startsWith("$");
    if (!isFields) return { expression: value };
    return rest.length === 0 ? { expression: value } : fieldOf(value, rest, otherwise);
  }
  return otherwise;
}

function isFlag(value: unknown): boolean {
  return typeof value === "boolean" || isNumber(value);
}

/** Fields of the document that an expression reads, not those of its variables. */
function pathsIn(expression: unknown): string[] {
  if (typeof expression === "string") {
    if (/^\$[^$]/.test(expression)) return [expression.slice(1)];
    const ofRoot = /^\$\$(?:ROOT|CURRENT)\.(.+)$/.exec(expression);
    return ofRoot ? [ofRoot[1]!] : [];
  }
  if (Array.isArray(expression)) return expression.flatMap(pathsIn);
  if (!isObject(expression)) return [];
  return Object.entries(expression)
    .flatMap(([name, inner]) => name === "$literal" || name === "$const" ? [] : pathsIn(inner));
}
