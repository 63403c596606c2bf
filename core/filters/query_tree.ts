/** A query (`$match`) taken apart: which conditions it is made of, each where it stands. */
import type { Document } from "../contract/document.ts";
import { isObject, Type, typeOf } from "./engine/values.ts";

export type QueryNode =
  | Group
  | NotNode
  | FieldCondition
  | ExpressionCondition
  | OtherCondition;

/** `$and` and all that is listed together; `$or`; `$nor`. */
export interface Group {
  readonly kind: "all" | "any" | "none";
  readonly place: Place;
  readonly parts: readonly QueryNode[];
}

export interface NotNode {
  readonly kind: "not";
  readonly place: Place;
  readonly inner: QueryNode;
}

/** One operator at one path. */
export interface FieldCondition {
  readonly kind: "field";
  readonly place: Place;
  readonly path: string;
  readonly operator: string;
  readonly operand: unknown;
  /** It alone, as a query. */
  readonly query: Document;
}

export interface ExpressionCondition {
  readonly kind: "expression";
  readonly place: Place;
  readonly expression: unknown;
}

/** What has no path: `$jsonSchema`, `$sampleRate`. */
export interface OtherCondition {
  readonly kind: "other";
  readonly place: Place;
  readonly query: Document;
}

export type Place = readonly (string | number)[];

/** As `stage 3, $map.in`: how errors of the filter engine name it too. */
export function placeText(stage: number, place: Place): string {
  return place.length === 0 ? `stage ${stage}` : `stage ${stage}, ${place.join(".")}`;
}

/** Whatever is no query is a node that no document fulfils: the engine says what is wrong with it. */
export function readQuery(query: unknown, place: Place = []): QueryNode {
  if (!isObject(query)) return { kind: "other", place, query: { $match: query } };
  const parts = Object.entries(query).flatMap(([name, operand]): QueryNode[] => {
    const here = [...place, name];
    if (!name.startsWith("$")) return readField(name, operand, here);
    switch (name) {
      case "$and":
      case "$or":
      case "$nor": {
        if (!Array.isArray(operand)) {
          return [{ kind: "other", place: here, query: { [name]: operand } }];
        }
        const kind = name === "$and" ? "all" : name === "$or" ? "any" : "none";
        return [{
          kind,
          place: here,
          parts: operand.map((each, i) => readQuery(each, [...here, i])),
        }];
      }
      case "$expr":
        return [{ kind: "expression", place: here, expression: operand }];
      case "$comment":
        return [];
      default:
        return [{ kind: "other", place: here, query: { [name]: operand } }];
    }
  });
  return parts.length === 1 ? parts[0]! : { kind: "all", place, parts };
}

/** All conditions at paths, in whatever depth. */
function fieldConditions(node: QueryNode): FieldCondition[] {
  switch (node.kind) {
    case "field":
      return [node];
    case "not":
      return fieldConditions(node.inner);
    case "expression":
    case "other":
      return [];
    default:
      return node.parts.flatMap(fieldConditions);
  }
}

function readField(path: string, operand: unknown, place: Place): QueryNode[] {
  if (typeOf(operand) === Type.regex) return [condition(path, "$regex", operand, place)];
  if (!isOperators(operand)) return [condition(path, "$eq", operand, place)];
  return Object.entries(operand).flatMap(([operator, value]): QueryNode[] => {
    const here = [...place, operator];
    switch (operator) {
      case "$options":
        return "$regex" in operand ? [] : [condition(path, operator, value, here)];
      case "$regex": {
        const { $options } = operand;
        const query = { [path]: { $regex: value, ...$options !== undefined && { $options } } };
        return [{ ...condition(path, operator, value, here), query }];
      }
      case "$not": {
        const inner = readField(path, value, here);
        return [{
          kind: "not",
          place: here,
          inner: inner.length === 1 ? inner[0]! : { kind: "all", place: here, parts: inner },
        }];
      }
      default:
        return [condition(path, operator, value, here)];
    }
  });
}

function condition(
  path: string,
  operator: string,
  operand: unknown,
  place: Place,
): FieldCondition {
  const query = { [path]: { [operator]: operand } };
  return { kind: "field", place, path, operator, operand, query };
}

function isOperators(value: unknown): value is Document {
  return isObject(value) && (Object.keys(value)[0]?.startsWith("$") ?? false);
}
