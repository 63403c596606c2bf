/** What becomes of documents in a stage, as far as its text tells, and what is odd in it. */
import type { Document } from "../../contract/document.ts";
import { isNumber, isObject, isTruthy } from "../engine/values.ts";
import { readQuery } from "../query_tree.ts";
import { checkQuery } from "./check_match.ts";
import { infer, type Scene, within } from "./infer.ts";
import { givesOf } from "./operator_results.ts";
import {
  ANY,
  arrayOf,
  lookUp,
  NUMBER,
  objectOf,
  type Shape,
  withoutShape,
  withShape,
} from "./shape.ts";

/** The scene is before the stage; its place is the stage's name. */
export function shapeAfter(name: string, specification: unknown, scene: Scene): Shape {
  const { root, findings, place } = scene;
  switch (name) {
    case "$match":
      checkQuery(readQuery(specification, place), scene);
      return root;
    case "$project":
      return projected(specification, scene);
    case "$addFields":
    case "$set":
      return isObject(specification) ? added(root, specification, scene) : ANY;
    case "$unset":
      return [specification].flat().reduce<Shape>(
        (shape, path) => typeof path === "string" ? withoutShape(shape, path.split(".")) : shape,
        root,
      );
    case "$replaceRoot":
      return isObject(specification) ? infer(specification.newRoot, within(scene, "newRoot")) : ANY;
    case "$replaceWith":
      return infer(specification, scene);
    case "$unwind":
      return unwound(specification, scene);
    case "$group":
      return grouped(specification, scene);
    case "$sort":
      checkPaths(specification, scene);
      return root;
    case "$limit":
    case "$skip":
    case "$sample":
      return root;
    case "$count":
      return typeof specification === "string" ? objectOf([[specification, NUMBER]]) : ANY;
    case "$sortByCount":
      return objectOf([["_id", infer(specification, scene)], ["count", NUMBER]]);
    case "$facet":
      return faceted(specification, scene);
    case "$redact":
      infer(specification, scene);
      return root;
    case "$setWindowFields":
      return windowed(specification, scene);
    case "$bucket":
      return bucketed(specification, scene);
    default: // Fields may come and go that only MongoDB knows of.
      findings.readsAll = true;
      return ANY;
  }
}

function isFlag(value: unknown): boolean {
  return typeof value === "boolean" || isNumber(value);
}

function isExpression(value: unknown): boolean {
  return !isObject(value) || (Object.keys(value)[0]?.startsWith("$") ?? false);
}

function projected(specification: unknown, scene: Scene): Shape {
  if (!isObject(specification)) return ANY;
  const { _id, ...others } = specification;
  const leaves = leavesOf(others);
  const isKeeping = leaves.some(([, shown]) => !isFlag(shown) || isTruthy(shown)) ||
    leaves.length === 0 && isTruthy(_id);
  const { root } = scene;
  if (!isKeeping) {
    const gone = [
      ...leaves.map(([path]) => path),
      ...isFlag(_id) && !isTruthy(_id) ? [["_id"]] : [],
    ];
    return gone.reduce<Shape>((shape, path) => withoutShape(shape, path), root);
  }
  let result: Shape = objectOf([]);
  const id = lookUp(root, ["_id"], "query");
  const keepsId = _id === undefined || isFlag(_id) && isTruthy(_id);
  if (keepsId && "shape" in id) result = withShape(result, ["_id"], id.shape);
  const computed = _id !== undefined && !isFlag(_id)
    ? [[["_id"], _id] as const, ...leaves]
    : leaves;
  for (const [path, shown] of computed) {
    if (!isFlag(shown)) {
      result = withShape(result, path, infer(shown, within(scene, path.join("."))));
      continue;
    }
    const at = { stage: scene.stage, place: [...scene.place, path.join(".")] };
    const kept = scene.findings.at(root, path, "query", at);
    if (kept !== undefined) result = kept.many ? ANY : withShape(result, path, kept.shape);
  }
  return result;
}

/** What a specification says, by path, whether it is written dotted or nested. */
function leavesOf(fields: Document): (readonly [path: string[], shown: unknown])[] {
  return Object.entries(fields).flatMap(([name, value]): (readonly [string[], unknown])[] => {
    const path = name.split(".");
    if (isFlag(value) || isExpression(value)) return [[path, value]];
    return leavesOf(value as Document).map(([rest, shown]) => [[...path, ...rest], shown]);
  });
}

function added(root: Shape, fields: Document, scene: Scene): Shape {
  return leavesOfAdded(fields).reduce(
    (shape, [path, value]) => withShape(shape, path, infer(value, within(scene, path.join(".")))),
    root,
  );
}

/** As `leavesOf`, where a number is a value. */
function leavesOfAdded(fields: Document): (readonly [path: string[], value: unknown])[] {
  return Object.entries(fields).flatMap(([name, value]): (readonly [string[], unknown])[] => {
    const path = name.split(".");
    if (isExpression(value) || Object.keys(value as Document).length === 0) return [[path, value]];
    return leavesOfAdded(value as Document).map(([rest, inner]) => [[...path, ...rest], inner]);
  });
}

function unwound(specification: unknown, { root, findings, stage, place }: Scene): Shape {
  const { path, includeArrayIndex } = isObject(specification)
    ? specification
    : { path: specification, includeArrayIndex: undefined };
  if (typeof path !== "string" || !path.startsWith("$")) return ANY;
  const names = path.slice(1).split(".");
  const found = findings.at(root, names, "query", { stage, place });
  const item = found?.shape.kind === "array" ? found.shape.items : ANY;
  const shape = withShape(root, names, item);
  return typeof includeArrayIndex === "string"
    ? withShape(shape, includeArrayIndex.split("."), NUMBER)
    : shape;
}

function grouped(specification: unknown, scene: Scene): Shape {
  if (!isObject(specification)) return ANY;
  return objectOf(
    Object.entries(specification).map(([name, value]): [string, Shape] => {
      const here = within(scene, name);
      if (name === "_id") return [name, infer(value, here)];
      const [[accumulator, operand] = []] = isObject(value) ? Object.entries(value) : [];
      if (accumulator === undefined) return [name, ANY];
      return [name, accumulated(accumulator, operand, within(here, accumulator))];
    }),
  );
}

function windowed(specification: unknown, scene: Scene): Shape {
  if (!isObject(specification)) return ANY;
  const { partitionBy, sortBy, output } = specification;
  if (partitionBy !== undefined) infer(partitionBy, within(scene, "partitionBy"));
  checkPaths(sortBy, within(scene, "sortBy"));
  return Object.entries(isObject(output) ? output : {}).reduce<Shape>((shape, [path, field]) => {
    const [[name, operand] = []] = isObject(field)
      ? Object.entries(field).filter(([key]) => key !== "window")
      : [];
    const here = within(scene, "output", path, name ?? "");
    const value = name === undefined ? ANY : accumulated(name, operand, here);
    return withShape(shape, path.split("."), value);
  }, scene.root);
}

function bucketed(specification: unknown, scene: Scene): Shape {
  if (!isObject(specification)) return ANY;
  const { groupBy, output = { count: { $count: {} } } } = specification;
  infer(groupBy, within(scene, "groupBy"));
  const fields = grouped(output, within(scene, "output"));
  return withShape(fields, ["_id"], ANY);
}

/** Fields by which documents are put in order. */
function checkPaths(order: unknown, { root, findings, stage, place }: Scene): void {
  for (const path of Object.keys(isObject(order) ? order : {})) {
    findings.at(root, path.split("."), "query", { stage, place: [...place, path] });
  }
}

const ITEMS = new Set(["$first", "$last", "$min", "$max"]);
const LISTS = new Set(["$push", "$addToSet"]);

function accumulated(accumulator: string, operand: unknown, scene: Scene): Shape {
  if (accumulator === "$count") return NUMBER;
  const isNamed = isObject(operand) && !isExpression(operand);
  const named = isNamed ? operand : {};
  if (isNamed && ("output" in named || "input" in named)) {
    const key = "output" in named ? "output" : "input";
    const shape = infer(named[key], within(scene, key));
    return "n" in named ? arrayOf(shape) : shape;
  }
  const shape = infer(operand, scene);
  if (ITEMS.has(accumulator)) return shape;
  if (LISTS.has(accumulator)) return arrayOf(shape);
  return givesOf(accumulator, [shape], {});
}

function faceted(specification: unknown, scene: Scene): Shape {
  if (!isObject(specification)) return ANY;
  return objectOf(
    Object.entries(specification).map(([facet, pipeline]): [string, Shape] => [
      facet,
      arrayOf(
        Array.isArray(pipeline)
          ? pipeline.filter(isObject).reduce<Shape>((root, stage, i) => {
            const [[name = "", inner] = []] = Object.entries(stage);
            return shapeAfter(name, inner, { ...within(scene, facet, i, name), root });
          }, scene.root)
          : ANY,
      ),
    ]),
  );
}
