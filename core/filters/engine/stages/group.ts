/** `$group` and what is written with it: `$count`, `$sortByCount`. */
import type { Document } from "../../../contract/document.ts";
import { spend } from "../budget.ts";
import type { Compute, Context } from "../context.ts";
import { NotCompiled } from "../errors.ts";
import { hashKey, isObject } from "../values.ts";
import { type Accumulator, compileAccumulator } from "./accumulators.ts";
import { compileSort } from "./sort.ts";
import type { Flow } from "./stage.ts";

export type GroupFields = readonly (readonly [name: string, accumulate: Accumulator])[];

export function compileGroup(specification: unknown, context: Context): Flow {
  if (!isObject(specification) || !("_id" in specification)) {
    throw new NotCompiled("$group needs an _id", context.place);
  }
  const { _id, ...fields } = specification;
  const keyOf = context.at("_id").compile(_id);
  const accumulators = compileFields(fields, context);
  return (documents) => groupsOf(documents, accumulators, keyOf);
}

export function compileFields(fields: unknown, context: Context): GroupFields {
  if (!isObject(fields)) throw new NotCompiled("accumulators need an object", context.place);
  return Object.entries(fields).map(([name, field]) => {
    if (name.includes(".") || name.startsWith("$") || name === "" || name === "_id") {
      throw new NotCompiled(`${name} as the name of a field in $group`, context.place);
    }
    return [name, compileAccumulator(field, context.at(name))];
  });
}

/** The groups by a key, in the order of their first documents. */
export function groupsOf(
  documents: readonly Document[],
  fields: GroupFields,
  keyOf: Compute,
): Document[] {
  const groups = new Map<unknown, { _id: unknown; documents: Document[] }>();
  for (const document of documents) {
    spend(1);
    const _id = keyOf(document) ?? null;
    const key = hashKey(_id);
    const group = groups.get(key);
    if (group) group.documents.push(document);
    else groups.set(key, { _id, documents: [document] });
  }
  return [...groups.values()].map((group) => {
    const result: Document = { _id: group._id };
    for (const [name, accumulate] of fields) result[name] = accumulate(group.documents) ?? null;
    return result;
  });
}

export function compileCount(specification: unknown): Flow {
  if (typeof specification !== "string" || !/^[^$.\0][^.\0]*$/.test(specification)) {
    throw new NotCompiled("$count needs the name of a field");
  }
  return (documents) => documents.length === 0 ? [] : [{ [specification]: documents.length }];
}

export function compileSortByCount(expression: unknown, context: Context): Flow {
  const [first = ""] = isObject(expression) ? Object.keys(expression) : [expression];
  if (typeof first !== "string" || !first.startsWith("$")) {
    throw new NotCompiled("$sortByCount needs a path or an operator", context.place);
  }
  const group = compileGroup({ _id: expression, count: { $sum: 1 } }, context);
  const sort = compileSort({ count: -1 });
  return (documents) => sort(group(documents));
}
