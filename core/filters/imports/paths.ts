/** Paths of fields in the text of a pipeline: which it names, and the same pipeline with others. */
import type { Document } from "../../contract/document.ts";
import { isObject } from "../engine/values.ts";

/** A path under another name; itself where it stays. */
export type Rename = (path: string) => string;

/** The same pipeline with other paths, wherever one is read or kept. Names of new fields stay. */
export function withPaths(pipeline: readonly Document[], rename: Rename): Document[] {
  return pipeline.map((stage) => {
    const [[name = "", specification] = []] = Object.entries(stage);
    switch (name) {
      case "$match":
        return { [name]: inQuery(specification, rename) };
      case "$sort":
        return { [name]: withKeys(specification, rename) };
      case "$unset": {
        const renamed = (path: unknown) => typeof path === "string" ? rename(path) : path;
        return {
          [name]: Array.isArray(specification)
            ? specification.map(renamed)
            : renamed(specification),
        };
      }
      case "$facet":
        return {
          [name]: isObject(specification)
            ? Object.fromEntries(
              Object.entries(specification).map(([facet, inner]) => [
                facet,
                Array.isArray(inner) ? withPaths(inner.filter(isObject), rename) : inner,
              ]),
            )
            : specification,
        };
      case "$project":
        return { [name]: inProjection(specification, rename) };
      default:
        return { [name]: inExpression(specification, rename) };
    }
  });
}

/** All paths that a pipeline names, of documents and of its variables: `prv_candidates`, `$$p.band`. */
export function pathsIn(pipeline: readonly Document[]): Set<string> {
  const found = new Set<string>();
  withPaths(pipeline, (path) => {
    found.add(path);
    return path;
  });
  for (const text of variablesIn(pipeline)) found.add(text);
  return found;
}

function variablesIn(value: unknown): string[] {
  if (typeof value === "string") return value.startsWith("$$") ? [value] : [];
  const inner = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
  return inner.flatMap(variablesIn);
}

function inQuery(query: unknown, rename: Rename): unknown {
  if (!isObject(query)) return query;
  return Object.fromEntries(
    Object.entries(query).map(([name, operand]) => {
      if (name === "$expr") return [name, inExpression(operand, rename)];
      if (name.startsWith("$")) {
        return [
          name,
          Array.isArray(operand) ? operand.map((each) => inQuery(each, rename)) : operand,
        ];
      }
      return [rename(name), operand];
    }),
  );
}

function inExpression(expression: unknown, rename: Rename): unknown {
  if (typeof expression === "string") {
    const [, head, path] = /^(\$|\$\$(?:ROOT|CURRENT)\.)([^$].*)$/.exec(expression) ?? [];
    return path === undefined ? expression : `${head}${rename(path)}`;
  }
  if (Array.isArray(expression)) return expression.map((each) => inExpression(each, rename));
  if (!isObject(expression)) return expression;
  return Object.fromEntries(
    Object.entries(expression).map(([name, inner]) => [
      name,
      name === "$literal" || name === "$const" ? inner : inExpression(inner, rename),
    ]),
  );
}

/** What is kept or left out is named by its path; what is computed is a new name. */
function inProjection(specification: unknown, rename: Rename): unknown {
  if (!isObject(specification)) return specification;
  return Object.fromEntries(
    Object.entries(specification).map(([path, shown]) =>
      typeof shown === "string" || isObject(shown) || Array.isArray(shown)
        ? [path, inExpression(shown, rename)]
        : [path === "_id" ? path : rename(path), shown]
    ),
  );
}

function withKeys(specification: unknown, rename: Rename): unknown {
  if (!isObject(specification)) return specification;
  return Object.fromEntries(
    Object.entries(specification).map(([path, value]) => [rename(path), value]),
  );
}
