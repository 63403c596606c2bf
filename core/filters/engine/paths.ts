/**
 * Field paths as aggregation expressions read them: a path goes through arrays, giving what their
 * documents hold there; what isn't there is left out.
 */
import type { Document } from "../../contract/document.ts";
import { isObject } from "./values.ts";

/** Reads the value at one path from a document; `undefined` where it is missing. */
export type Read = (document: Document) => unknown;

/** What every object in JavaScript seems to have, though nobody gave it. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

/** The field of a document, and nothing that JavaScript adds to it. */
export function fieldOf(document: Document, name: string): unknown {
  const value = document[name];
  // What is inherited are functions, but for `__proto__`; no value of MongoDB is one.
  return typeof value === "function" || value === Object.prototype ? undefined : value;
}

export function getPath(value: unknown, path: readonly string[], from = 0): unknown {
  for (let at = from; at < path.length; at++) {
    if (isObject(value)) value = fieldOf(value, path[at]!);
    else if (Array.isArray(value)) return getFromItems(value, path, at);
    else return undefined;
  }
  return value;
}

/** As `getPath` from a document, made once for a path that is read often. */
export function compilePath(path: readonly string[]): Read {
  if (path.some((name) => INHERITED.has(name))) return (document) => getPath(document, path);
  const [first, second, third] = path as [string, string?, string?];
  if (second === undefined) return (document) => document[first];
  if (third === undefined) return (document) => childOf(document[first], second);
  return (document) => getPath(document[first], path, 1);
}

/** One name within any value: in a document, or in each document of an array. */
export function compileName(name: string): (value: unknown) => unknown {
  return INHERITED.has(name) ? (value) => getPath(value, [name]) : (value) => childOf(value, name);
}

function childOf(value: unknown, name: string): unknown {
  if (isObject(value)) return value[name];
  if (!Array.isArray(value)) return undefined;
  const found: unknown[] = [];
  for (let i = 0; i < value.length; i++) {
    const item = value[i];
    const child = isObject(item) ? item[name] : undefined;
    if (child !== undefined) found.push(child);
  }
  return found;
}

function getFromItems(items: readonly unknown[], path: readonly string[], at: number): unknown[] {
  const found: unknown[] = [];
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (!isObject(item)) continue; // Also an array right in an array.
    const value = getPath(item, path, at);
    if (value !== undefined) found.push(value);
  }
  return found;
}
