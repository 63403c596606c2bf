/** What a stage is compiled to. */
import type { Document } from "../../../contract/document.ts";
import { FilterError } from "../errors.ts";
import type { Predicate } from "../match/query.ts";
import { isObject } from "../values.ts";
import type { Projection } from "./projection.ts";

/** Documents in, documents out. Those that come in are read by reference, and never changed. */
export type Flow = (documents: readonly Document[]) => readonly Document[];

export type Stage =
  /** Lets a document pass where all hold. */
  | { readonly kind: "match"; readonly predicates: readonly Predicate[] }
  /** One document of each, field by field. */
  | { readonly kind: "project"; readonly projection: Projection }
  /** One document of each, as a whole. */
  | {
    readonly kind: "replace";
    readonly expression: unknown;
    readonly compute: (document: Document) => Document;
  }
  | { readonly kind: "flow"; readonly flow: Flow };

/** What `$replaceRoot` made, if it is a document. */
export function newRootOf(value: unknown): Document {
  if (isObject(value)) return value;
  throw new FilterError(40228, "'newRoot' expression must evaluate to an object");
}
