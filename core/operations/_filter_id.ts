/** How filters are named: in paths, in messages, and what clients get of one. */
import { z } from "zod";
import type { FilterId } from "../archive/filter_store.ts";
import { type Document, toInteger } from "../contract/document.ts";
import { AbsentError } from "../contract/query.ts";
import { RefusedError } from "../operation.ts";

/** What isn't an id has a status of its own, so it isn't for a schema to refuse. */
export const FilterIdPath = z.object({ filter_id: z.string() });

/** The id of a public path, which has digits only: another path isn't there. */
export function filterIdOf({ filter_id: text }: z.output<typeof FilterIdPath>): FilterId {
  if (!/^[0-9]+$/.test(text)) throw new RefusedError(404, "Not Found");
  const digits = text.replace(/^0+(?=.)/, "");
  if (digits.length > 18) throw notFound(digits); // Beyond 64 bits, so nobody's.
  return toInteger(BigInt(digits));
}

export function notFound(filterId: FilterId | string): AbsentError {
  return new AbsentError(`Filter id ${filterId} not found`);
}

/** A filter as what requests are about. */
export function aboutFilter(filterId: FilterId): string {
  return `filter ${filterId}`;
}

/** As clients have always got it: MongoDB puts `_id` first, they get it last. */
export function toAnswer({ _id, ...filter }: { readonly _id?: unknown }): Document {
  return { ...filter, _id };
}
