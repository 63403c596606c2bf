/** What is known of documents before there are any: their fields and types, stage by stage. */
import type { FieldType, FilterSchema } from "../../contract/filter_fields.ts";
import { isNumber, isObject, Type, typeOf } from "../engine/values.ts";

export type Kind = "number" | "string" | "bool" | "date" | "objectId" | "null" | "other";

/** `origin`: the path of the alert that it is, unchanged. */
export type Shape =
  | { readonly kind: "any"; readonly origin?: string }
  | { readonly kind: "value"; readonly type: Kind; readonly origin?: string }
  | { readonly kind: "array"; readonly items: Shape; readonly origin?: string }
  | ObjectShape;

export interface ObjectShape {
  readonly kind: "object";
  readonly fields: ReadonlyMap<string, Shape>;
  /** There may be others. */
  readonly open: boolean;
  readonly origin?: string;
}

export const ANY: Shape = { kind: "any" };

export function valueShape(type: Kind): Shape {
  return { kind: "value", type };
}

export const NUMBER = valueShape("number");
export const STRING = valueShape("string");
export const BOOL = valueShape("bool");
export const DATE = valueShape("date");

export function arrayOf(items: Shape): Shape {
  return { kind: "array", items };
}

export function objectOf(fields: Iterable<readonly [string, Shape]>, open = false): ObjectShape {
  return { kind: "object", fields: new Map(fields), open };
}

/** The alert as filters of its survey see it. */
export function inputShape({ fields }: FilterSchema): ObjectShape {
  return shapeBelow("", fields.map(({ path, type }) => ({ names: path.split("."), type })));
}

interface Known {
  readonly names: readonly string[];
  readonly type: FieldType;
}

function shapeBelow(prefix: string, known: readonly Known[]): ObjectShape {
  const open = known.some(({ names }) => names[0] === "*");
  const byName = Map.groupBy(
    known.filter(({ names }) => names[0] !== "*"),
    ({ names }) => names[0]!,
  );
  const fields = [...byName].map(([name, some]): [string, Shape] => {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    const type = some.find(({ names }) => names.length === 1)?.type ?? "object";
    const below = some.filter(({ names }) => names.length > 1)
      .map(({ names, type }) => ({ names: names.slice(1), type }));
    return [name, { ...shapeOfType(type, path, below), origin: path }];
  });
  return { ...objectOf(fields, open), ...prefix !== "" && { origin: prefix } };
}

function shapeOfType(type: FieldType, path: string, below: readonly Known[]): Shape {
  switch (type) {
    case "array":
      return arrayOf(below.length === 0 ? ANY : shapeBelow(path, below));
    case "object":
      return below.length === 0 ? ANY : shapeBelow(path, below);
    case "any":
      return ANY;
    case "double":
    case "int":
    case "long":
      return NUMBER;
    default:
      return valueShape(type);
  }
}

/** Of a constant. */
export function shapeOfConstant(value: unknown): Shape {
  if (Array.isArray(value)) return arrayOf(common(value.map(shapeOfConstant)));
  if (isObject(value)) {
    return objectOf(Object.entries(value).map(([name, each]) => [name, shapeOfConstant(each)]));
  }
  return valueShape(kindOf(value));
}

export function kindOf(value: unknown): Kind {
  if (isNumber(value)) return "number";
  switch (typeOf(value)) {
    case Type.string:
      return "string";
    case Type.bool:
      return "bool";
    case Type.date:
      return "date";
    case Type.objectId:
      return "objectId";
    case Type.null:
    case Type.missing:
      return "null";
    default:
      return "other";
  }
}

/** What all of these are, as far as they are the same; what is null may be left out. */
export function common(shapes: readonly Shape[]): Shape {
  const there = shapes.filter((shape) => shape.kind !== "value" || shape.type !== "null");
  const [first, ...others] = there;
  if (first === undefined) return shapes[0] ?? ANY;
  if (others.length === 0) return first;
  if (first.kind === "value") {
    return others.every((shape) => shape.kind === "value" && shape.type === first.type)
      ? valueShape(first.type)
      : ANY;
  }
  if (first.kind === "array" && there.every((shape) => shape.kind === "array")) {
    return arrayOf(common(there.map(({ items }) => items)));
  }
  return ANY;
}

/** `name` isn't in what `parent` leads to, where these are. */
export interface Unknown {
  readonly unknown: string;
  readonly parent: readonly string[];
  readonly among: readonly string[];
}

/** `many`: the path leads through an array. */
export type Found = { readonly shape: Shape; readonly many: boolean } | Unknown;

/**
 * What a path leads to. Expressions go into all items of an array; queries also take an index for a
 * name.
 */
export function lookUp(shape: Shape, path: readonly string[], as: "query" | "expression"): Found {
  let at = shape;
  let many = false;
  for (const [i, name] of path.entries()) {
    while (at.kind === "array" && !(as === "query" && INDEX.test(name))) {
      at = at.items;
      many = true;
    }
    switch (at.kind) {
      case "any": {
        const rest = path.slice(i).join(".");
        if (at.origin === undefined) return { shape: ANY, many };
        const found = { ...ANY, origin: at.origin === "" ? rest : `${at.origin}.${rest}` };
        return { shape: found, many };
      }
      case "array":
        at = at.items;
        break;
      case "value":
        return { unknown: name, parent: path.slice(0, i), among: [] };
      case "object": {
        const field = at.fields.get(name);
        if (field === undefined && !at.open) {
          return { unknown: name, parent: path.slice(0, i), among: [...at.fields.keys()] };
        }
        at = field ?? ANY;
      }
    }
  }
  return { shape: many && as === "expression" ? { ...arrayOf(at), ...originOf(at) } : at, many };
}

const INDEX = /^\d+$/;

function originOf({ origin }: Shape): { origin?: string } {
  return origin === undefined ? {} : { origin };
}

/** The same documents with another shape at a path. */
export function withShape(shape: Shape, path: readonly string[], value: Shape): Shape {
  const [name, ...rest] = path as [string, ...string[]];
  if (shape.kind === "any") return ANY;
  if (shape.kind === "array") return arrayOf(withShape(shape.items, path, value));
  const known: ObjectShape = shape.kind === "object" ? shape : objectOf([]);
  const inner = known.fields.get(name) ?? (known.open ? ANY : objectOf([]));
  const field = rest.length === 0 ? value : withShape(inner, rest, value);
  return objectOf([...known.fields, [name, field]], known.open);
}

/** Without what is at a path. */
export function withoutShape(shape: Shape, path: readonly string[]): Shape {
  const [name, ...rest] = path as [string, ...string[]];
  if (shape.kind === "array") return arrayOf(withoutShape(shape.items, path));
  if (shape.kind !== "object") return shape;
  const inner = shape.fields.get(name);
  if (inner === undefined) return shape;
  const others = [...shape.fields].filter(([other]) => other !== name);
  if (rest.length === 0) return objectOf(others, shape.open);
  const kept = [...shape.fields].map(([other, each]): [string, Shape] =>
    other === name ? [other, withoutShape(inner, rest)] : [other, each]
  );
  return objectOf(kept, shape.open);
}

/** All paths that are known below, names only. */
export function pathsOf(shape: Shape, prefix = ""): string[] {
  if (shape.kind === "array") return pathsOf(shape.items, prefix);
  if (shape.kind !== "object") return [];
  return [...shape.fields].flatMap(([name, inner]) => {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    return [path, ...pathsOf(inner, path)];
  });
}
