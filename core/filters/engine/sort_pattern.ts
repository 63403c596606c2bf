/**
 * `{field: 1, other: -1}` as `$sortArray` has it: arrays are compared whole, what is missing is null.
 */
import type { Document } from "../../contract/document.ts";
import { FilterError } from "./errors.ts";
import { sortLikeCpp } from "./introsort.ts";
import { fieldOf } from "./paths.ts";
import { compare, isNumber, isObject, plainNumber } from "./values.ts";

/** Null: the whole value. */
export type SortPattern = readonly { readonly path: string | null; readonly sign: 1 | -1 }[];

export function sortPatternOf(json: unknown, place: string): SortPattern {
  if (isNumber(json)) return [{ path: null, sign: signOf(json, 2942506, place) }];
  if (!isObject(json)) {
    throw new FilterError(2942507, "a sort must be 1, -1, or {field: 1 or -1}", place);
  }
  const pattern = Object.entries(json).map(([path, sign]) => {
    if (path.split(".").includes("")) {
      throw new FilterError(2942505, `The sort field '${path}' has an empty part`, place);
    }
    return { path, sign: signOf(sign, 2942505, place) };
  });
  if (pattern.length === 0) throw new FilterError(2942505, "The sort pattern is empty", place);
  return pattern;
}

function signOf(value: unknown, code: number, place: string): 1 | -1 {
  const sign = isNumber(value) ? Number(String(plainNumber(value))) : NaN;
  if (sign === 1 || sign === -1) return sign;
  throw new FilterError(code, "The sort element value must be either 1 or -1", place);
}

/** A sorted copy, with equal items in the order that MongoDB leaves them in. */
export function sortByPattern(array: readonly unknown[], pattern: SortPattern): unknown[] {
  const rows = array.map((item) => ({
    item,
    keys: pattern.map(({ path }) => path === null ? item : keyOf(item, path)),
  }));
  const signs = pattern.map(({ sign }) => sign);
  const sorted = sortLikeCpp(rows, (a, b) => {
    for (let i = 0; i < signs.length; i++) {
      const order = signs[i]! * compare(a.keys[i], b.keys[i]);
      if (order !== 0) return order < 0;
    }
    return false;
  });
  return sorted.map(({ item }) => item);
}

/** A field may have the whole path for its name; an array is a document of its indexes. */
function keyOf(value: unknown, path: string): unknown {
  if (!isObject(value) && !Array.isArray(value)) return null;
  const whole = childOf(value, path);
  if (whole !== undefined) return whole;
  const dot = path.indexOf(".");
  return dot < 0 ? null : keyOf(childOf(value, path.slice(0, dot)), path.slice(dot + 1));
}

function childOf(value: Document | readonly unknown[], name: string): unknown {
  if (!Array.isArray(value)) return fieldOf(value as Document, name);
  return /^(0|[1-9]\d*)$/.test(name) ? value[Number(name)] : undefined;
}
