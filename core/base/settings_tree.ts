/** Settings as trees of mappings: how they are merged, and how one is named in the environment. */
import { z } from "zod";

export type Tree = Record<string, unknown>;
/** Keys from the root; a key may hold dots itself (`bootstrap.servers`). */
export type Path = readonly string[];

/** What a schema says of one place: where it is, and what may stand there. */
export interface Place {
  readonly path: Path;
  readonly schema: z.ZodType;
}

export function isMapping(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Mappings are merged key by key, anything else in `over` replaces; neither is changed. */
export function merge(under: Tree, over: Tree): Tree {
  const merged: Tree = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    merged[key] = isMapping(before) && isMapping(value) ? merge(before, value) : value;
  }
  return merged;
}

/** A copy with `value` at `path`, and mappings on the way there. */
export function withValue(tree: Tree, path: Path, value: unknown): Tree {
  const [key, ...rest] = path;
  if (key === undefined) return tree;
  if (rest.length === 0) return { ...tree, [key]: value };
  const below = tree[key];
  return { ...tree, [key]: withValue(isMapping(below) ? below : {}, rest, value) };
}

/** What is at `path`; undefined where there is nothing. */
export function valueAt(tree: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) => isMapping(value) && Object.hasOwn(value, key) ? value[key] : undefined,
    tree,
  );
}

/** `server.admin_password` is `KOWALSKI_SERVER_ADMIN_PASSWORD`. */
export function envName(path: Path): string {
  return `KOWALSKI_${path.join("_").replaceAll(/[^A-Za-z0-9]/g, "_").toUpperCase()}`;
}

/** All places below `schema`; of mappings with free names, those that `tree` holds. */
export function* places(schema: z.ZodType, tree: unknown, path: Path = []): Generator<Place> {
  if (path.length > 0) yield { path, schema };
  const inner = unwrap(schema);
  const below = (key: string) => isMapping(tree) ? tree[key] : undefined;
  if (inner instanceof z.ZodObject) {
    for (const [key, child] of Object.entries(inner.shape)) {
      yield* places(child as z.ZodType, below(key), [...path, key]);
    }
  } else if (inner instanceof z.ZodRecord) {
    for (const key of isMapping(tree) ? Object.keys(tree) : []) {
      yield* places(inner.valueType as z.ZodType, below(key), [...path, key]);
    }
  }
}

/** Whether a value there is never to be printed. */
export function isSecret(schema: z.ZodType): boolean {
  return schema.meta()?.secret === true;
}

/** The keys that a mapping at `path` may have; null where names are free, or it is no mapping. */
export function keysAt(schema: z.ZodType, path: Path): string[] | null {
  let inner = unwrap(schema);
  for (const key of path) {
    const next = inner instanceof z.ZodObject
      ? inner.shape[key]
      : inner instanceof z.ZodRecord
      ? inner.valueType
      : undefined;
    if (next === undefined) return null;
    inner = unwrap(next as z.ZodType);
  }
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : null;
}

/** What stands behind "or null", and before a change of form. */
function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodOptional) {
    return unwrap(schema.unwrap() as z.ZodType);
  }
  return schema instanceof z.ZodPipe ? unwrap(schema.in as z.ZodType) : schema;
}
