/** One form for pipelines that can only give the same: what tells that a version changes nothing. */
import type { Document } from "../../contract/document.ts";
import { canonicalText } from "../engine/canonical.ts";
import { hashKey, isNumber, isObject, isTruthy, Type, typeOf } from "../engine/values.ts";
import { type QueryNode, readQuery } from "../query_tree.ts";

/**
 * The same text for pipelines that differ in the order of conditions, in how these are spread over
 * `$match` stages and nested, in other names for the same stage, and in `$comment`.
 */
export function canonicalPipeline(pipeline: readonly Document[]): string {
  const stages: string[] = [];
  let conditions: string[] = [];
  const settle = () => {
    if (conditions.length > 0) stages.push(`$match:${inOrder(conditions)}`);
    conditions = [];
  };
  for (const stage of pipeline) {
    const [[name, specification]] = Object.entries(stage) as [[string, unknown]];
    if (name === "$match") {
      conditions.push(...conjuncts(readQuery(specification)));
      continue;
    }
    settle();
    stages.push(stageText(name, specification));
  }
  settle();
  return stages.join("\n");
}

function stageText(name: string, specification: unknown): string {
  switch (name) {
    case "$set":
      return stageText("$addFields", specification);
    case "$replaceWith":
      return stageText("$replaceRoot", { newRoot: specification });
    case "$unset": {
      const paths = [specification].flat().map(String).sort();
      return stageText("$project", Object.fromEntries(paths.map((path) => [path, 0])));
    }
    case "$project":
      return isObject(specification)
        ? `${name}:${canonicalText(withPlainFlags(specification))}`
        : `${name}:${canonicalText(specification)}`;
    case "$unwind":
      return `${name}:${
        canonicalText(isObject(specification) ? specification : { path: specification })
      }`;
    default:
      return `${name}:${canonicalText(specification)}`;
  }
}

/** 1, 1.0 and true keep a field alike. What is left out is in any order; what is kept is not. */
function withPlainFlags(specification: Document): Document {
  const isFlag = (value: unknown) => typeof value === "boolean" || isNumber(value);
  const fields = Object.entries(specification).map(([path, shown]): [string, unknown] => [
    path,
    isFlag(shown) ? Number(isTruthy(shown)) : shown,
  ]);
  const isLeavingOut = fields.every(([, shown]) => shown === 0);
  return Object.fromEntries(isLeavingOut ? fields.sort(([a], [b]) => a < b ? -1 : 1) : fields);
}

function inOrder(texts: readonly string[]): string {
  return `{${[...new Set(texts)].sort().join()}}`;
}

function conjuncts(node: QueryNode): string[] {
  return node.kind === "all" ? node.parts.flatMap(conjuncts) : [nodeText(node)];
}

function nodeText(node: QueryNode): string {
  switch (node.kind) {
    case "all":
      return `all${inOrder(conjuncts(node))}`;
    case "any":
      return node.parts.length === 1
        ? `all${inOrder(conjuncts(node.parts[0]!))}`
        : `any${inOrder(node.parts.map(wayText))}`;
    case "none":
      return `none${inOrder(node.parts.map(wayText))}`;
    case "not":
      return `not(${nodeText(node.inner)})`;
    case "expression":
      return `expr(${canonicalText(node.expression)})`;
    case "other":
      return `other(${canonicalText(node.query)})`;
    case "field":
      return fieldText(node.path, node.operator, node.operand, node.query);
  }
}

/** A way of one condition is that condition. */
function wayText(node: QueryNode): string {
  return `all${inOrder(conjuncts(node))}`;
}

function fieldText(path: string, operator: string, operand: unknown, query: Document): string {
  switch (operator) {
    case "$ne":
      return `not(${fieldText(path, "$eq", operand, query)})`;
    case "$nin":
      return `not(${fieldText(path, "$in", operand, query)})`;
    case "$in":
      if (Array.isArray(operand)) {
        return operand.length === 1 && typeOf(operand[0]) !== Type.regex
          ? fieldText(path, "$eq", operand[0], query)
          : `${path}:$in:${inOrder(operand.map(valueText))}`;
      }
      break;
    case "$eq":
    case "$gt":
    case "$gte":
    case "$lt":
    case "$lte":
      return `${path}:${operator}:${valueText(operand)}`;
    case "$exists":
      return isTruthy(operand) ? `${path}:$exists` : `not(${path}:$exists)`;
  }
  return `${path}:${canonicalText(query[path] ?? operand)}`;
}

/** Queries compare numbers of all types by their value. */
function valueText(value: unknown): string {
  if (!isNumber(value)) return canonicalText(value);
  const key = hashKey(value);
  return `number:${Object.is(key, -0) ? 0 : String(key)}`;
}
