/** Tells, in microseconds, that a filter that MongoDB runs can't pass an alert. */
import type { Document } from "../../../contract/document.ts";
import { StreamContext } from "../context.ts";
import { FilterError, NotCompiled } from "../errors.ts";
import { compileQuery } from "../match/query.ts";

/** The conditions of a pipeline's leading `$match` stages, as far as they are compiled. */
export function leadingConditions(pipeline: readonly Document[]): (input: Document) => boolean {
  const context = StreamContext.root(() => new Date());
  const predicates = [];
  try {
    for (const stage of pipeline) {
      if (!("$match" in stage)) break;
      predicates.push(...compileQuery(stage.$match, context));
    }
  } catch (error) {
    if (!(error instanceof NotCompiled || error instanceof FilterError)) throw error;
  }
  // What may fail is for MongoDB to fail at.
  const safe = predicates.filter(({ expression }) => expression === undefined);
  return (input) => {
    try {
      return safe.every((each) => each.test(input));
    } catch {
      return true; // MongoDB knows.
    }
  };
}
