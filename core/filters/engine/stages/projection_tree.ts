/** `$project`, `$addFields` and `$unset` as a tree of what to keep, drop and compute. */
import type { Document } from "../../../contract/document.ts";
import type { Compute, Context } from "../context.ts";
import { NotCompiled } from "../errors.ts";
import { type Reads, readsOf, union } from "../reads.ts";
import { isNumber, isObject, isTruthy } from "../values.ts";

export type Mode = "keep named" | "drop named" | "keep all";

/** One level of documents. */
export interface Level {
  readonly mode: Mode;
  /** What is kept, or dropped, whole. */
  readonly named: Set<string>;
  readonly below: Map<string, Level>;
  readonly computed: Map<string, Computed>;
  /** Names of `below` and `computed`, as they were written. */
  readonly order: string[];
}

export interface Computed {
  readonly expression: unknown;
  readonly compute: Compute;
}

export function readProject(specification: unknown, context: Context): Level {
  const fields = documentOf(specification, "$project");
  const mode = modeOf(fields);
  const { _id, ...others } = fields;
  const level = emptyLevel(mode);
  const isShown = _id === undefined || isFlag(_id) && isTruthy(_id);
  if (_id !== undefined && !isFlag(_id)) {
    if (isObject(_id) && !isExpression(_id)) throw new NotCompiled("$project below _id");
    add(level, ["_id"], _id, context.at("_id"));
  } else if (isShown === (mode === "keep named")) level.named.add("_id");
  for (const [name, shown] of Object.entries(others)) {
    if (name.startsWith("_id.")) throw new NotCompiled("$project below _id");
    add(level, toPath(name), shown, context.at(name));
  }
  return level;
}

export function readAddFields(specification: unknown, context: Context): Level {
  const fields = documentOf(specification, "$addFields");
  const level = emptyLevel("keep all");
  for (const [name, value] of Object.entries(fields)) {
    add(level, toPath(name), value, context.at(name));
  }
  return level;
}

export function readUnset(specification: unknown, context: Context): Level {
  const names = Array.isArray(specification) ? specification : [specification];
  if (names.length === 0 || !names.every((name) => typeof name === "string" && name !== "")) {
    throw new NotCompiled("$unset needs names of fields");
  }
  const level = emptyLevel("drop named");
  for (const name of names as string[]) add(level, toPath(name), 0, context);
  return level;
}

/** What the level's computed fields look at, all levels below it included. */
export function readsOfLevel(level: Level): Reads {
  return union([
    ...[...level.computed.values()].map(({ expression }) => readsOf(expression)),
    ...[...level.below.values()].map(readsOfLevel),
  ]);
}

export function computesAnything(level: Level): boolean {
  return level.computed.size > 0 || [...level.below.values()].some(computesAnything);
}

function documentOf(specification: unknown, stage: string): Document {
  if (!isObject(specification) || Object.keys(specification).length === 0) {
    throw new NotCompiled(`${stage} needs an object with fields`);
  }
  return specification;
}

function emptyLevel(mode: Mode): Level {
  return { mode, named: new Set(), below: new Map(), computed: new Map(), order: [] };
}

function isFlag(value: unknown): boolean {
  return typeof value === "boolean" || isNumber(value);
}

function isExpression(value: Document): boolean {
  return Object.keys(value)[0]?.startsWith("$") ?? false;
}

/** As the first field that says so decides; `_id` only where it stands alone. */
function modeOf(fields: Document): Mode {
  const decides = (value: unknown): Mode | undefined => {
    if (isFlag(value)) return isTruthy(value) ? "keep named" : "drop named";
    if (!isObject(value) || isExpression(value)) return "keep named";
    return Object.values(value).map(decides).find((mode) => mode !== undefined);
  };
  const { _id, ...others } = fields;
  const modes = Object.values(others).map(decides).filter((mode) => mode !== undefined);
  if (new Set(modes).size > 1) throw new NotCompiled("$project that both keeps and drops fields");
  return modes[0] ?? (_id === undefined ? "keep named" : decides(_id)!);
}

function toPath(name: string): string[] {
  const path = name.split(".");
  if (path.some((part) => part === "" || part.startsWith("$"))) {
    throw new NotCompiled(`${name} as the name of a field`);
  }
  return path;
}

function add(level: Level, path: readonly string[], value: unknown, context: Context): void {
  const [name, ...rest] = path as [string, ...string[]];
  const isTaken = level.named.has(name) || level.computed.has(name);
  if (isTaken || (rest.length === 0 && level.below.has(name))) {
    throw new NotCompiled(`two things for the field ${name}`);
  }
  if (rest.length > 0) return add(childLevel(level, name), rest, value, context);
  if (level.mode !== "keep all" && isFlag(value)) {
    level.named.add(name);
  } else if (isObject(value) && !isExpression(value)) {
    const entries = Object.entries(value);
    if (entries.length === 0) throw new NotCompiled(`an empty object for the field ${name}`);
    const child = childLevel(level, name);
    for (const [inner, innerValue] of entries) {
      if (inner.startsWith("$")) throw new NotCompiled("operators beside fields");
      if (level.mode === "keep all" && inner.includes(".")) {
        throw new NotCompiled(`${inner} in an object of $addFields`);
      }
      add(child, toPath(inner), innerValue, context.at(inner));
    }
  } else {
    if (level.mode === "drop named") throw new NotCompiled("$project that drops and computes");
    level.computed.set(name, { expression: value, compute: context.compile(value) });
    level.order.push(name);
  }
}

function childLevel(level: Level, name: string): Level {
  const known = level.below.get(name);
  if (known) return known;
  const child = emptyLevel(level.mode);
  level.below.set(name, child);
  level.order.push(name);
  return child;
}
