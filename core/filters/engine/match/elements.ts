/**
 * Which elements of a document a path of a query stands for. Unlike in expressions, a path goes into
 * arrays at each level, by index too, and a condition holds where it holds for any of the elements.
 */
import { fieldOf } from "../paths.ts";
import { isObject } from "../values.ts";

/** A condition on one element; `undefined` is one that is missing. */
export type Test = (element: unknown) => boolean;

/** Whether an array at the end of the path also stands for each of its items. */
export type AtEnd = "items too" | "as it is";

const INDEX = /^(0|[1-9]\d*)$/;

/** The value of a field; an array counts as a document with its indexes as names. */
export function childOf(container: unknown, name: string): unknown {
  if (Array.isArray(container)) return INDEX.test(name) ? container[Number(name)] : undefined;
  return isObject(container) ? fieldOf(container, name) : undefined;
}

/** A condition on the value of the path's first field, which holds where any element meets `test`. */
export function compileElements(path: readonly string[], atEnd: AtEnd, test: Test): Test {
  const anyElement: Test = (value) => any(value, path, 1, atEnd, test);
  if (path.length === 1) {
    return (value) => typeof value === "object" && value !== null ? anyElement(value) : test(value);
  }
  if (path.length > 2) return anyElement;
  const name = path[1]!;
  return (value) => {
    if (!isObject(value)) return anyElement(value);
    const inner = fieldOf(value, name);
    return typeof inner === "object" && inner !== null
      ? any(inner, path, 2, atEnd, test)
      : test(inner);
  };
}

/** `value` is what the first `at` names of the path lead to. */
function any(
  value: unknown,
  path: readonly string[],
  at: number,
  atEnd: AtEnd,
  test: Test,
): boolean {
  for (; at < path.length; at++) {
    if (Array.isArray(value)) return anyBelowItems(value, path, at, atEnd, test);
    if (!isObject(value)) return test(undefined);
    value = fieldOf(value, path[at]!);
  }
  if (Array.isArray(value) && atEnd === "items too") {
    for (const item of value) {
      if (test(item ?? null)) return true;
    }
  }
  return test(value);
}

function anyBelowItems(
  items: readonly unknown[],
  path: readonly string[],
  at: number,
  atEnd: AtEnd,
  test: Test,
): boolean {
  const name = path[at]!;
  const isLast = at + 1 === path.length;
  for (let i = 0; i < items.length; i++) {
    const item = items[i] ?? null;
    const isDocument = isObject(item);
    // The name may be that of a field in each of the items, and the index of one of them.
    if (isDocument && any(item, path, at, atEnd, test)) return true;
    if (name !== `${i}`) continue;
    if (isLast) {
      if (test(item)) return true;
    } else if (isDocument) {
      if (any(item, path, at + 1, atEnd, test)) return true;
    } else if (Array.isArray(item)) {
      if (anyBelowItems(item, path, at + 1, atEnd, test)) return true;
    }
  }
  return false;
}
