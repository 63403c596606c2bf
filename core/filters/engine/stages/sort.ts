/** The order of `$sort`: by several fields, arrays by their least or greatest item. */
import type { Document } from "../../../contract/document.ts";
import { spend } from "../budget.ts";
import { NotCompiled } from "../errors.ts";
import { fieldOf } from "../paths.ts";
import { compare, isNumber, isObject, plainNumber } from "../values.ts";
import type { Flow } from "./stage.ts";

interface Key {
  readonly path: readonly string[];
  readonly direction: 1 | -1;
}

/** A document, and what it is sorted by. */
export interface Row {
  readonly document: Document;
  readonly values: readonly unknown[];
}

export interface Order {
  rows(documents: readonly Document[]): Row[];
  compare(a: Row, b: Row): number;
}

/** Throws `NotCompiled`. */
export function compileSort(specification: unknown): Flow {
  const order = compileOrder(specification);
  return (documents) => {
    const rows = order.rows(documents);
    if (documents.length < 2) return documents;
    // Equal ones stay in their order.
    return rows.sort(order.compare).map(({ document }) => document);
  };
}

/** Throws `NotCompiled`. */
export function compileOrder(specification: unknown): Order {
  const keys = readKeys(specification);
  return {
    rows(documents) {
      spend(documents.length);
      if (keys.length > 1) documents.forEach((document) => checkArrays(document, keys));
      if (documents.length < 2) return documents.map((document) => ({ document, values: [] }));
      return documents.map((document) => ({ document, values: keys.map(valueFor(document)) }));
    },
    compare(a, b) {
      for (let i = 0; i < keys.length; i++) {
        const order = compare(a.values[i], b.values[i]);
        if (order !== 0) return order * keys[i]!.direction;
      }
      return 0;
    },
  };
}

function readKeys(specification: unknown): Key[] {
  const keys = isObject(specification) ? Object.entries(specification) : [];
  if (keys.length === 0) throw new NotCompiled("$sort needs fields");
  return keys.map(([name, direction]) => {
    const plain = isNumber(direction) ? Number(plainNumber(direction)) : NaN;
    if (plain !== 1 && plain !== -1) throw new NotCompiled("$sort needs 1 or -1 for each field");
    const path = name.split(".");
    if (path.some((part) => part === "" || part.startsWith("$") || /^\d+$/.test(part))) {
      throw new NotCompiled(`$sort by ${name}`);
    }
    return { path, direction: plain };
  });
}

/** MongoDB refuses to sort by several arrays of a document, unless it is one of documents. */
function checkArrays(document: Document, keys: readonly Key[]): void {
  if (keys.filter(({ path }) => hasArray(document, path)).length > 1) {
    throw new NotCompiled("$sort by several arrays");
  }
}

function hasArray(document: Document, path: readonly string[]): boolean {
  let value: unknown = document;
  for (const name of path) {
    if (!isObject(value)) break;
    value = fieldOf(value, name);
  }
  return Array.isArray(value);
}

/** What a document is sorted by: of several elements the one that comes first. */
function valueFor(document: Document): (key: Key) => unknown {
  return ({ path, direction }) => {
    const elements: unknown[] = [];
    collect(document, path, 0, elements);
    return elements.reduce((first, each) => compare(each, first) * direction < 0 ? each : first);
  };
}

function collect(value: unknown, path: readonly string[], at: number, elements: unknown[]): void {
  if (Array.isArray(value)) {
    if (value.length === 0) throw new NotCompiled("$sort by an empty array");
    for (const item of value) {
      if (at === path.length) elements.push(item ?? null);
      else if (isObject(item)) collect(item, path, at, elements);
      else throw new NotCompiled("$sort below items that aren't documents");
    }
  } else if (at < path.length && isObject(value)) {
    collect(fieldOf(value, path[at]!), path, at + 1, elements);
  } else elements.push(at < path.length || value === undefined ? null : value);
}
