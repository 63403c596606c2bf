/**
 * Makes one pipeline that runs a user's filter on many alerts and still tells whose each result is.
 *
 * A filter is written for one alert: it may group, sort, limit or drop every field it was given. Two
 * forms keep the alerts apart:
 * - *side by side*: the pipeline itself, with a mark carried through each stage. Only for pipelines of
 *   stages that look at one document at a time, or whose grouping the mark can be added to.
 * - *one by one*: the pipeline as it stands, run for each alert within a `$lookup`. Right for
 *   everything, and slower.
 */
import type { Document } from "../contract/document.ts";

/** The field that says which alert of the batch a document comes from. */
export const MARK = "_kowalskiAlert";

/** How a stage gets at the whole document. */
const SEES_ALL = /\$\$(ROOT|CURRENT)/;

/** The stages with the mark carried through, or null where only one by one is right. */
export function sideBySide(pipeline: readonly Document[]): Document[] | null {
  // What sees the whole document would see the mark.
  const text = JSON.stringify(
    pipeline,
    (_, value) => typeof value === "bigint" ? `${value}` : value,
  );
  if (/\$\$(ROOT|CURRENT)/.test(text) || text.includes(MARK)) return null;
  const stages: Document[] = [];
  for (const stage of pipeline) {
    const marked = markStage(stage);
    if (marked === null) return null;
    stages.push(...marked);
  }
  return stages;
}

/**
 * Which fields of its input a filter may need, by name; null: all of them. A field that no stage names
 * can't matter where some stage keeps only what it names.
 */
export function namedFields(pipeline: readonly Document[]): ReadonlySet<string> | null {
  const text = textOf(pipeline);
  const narrows = pipeline.some((stage) =>
    "$group" in stage || "$replaceRoot" in stage || "$replaceWith" in stage || "$count" in stage ||
    ("$project" in stage && includes(stage.$project as Document))
  );
  return narrows && !SEES_ALL.test(text) ? new Set(text.match(/\w+/g)) : null;
}

/** For documents with a mark: each filter's results below `results`, whatever its stages are. */
export function oneByOne(pipeline: readonly Document[]): Document[] {
  return [
    {
      $lookup: {
        let: { alert: "$$ROOT" },
        pipeline: [{ $documents: ["$$alert"] }, { $unset: MARK }, ...pipeline],
        as: "results",
      },
    },
    { $project: { _id: 0, [MARK]: 1, results: 1 } },
  ];
}

function markStage(stage: Document): Document[] | null {
  const [[operator, argument], ...others] = Object.entries(stage) as [[string, unknown]];
  if (others.length > 0) return null;
  switch (operator) {
    case "$match":
    case "$addFields":
    case "$set":
    case "$unset":
    case "$unwind":
    case "$sort":
      return [stage];
    case "$project":
      return [{
        $project: includes(argument as Document)
          ? { ...argument as Document, [MARK]: 1 }
          : argument,
      }];
    case "$group": {
      const { _id, ...accumulators } = argument as Document;
      return [
        { $group: { _id: { alert: `$${MARK}`, key: _id }, ...accumulators } },
        { $addFields: { _id: "$_id.key", [MARK]: "$_id.alert" } },
      ];
    }
    case "$replaceRoot":
      return [{ $replaceRoot: { newRoot: withMark((argument as Document).newRoot) } }];
    case "$replaceWith":
      return [{ $replaceWith: withMark(argument) }];
    default: // $limit, $skip, $count, $facet, $bucket, $setWindowFields, ...
      return null;
  }
}

function withMark(newRoot: unknown): Document {
  return { $mergeObjects: [newRoot, { [MARK]: `$${MARK}` }] };
}

/** Whether a projection names what it keeps; else it names what it drops. `_id: 0` alone drops. */
function includes(projection: Document): boolean {
  const decides = ([name, shown]: [string, unknown]): boolean | undefined => {
    if (name === "_id") return undefined;
    if (shown === null || typeof shown !== "object" || Array.isArray(shown)) {
      return !(shown === 0 || shown === false || shown === 0n);
    }
    const inner = Object.entries(shown as Document);
    if (inner.length === 0 || inner[0]![0].startsWith("$")) return true;
    return inner.map(decides).find((decided) => decided !== undefined);
  };
  const decided = Object.entries(projection).map(decides).find((each) => each !== undefined);
  if (decided !== undefined) return decided;
  const { _id } = projection; // Only `_id` is named, or nothing.
  return !(_id === 0 || _id === false);
}

function textOf(pipeline: readonly Document[]): string {
  return JSON.stringify(pipeline, (_, value) => typeof value === "bigint" ? `${value}` : value);
}
