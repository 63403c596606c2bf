/** Finds as they are sent to MongoDB: those that are done, and those that are only explained. */
import type { Document } from "../contract/document.ts";
import { type FindEachOptions, type FindOptions, QueryError } from "../contract/query.ts";
import type { Read } from "./explain.ts";
import { isPlainProjection } from "./find_together.ts";
import type { Guards } from "./guards.ts";

/**
 * A find as it is sent, guards and all: as an aggregation where what the filter, the sort and the
 * projection see has to be what the guards leave.
 */
export function findOf(
  guards: Guards,
  collection: string,
  filter: Document,
  options: FindOptions,
): Read {
  const { projection, skip, limit, sort, hint } = options;
  const isGuarded = guards.hides(collection);
  if (guards.needsStages(collection, filter)) {
    if (!isPlainProjection(projection)) {
      throw new QueryError(
        `Cannot use a projection with operators on ${collection} with this filter for this user`,
      );
    }
    const pipeline = [...guards.select(collection, filter), ...stagesOf(options)];
    return { collection: guards.baseOf(collection), pipeline, hint, isGuarded };
  }
  const find = {
    filter: guards.filter(collection, filter),
    ...projection && { projection },
    ...skip && { skip },
    ...limit && { limit },
    ...sort && { sort: Object.fromEntries(sort) },
  };
  return { collection, find, hint, isGuarded };
}

export function stagesOf(
  { sort, skip, limit, projection, having }: Omit<FindEachOptions, "hint" | "computed">,
  computed?: Document,
): Document[] {
  return [
    ...computed ? [{ $set: computed }] : [],
    ...having ? [{ $match: having }] : [],
    ...sort?.length ? [{ $sort: Object.fromEntries(sort) }] : [],
    ...skip ? [{ $skip: skip }] : [],
    ...limit ? [{ $limit: Math.abs(limit) }] : [],
    ...projection && Object.keys(projection).length > 0 ? [{ $project: projection }] : [],
  ];
}
