/**
 * Applies a projection's tree to documents. New documents share with the old ones what is unchanged.
 * As in MongoDB, a field that is taken away leaves its place (`undefined` here) to a later one of its name.
 */
import type { Document } from "../../../contract/document.ts";
import type { Compute } from "../context.ts";
import { NotCompiled } from "../errors.ts";
import { type Reads, readsOf, union } from "../reads.ts";
import { isObject } from "../values.ts";
import { computesAnything, type Level, readsOfLevel } from "./projection_tree.ts";

/** Where a top-level field of the result comes from. */
export type Source =
  | { readonly kind: "kept" }
  | { readonly kind: "dropped" }
  | {
    readonly kind: "computed";
    /** What it is computed from; the expression itself, where it is no more than that. */
    readonly expression?: unknown;
    readonly reads: Reads;
    readonly compute: Compute;
  };

/** A stage that makes one document of each, field by field. */
export interface Projection {
  source(name: string): Source;
  /** The names that are computed or changed within, in order. */
  readonly computed: readonly string[];
  /** The whole result; `valueOf` gives the fields of `computed`. */
  assemble(document: Document, valueOf: (name: string) => unknown): Document;
}

export function compileProjection(level: Level): Projection {
  const { mode, named, below, computed, order } = level;
  const sources = new Map<string, Source>();
  for (const name of order) {
    const expression = computed.get(name);
    sources.set(
      name,
      expression
        ? {
          kind: "computed",
          expression: expression.expression,
          reads: readsOf(expression.expression),
          compute: expression.compute,
        }
        : sourceBelow(name, below.get(name)!),
    );
  }
  // What is only kept or dropped below a field that isn't there leaves no place.
  const added = mode === "drop named" || !computesAnything(level) ? [] : order;
  const byDefault: Source = { kind: mode === "keep named" ? "dropped" : "kept" };
  for (const name of named) {
    sources.set(name, { kind: mode === "keep named" ? "kept" : "dropped" });
  }
  return {
    source: (name) => sources.get(name) ?? byDefault,
    computed: order,
    assemble(document, valueOf) {
      const result: Document = {};
      for (const name in document) {
        const { kind } = sources.get(name) ?? byDefault;
        const isLeftOut = kind === "dropped" || computed.has(name) || document[name] === undefined;
        if (mode === "keep named" && isLeftOut) continue;
        result[name] = kind === "dropped"
          ? undefined
          : kind === "kept"
          ? document[name]
          : valueOf(name);
      }
      for (const name of added) {
        if (!(name in result)) result[name] = valueOf(name);
      }
      return result;
    },
  };
}

function sourceBelow(name: string, level: Level): Source {
  const computes = computesAnything(level);
  return {
    kind: "computed",
    reads: union([new Set([name]), readsOfLevel(level)]),
    compute: (root) => {
      const kept = level.mode === "keep all" ? root[name] : project(level, root[name]);
      return computes ? express(level, root, kept) : kept;
    },
  };
}

/** Keeps and drops, in documents and in arrays of them. */
function project(level: Level, value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => {
      const result = project(level, item ?? null);
      // MongoDB has holes in such an array until it is written, or something is computed there.
      if (result === undefined && !computesAnything(level)) {
        throw new NotCompiled("$project below items that aren't documents");
      }
      return result;
    });
  }
  if (!isObject(value)) return level.mode === "keep named" ? undefined : value;
  const result: Document = {};
  for (const name in value) {
    const child = level.below.get(name);
    if (child !== undefined) result[name] = project(child, value[name]);
    else if (level.mode === "keep named") {
      if (level.named.has(name)) result[name] = value[name];
    } else result[name] = level.named.has(name) ? undefined : value[name];
  }
  return result;
}

/** Computes, below a field. */
function express(level: Level, root: Document, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => express(level, root, item ?? null));
  if (!isObject(value)) {
    if (!computesAnything(level)) return level.mode === "keep named" ? undefined : value;
    value = {};
  }
  const result: Document = { ...(value as Document) };
  for (const name of level.order) {
    const child = level.below.get(name);
    result[name] = child
      ? express(child, root, result[name])
      : level.computed.get(name)!.compute(root);
  }
  return result;
}
