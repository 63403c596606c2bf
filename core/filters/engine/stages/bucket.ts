/** `$bucket`: groups by the boundaries that a value is between. */
import { spend } from "../budget.ts";
import type { Context } from "../context.ts";
import { FilterError, NotCompiled } from "../errors.ts";
import { compare, isObject, typePlace } from "../values.ts";
import { compileFields, type GroupFields, groupsOf } from "./group.ts";
import type { Flow } from "./stage.ts";

export function compileBucket(specification: unknown, context: Context): Flow {
  if (!isObject(specification)) throw new NotCompiled("$bucket needs an object", context.place);
  const { groupBy, boundaries, default: other, output, ...unknown } = specification;
  const isPath = typeof groupBy === "string" && groupBy.startsWith("$") || isObject(groupBy);
  if (!isPath || Object.keys(unknown).length > 0) {
    throw new NotCompiled("$bucket with these options", context.place);
  }
  const limits = constantsOf(boundaries, context);
  const hasOther = "default" in specification;
  const otherId = hasOther ? constantOf(other, context) : undefined;
  const [lowest, highest] = [limits[0], limits.at(-1)];
  if (hasOther && compare(otherId, lowest) >= 0 && compare(otherId, highest) < 0) {
    throw new NotCompiled("$bucket with a default within its boundaries", context.place);
  }
  const valueOf = context.at("groupBy").compile(groupBy);
  const fields: GroupFields = compileFields(
    output === undefined ? { count: { $sum: 1 } } : output,
    context.at("output"),
  );
  return (documents) => {
    const groups = groupsOf(documents, fields, (document) => {
      spend(limits.length);
      const value = valueOf(document);
      const at = limits.findLastIndex((limit) => compare(limit, value) <= 0);
      if (at >= 0 && at < limits.length - 1) return limits[at];
      if (hasOther) return otherId;
      throw new FilterError(40066, "$switch could not find a matching branch for an input");
    });
    return groups.toSorted((a, b) => compare(a._id, b._id));
  };
}

function constantsOf(boundaries: unknown, context: Context): unknown[] {
  if (!Array.isArray(boundaries) || boundaries.length < 2) {
    throw new NotCompiled("$bucket needs two boundaries", context.place);
  }
  const limits = boundaries.map((limit) => constantOf(limit, context));
  limits.slice(1).forEach((limit, i) => {
    const before = limits[i];
    if (typePlace(limit) !== typePlace(before) || compare(before, limit) >= 0) {
      throw new NotCompiled("$bucket needs ascending boundaries of one type", context.place);
    }
  });
  return limits;
}

function constantOf(value: unknown, context: Context): unknown {
  const isPlain = typeof value !== "string" || !value.startsWith("$");
  if (isPlain && !isObject(value) && !Array.isArray(value)) return value;
  throw new NotCompiled("$bucket with boundaries that aren't plain constants", context.place);
}
