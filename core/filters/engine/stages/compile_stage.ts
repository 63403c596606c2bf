/** Compiles the stages of a pipeline, by name. */
import type { Document } from "../../../contract/document.ts";
import type { Context } from "../context.ts";
import { NotCompiled } from "../errors.ts";
import { compileQuery } from "../match/query.ts";
import { isNumber, isObject, plainNumber } from "../values.ts";
import { compileBucket } from "./bucket.ts";
import { compileCount, compileGroup, compileSortByCount } from "./group.ts";
import { compileProjection } from "./projection.ts";
import { readAddFields, readProject, readUnset } from "./projection_tree.ts";
import { compileRedact } from "./redact.ts";
import { compileSort } from "./sort.ts";
import { type Flow, newRootOf, type Stage } from "./stage.ts";
import { compileUnwind } from "./unwind.ts";
import { compileWindows } from "./windows.ts";

const ONE_TO_ONE = [
  ...["$match", "$project", "$addFields", "$set", "$unset", "$replaceRoot", "$replaceWith"],
];

/** Whether of one document it makes one, or none. */
export function isOneToOne(stage: Document): boolean {
  return ONE_TO_ONE.includes(Object.keys(stage)[0] ?? "");
}

/** Throws `NotCompiled` for what isn't known here, or isn't right. */
export function compileStage(stage: Document, context: Context): Stage {
  const entries = Object.entries(stage);
  if (entries.length !== 1) throw new NotCompiled("a stage has one name", context.place);
  const [[name, specification]] = entries as [[string, unknown]];
  const place = context.at(name);
  switch (name) {
    case "$match":
      return { kind: "match", predicates: compileQuery(specification, place) };
    case "$project":
      return { kind: "project", projection: compileProjection(readProject(specification, place)) };
    case "$addFields":
    case "$set":
      return {
        kind: "project",
        projection: compileProjection(readAddFields(specification, place)),
      };
    case "$unset":
      return { kind: "project", projection: compileProjection(readUnset(specification, place)) };
    case "$replaceRoot": {
      const { newRoot, ...unknown } = isObject(specification) ? specification : {};
      if (newRoot === undefined || Object.keys(unknown).length > 0) {
        throw new NotCompiled("$replaceRoot needs a newRoot", place.place);
      }
      return compileReplace(newRoot, place.at("newRoot"));
    }
    case "$replaceWith":
      return compileReplace(specification, place);
    default:
      return { kind: "flow", flow: compileFlow(name, specification, place) };
  }
}

/** A whole pipeline, for a stream of documents. */
export function compileFlows(pipeline: readonly unknown[], context: Context): Flow {
  if (!pipeline.every(isObject)) throw new NotCompiled("a stage is an object", context.place);
  refuseSortByIndex(pipeline, context);
  const flows = pipeline.map((stage, i) =>
    isOverruled(pipeline, i) ? (documents: readonly Document[]) => documents : asFlow(
      compileStage(stage, context.at(i)),
    )
  );
  return (documents) => flows.reduce((some, flow) => flow(some), documents);
}

/** A sort before another one: MongoDB leaves it out, and doesn't keep its order among equal documents. */
export function isOverruled(pipeline: readonly Document[], at: number): boolean {
  if (!("$sort" in pipeline[at]!)) return false;
  const next = pipeline.slice(at + 1).find((stage) => !("$match" in stage));
  return next !== undefined && "$sort" in next;
}

/**
 * Throws `NotCompiled` where a sort follows an $unwind and goes by the index that it includes: MongoDB
 * may sort first, by what stood there before.
 */
export function refuseSortByIndex(pipeline: readonly Document[], context: Context): void {
  const indexes: string[] = [];
  for (const { $unwind: unwind, $sort: sort } of pipeline) {
    if (isObject(unwind)) indexes.push(String(unwind.includeArrayIndex ?? ""));
    const isByIndex = Object.keys(isObject(sort) ? sort : {}).some((key) =>
      indexes.some((index) => `${key}.`.startsWith(`${index}.`) || index.startsWith(`${key}.`))
    );
    if (isByIndex) throw new NotCompiled("a sort by the array index of $unwind", context.place);
  }
}

/** The stage for any number of documents. */
export function asFlow(stage: Stage): Flow {
  switch (stage.kind) {
    case "match": {
      const { predicates } = stage;
      return (documents) =>
        documents.filter((document) => predicates.every((each) => each.test(document)));
    }
    case "project": {
      const { projection } = stage;
      const computes = new Map(projection.computed.map((name) => {
        const source = projection.source(name);
        return [name, source.kind === "computed" ? source.compute : () => undefined];
      }));
      return (documents) =>
        documents.map((document) =>
          projection.assemble(document, (name) => computes.get(name)!(document))
        );
    }
    case "replace":
      return (documents) => documents.map(stage.compute);
    case "flow":
      return stage.flow;
  }
}

function compileReplace(newRoot: unknown, context: Context): Stage {
  const compute = context.compile(newRoot);
  return {
    kind: "replace",
    expression: newRoot,
    compute: (document) => newRootOf(compute(document)),
  };
}

function compileFlow(name: string, specification: unknown, context: Context): Flow {
  switch (name) {
    case "$unwind":
      return compileUnwind(specification);
    case "$group":
      return compileGroup(specification, context);
    case "$sort":
      return compileSort(specification);
    case "$limit": {
      const limit = countOf(specification, 1, context);
      return (documents) => documents.length <= limit ? documents : documents.slice(0, limit);
    }
    case "$skip": {
      const skip = countOf(specification, 0, context);
      return (documents) => documents.slice(skip);
    }
    case "$count":
      return compileCount(specification);
    case "$sortByCount":
      return compileSortByCount(specification, context);
    case "$facet":
      return compileFacet(specification, context);
    case "$bucket":
      return compileBucket(specification, context);
    case "$redact":
      return compileRedact(specification, context);
    case "$setWindowFields":
      return compileWindows(specification, context);
    default:
      throw new NotCompiled(`the stage ${name} isn't run in process`, context.place);
  }
}

function countOf(value: unknown, min: number, context: Context): number {
  const plain = isNumber(value) ? Number(plainNumber(value)) : NaN;
  if (Number.isSafeInteger(plain) && plain >= min) return plain;
  throw new NotCompiled(`a number of documents must be an integer >= ${min}`, context.place);
}

function compileFacet(specification: unknown, context: Context): Flow {
  const facets = isObject(specification) ? Object.entries(specification) : [];
  if (facets.length === 0) throw new NotCompiled("$facet needs pipelines", context.place);
  const flows = facets.map(([name, pipeline]): [string, Flow] => {
    if (!Array.isArray(pipeline) || pipeline.length === 0 || /^\$|\./.test(name) || name === "") {
      throw new NotCompiled("$facet needs pipelines", context.place);
    }
    if (pipeline.some((stage) => isObject(stage) && "$facet" in stage)) {
      throw new NotCompiled("$facet in $facet", context.place);
    }
    return [name, compileFlows(pipeline, context.at(name))];
  });
  return (documents) => [Object.fromEntries(flows.map(([name, flow]) => [name, flow(documents)]))];
}
