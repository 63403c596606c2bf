/** Looks at a filter before it has seen an alert: what its author should know, and what it reads. */
import type { Document } from "../../contract/document.ts";
import type { FilterSchema } from "../../contract/filter_fields.ts";
import type { Finding } from "../../contract/filters.ts";
import { isObject } from "../engine/values.ts";
import { readQuery } from "../query_tree.ts";
import { routeOf } from "../explain/stage_routes.ts";
import { Demands } from "./contradictions.ts";
import { Findings, type UnknownField } from "./findings.ts";
import { ANY, inputShape, lookUp, type Shape } from "./shape.ts";
import { shapeAfter } from "./stage_shapes.ts";

export interface Checked {
  readonly findings: readonly Finding[];
  /** Fields of the alert that it looks at; null: it may look at all of it. */
  readonly reads: readonly string[] | null;
  readonly unknown: readonly UnknownField[];
}

/** Values in a filter; the largest that people write have some hundred. */
const VALUES_MAX = 5_000;

/** Without a schema, fields and types aren't checked. */
export function checkFilter(
  pipeline: readonly Document[],
  schema: FilterSchema | undefined,
): Checked {
  const findings = new Findings();
  if (valuesIn(pipeline) > VALUES_MAX) {
    findings.add("warning", 1, [], `it has more than ${VALUES_MAX} values: too many to be checked`);
    return { findings: findings.list, reads: null, unknown: [] };
  }
  const demands = new Demands();
  let root: Shape = schema ? inputShape(schema) : { kind: "any", origin: "" };
  for (const [i, stage] of pipeline.entries()) {
    const at = i + 1;
    const [[name, specification]] = Object.entries(stage) as [[string, unknown]];
    findings.shapes.push(root);
    if (name === "$match") demands.add(readQuery(specification, [name]), at, root, findings);
    else demands.forget(changedBy(name, specification));
    const variables = new Map<string, Shape>();
    root = shapeAfter(name, specification, { stage: at, place: [name], root, variables, findings });
  }
  for (const { failure, stage, place } of routeOf(pipeline)) {
    if (failure !== undefined) findings.add("error", stage, place, failure);
  }
  if (schema) checkIds(schema.ids, root, pipeline, findings);
  return {
    findings: findings.list,
    reads: findings.readsAll ? null : [...findings.reads].sort(),
    unknown: findings.unknown,
  };
}

function valuesIn(value: unknown): number {
  const inner = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
  let count = 1;
  for (const each of inner) {
    count += valuesIn(each);
    if (count > VALUES_MAX) break;
  }
  return count;
}

/** The fields that don't have the values any more that earlier stages asked for. */
function changedBy(name: string, specification: unknown): ReadonlySet<string> | "all" {
  switch (name) {
    case "$addFields":
    case "$set":
      return new Set(
        Object.keys(isObject(specification) ? specification : {}).map((path) =>
          path.split(".")[0]!
        ),
      );
    case "$project":
      return new Set(
        Object.entries(isObject(specification) ? specification : {})
          .filter(([, shown]) => typeof shown === "string" || isObject(shown))
          .map(([path]) => path.split(".")[0]!),
      );
    case "$setWindowFields":
      return changedBy("$addFields", isObject(specification) ? specification.output : {});
    case "$sort":
    case "$limit":
    case "$skip":
    case "$sample":
    case "$redact":
      return new Set();
    default:
      return "all";
  }
}

/** Whose a pass is should be in what comes out. */
function checkIds(
  ids: readonly string[],
  result: Shape,
  pipeline: readonly Document[],
  findings: Findings,
): void {
  if (result.kind !== "object" || result === ANY) return;
  for (const id of ids) {
    if ("shape" in lookUp(result, [id], "query")) continue;
    const last = findings.shapes.findLastIndex((shape) => "shape" in lookUp(shape, [id], "query"));
    const stage = Math.max(last, 0);
    const [name] = Object.keys(pipeline[stage]!);
    findings.add("warning", stage + 1, [name!], `${id} is left out of what passes`);
  }
}
