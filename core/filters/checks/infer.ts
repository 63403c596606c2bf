/** What an expression gives, as far as its text tells, and what is odd in it. */
import { isObject } from "../engine/values.ts";
import type { Place } from "../query_tree.ts";
import { expressionText } from "../words/expression_text.ts";
import type { Findings } from "./findings.ts";
import { givesOf } from "./operator_results.ts";
import {
  ANY,
  arrayOf,
  common,
  DATE,
  type Kind,
  objectOf,
  type Shape,
  shapeOfConstant,
  STRING,
} from "./shape.ts";

/** Where an expression stands. */
export interface Scene {
  readonly stage: number;
  readonly place: Place;
  readonly root: Shape;
  readonly variables: ReadonlyMap<string, Shape>;
  readonly findings: Findings;
}

export function infer(expression: unknown, scene: Scene): Shape {
  if (typeof expression === "string") {
    return expression.startsWith("$") ? inferPath(expression, scene) : STRING;
  }
  if (Array.isArray(expression)) {
    return arrayOf(common(expression.map((each, i) => infer(each, within(scene, i)))));
  }
  if (!isObject(expression)) return shapeOfConstant(expression);
  const [name] = Object.keys(expression);
  if (name?.startsWith("$")) return inferOperator(name, expression[name], within(scene, name));
  return objectOf(
    Object.entries(expression).map(([field, each]) => [field, infer(each, within(scene, field))]),
  );
}

function inferPath(text: string, scene: Scene): Shape {
  const { findings, root, variables } = scene;
  const isVariable = text.startsWith("$$");
  const [first, ...rest] = text.slice(isVariable ? 2 : 1).split(".") as [string, ...string[]];
  if (!isVariable) return findings.at(root, [first, ...rest], "expression", scene)?.shape ?? ANY;
  switch (first) {
    case "ROOT":
    case "CURRENT":
      if (rest.length === 0) findings.readsAll = true;
      return rest.length === 0 ? root : findings.at(root, rest, "expression", scene)?.shape ?? ANY;
    case "NOW":
      return DATE;
    case "REMOVE":
      return ANY;
  }
  const variable = variables.get(first);
  if (variable === undefined) return ANY; // The engine refuses it.
  return rest.length === 0
    ? variable
    : findings.at(variable, rest, "expression", scene)?.shape ?? ANY;
}

export function within(scene: Scene, ...parts: readonly (string | number)[]): Scene {
  return { ...scene, place: [...scene.place, ...parts] };
}

function bound(scene: Scene, variables: Readonly<Record<string, Shape>>): Scene {
  return {
    ...scene,
    variables: new Map([...scene.variables, ...Object.entries(variables)]),
  };
}

function itemsOf(shape: Shape): Shape {
  return shape.kind === "array" ? shape.items : ANY;
}

function inferOperator(name: string, operand: unknown, scene: Scene): Shape {
  const named = isObject(operand) && !Object.keys(operand)[0]?.startsWith("$") ? operand : {};
  const part = (key: string, inner = scene) => infer(named[key], within(inner, key));
  switch (name) {
    case "$literal":
    case "$const":
      return shapeOfConstant(operand);
    case "$let": {
      const vars = isObject(named.vars) ? named.vars : {};
      const shapes = Object.entries(vars)
        .map(([key, each]) => [key, infer(each, within(scene, "vars", key))] as const);
      return part("in", bound(scene, Object.fromEntries(shapes)));
    }
    case "$map":
    case "$filter": {
      const input = part("input");
      const as = typeof named.as === "string" ? named.as : "this";
      const inner = part(name === "$map" ? "in" : "cond", bound(scene, { [as]: itemsOf(input) }));
      return name === "$map" ? arrayOf(inner) : input;
    }
    case "$reduce": {
      const [input, initial] = [part("input"), part("initialValue")];
      const known = bound(scene, { this: itemsOf(input), value: growing(initial) });
      part("in", known);
      return growing(initial);
    }
    case "$switch": {
      const branches = Array.isArray(named.branches) ? named.branches.filter(isObject) : [];
      const results = branches.map(({ case: condition, then }, i) => {
        infer(condition, within(scene, "branches", i, "case"));
        return infer(then, within(scene, "branches", i, "then"));
      });
      return common([...results, ..."default" in named ? [part("default")] : []]);
    }
    case "$cond": {
      const [, then, otherwise] = Array.isArray(operand)
        ? operand.map((each, i) => infer(each, within(scene, i)))
        : ["if", "then", "else"].map((key) => part(key));
      return common([then ?? ANY, otherwise ?? ANY]);
    }
    case "$sortArray":
      return part("input");
  }
  if (Object.keys(named).length > 0) {
    const shapes = Object.keys(named).map((key) => [key, part(key)] as const);
    return givesOf(name, [], Object.fromEntries(shapes));
  }
  const operands = Array.isArray(operand) ? operand : [operand];
  const shapes = operands.map((each, i) =>
    infer(each, Array.isArray(operand) ? within(scene, i) : scene)
  );
  checkTypes(name, operands, shapes, scene);
  return givesOf(name, shapes, {});
}

/** What a `$reduce` begins with says what it is, but for what is put into an empty list or object. */
function growing(initial: Shape): Shape {
  return initial.kind === "value" && initial.type !== "null" ? initial : ANY;
}

const COMPARED = new Set(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"]);
const NUMERIC = new Set([
  ...["$abs", "$ceil", "$divide", "$exp", "$floor", "$ln", "$log", "$log10", "$mod", "$multiply"],
  ...["$pow", "$round", "$sqrt", "$trunc", "$cos", "$sin", "$tan", "$degreesToRadians"],
]);

function checkTypes(
  name: string,
  operands: readonly unknown[],
  shapes: readonly Shape[],
  { findings, stage, place }: Scene,
): void {
  if (COMPARED.has(name) && shapes.length === 2) {
    const [left, right] = shapes.map(kindOfShape);
    if (left === undefined || right === undefined || left === right) return;
    if (left === "null" || right === "null") return;
    findings.add(
      "warning",
      stage,
      place,
      `${expressionText(operands[0])} is ${article(left)} and ${expressionText(operands[1])} ` +
        `${article(right)}: ${name} compares their types, not their values`,
    );
  } else if (NUMERIC.has(name) || name === "$subtract" || name === "$add") {
    const may: readonly Kind[] = NUMERIC.has(name)
      ? ["number", "null"]
      : ["number", "null", "date"];
    shapes.forEach((shape, i) => {
      const kind = kindOfShape(shape);
      if (kind === undefined || may.includes(kind)) return;
      findings.add(
        "error",
        stage,
        place,
        `${name} fails, as ${expressionText(operands[i])} is ${article(kind)}`,
      );
    });
  }
}

function kindOfShape(shape: Shape): Kind | undefined {
  return shape.kind === "value" && shape.type !== "other" ? shape.type : undefined;
}

export function article(kind: string): string {
  if (kind === "null") return kind;
  return `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;
}
