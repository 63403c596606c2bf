/**
 * Keeps what people ask behind what they may see.
 *
 * MongoDB makes one condition of a guard and of the filter behind it, and tests the parts in an order
 * of its own. An expression that fails says so, with the value that it failed on, and that may be of a
 * document that the guard hides. So filters with expressions have to wait behind a stage that nothing
 * is moved across.
 */
import type { Document } from "../contract/document.ts";
import { isPlainObject } from "../contract/extended_json.ts";

/** Takes all documents that come, and lets no stage behind it go before it. */
export const BARRIER: Document = { $limit: Number.MAX_SAFE_INTEGER };

/** Whether there is an expression in it that could fail on a document: nothing else in a filter can. */
export function usesExpressions(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(usesExpressions);
  return isPlainObject(value) &&
    Object.entries(value).some(([key, inner]) => key === "$expr" || usesExpressions(inner));
}

/**
 * The conditions of a filter on single fields, without expressions, and on none of the `hidden` fields:
 * these may be tested before anything else, and by an index. The whole filter has to be tested too.
 */
export function plainPart(filter: Document, hidden: readonly string[]): Document[] {
  return Object.entries(filter).flatMap(([key, value]) => {
    if (key === "$and" && Array.isArray(value)) {
      return value.flatMap((part) => isPlainObject(part) ? plainPart(part, hidden) : []);
    }
    const isOfHidden = hidden.some((field) => isWithin(key, field) || isWithin(field, key));
    return key.startsWith("$") || isOfHidden || usesExpressions(value) ? [] : [{ [key]: value }];
  });
}

/** Whether a path is that of a field, or of something in it. */
export function isWithin(path: unknown, field: string): boolean {
  return path === field || (typeof path === "string" && path.startsWith(`${field}.`));
}
