/** What is odd in a `$match`: unknown fields, values of a type that the field never has. */
import { isObject } from "../engine/values.ts";
import { type FieldCondition, type QueryNode, readQuery } from "../query_tree.ts";
import { article, infer, type Scene } from "./infer.ts";
import { type Kind, kindOf, type Shape } from "./shape.ts";

/** These compare the element with their operand, by its type. */
const COMPARING = new Set(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin"]);
const OF_ARRAYS = new Set(["$size", "$elemMatch"]);

export function checkQuery(node: QueryNode, scene: Scene): void {
  switch (node.kind) {
    case "field":
      return checkField(node, scene);
    case "expression":
      return void infer(node.expression, { ...scene, place: node.place });
    case "not":
      return checkQuery(node.inner, scene);
    case "other":
      return;
    default:
      for (const part of node.parts) checkQuery(part, scene);
  }
}

function checkField(condition: FieldCondition, scene: Scene): void {
  const { path, operator, operand, place } = condition;
  const { findings, stage, root } = scene;
  const found = findings.at(root, path.split("."), "query", { stage, place });
  if (found === undefined) return;
  const { shape } = found;
  if (operator === "$elemMatch" && shape.kind === "array" && isObject(operand)) {
    const isOfItem = Object.keys(operand)[0]?.startsWith("$");
    if (!isOfItem) checkQuery(readQuery(operand, place), { ...scene, root: shape.items });
  }
  if (OF_ARRAYS.has(operator) && shape.kind === "value") {
    findings.add("warning", stage, place, `${path} is ${article(shape.type)}, and no array`);
  }
  if (!COMPARING.has(operator)) return;
  const values = operator === "$in" || operator === "$nin" ? operand : [operand];
  if (!Array.isArray(values)) return;
  const kinds = values.map((value) => otherKind(elementOf(shape), value));
  // Filters that are made for several surveys list what each of them has.
  if (kinds.length === 0 || kinds.some((kind) => kind === undefined)) return;
  findings.add(
    "warning",
    stage,
    place,
    `${path} is ${article(kinds[0]!)}, and is compared with ${article(kindOf(values[0]))}: ` +
      (operator === "$ne" || operator === "$nin"
        ? "that excludes nothing"
        : "that is never fulfilled"),
  );
}

/** A condition on an array is one on its items. */
function elementOf(shape: Shape): Shape {
  return shape.kind === "array" ? elementOf(shape.items) : shape;
}

/** The kind of the field, where the value is of another that is never equal to it. */
function otherKind(shape: Shape, value: unknown): Kind | undefined {
  const kind = kindOf(value);
  if (shape.kind !== "value" || shape.type === "other" || kind === "other" || kind === "null") {
    return undefined;
  }
  return shape.type === kind ? undefined : shape.type;
}
