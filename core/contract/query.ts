/** A type of query: one file of `core/queries/`, held to this contract. */
import type { z } from "zod";
import type { Document } from "./document.ts";
import type { Permission } from "./permissions.ts";

/** Positions in one query; more would keep others waiting for too long. */
export const POSITIONS_MAX = 10_000;

/** Who asks, as the edge has found out. */
export interface Principal {
  readonly name: string;
  /** Sees every row, and what the system keeps for itself. */
  readonly admin: boolean;
  readonly permissions: readonly Permission[];
  /** The programids whose alerts they may see. */
  readonly programIds: readonly number[];
}

/** One BSON document as it lies in the archive. */
export type RawDocument = Uint8Array;

/** Documents as the archive hands them over: some at a time, so that few waits serve many of them. */
export type RawBatches = AsyncIterable<readonly RawDocument[]>;

export interface FindOptions {
  readonly projection?: Document | undefined;
  readonly skip?: number | undefined;
  /** 0: no limit. */
  readonly limit?: number | undefined;
  readonly sort?: readonly (readonly [string, number])[] | undefined;
  /** An index's name, or its keys. */
  readonly hint?: string | Document | undefined;
  /** Done also where a query is only explained: what else it reads depends on what is found. */
  readonly always?: boolean;
}

export interface FindEachOptions extends FindOptions {
  /**
   * For each condition, fields that its documents get, as expressions: they can be sorted by and shown,
   * with a projection of plain fields.
   */
  readonly computed?: readonly Document[];
  /** What has to be true of these, besides condition and filter. */
  readonly having?: Document | undefined;
}

/** The archive as one principal may see it: row access, protected collections, limits are built in. */
export interface ArchiveView {
  find(catalog: string, filter: Document, options: FindOptions): RawBatches;
  /**
   * One `find` for each condition, for what fulfils it and the filter, in the order of the
   * conditions: documents of condition `at`, some at a time. One without documents gives nothing.
   */
  findEach(
    catalog: string,
    conditions: readonly Document[],
    filter: Document,
    options: FindEachOptions,
  ): AsyncIterable<{ readonly at: number; readonly documents: readonly RawDocument[] }>;
  aggregate(
    catalog: string,
    pipeline: readonly Document[],
    options: { readonly allowDiskUse: boolean; readonly hint?: string | Document | undefined },
  ): RawBatches;
  count(
    catalog: string,
    filter: Document,
    options: Pick<FindOptions, "skip" | "limit" | "hint">,
  ): Promise<number>;
  estimatedCount(catalog: string): Promise<number>;
  /** Names of the collections a user may query, sorted descending. */
  catalogNames(): Promise<string[]>;
  /** A command's answer, as BSON: `collStats`, `dbStats`. */
  stats(command: "collStats" | "dbStats", catalog?: string): Promise<RawDocument>;
  indexes(catalog: string): Promise<Document>;
  /** Whether it is a catalog that the archive can do without. */
  isDroppable(catalog: string): boolean;
  /** Takes it out of the archive; who may ask for that, and of what, is for the caller to check. */
  drop(catalog: string): Promise<void>;
}

export interface QueryContext {
  readonly archive: ArchiveView;
  readonly principal: Principal;
  readonly signal: AbortSignal;
  /** Does the work, which changes something, and leaves a record of it: `action` as `thing.verb`. */
  audited<T>(
    deed: { readonly action: string; readonly target: string },
    work: () => Promise<T>,
  ): Promise<T>;
}

/**
 * What a query answers. Documents stay BSON, in streams, so that an answer needn't be in memory at
 * once, and whoever writes it may choose the format. Null, or done: there is no `data`.
 */
export type Answer =
  | null
  | { readonly kind: "done"; readonly message: string }
  | { readonly kind: "value"; readonly value: string | number | readonly string[] | Document }
  | { readonly kind: "document"; readonly document: RawDocument }
  | { readonly kind: "list"; readonly documents: RawBatches }
  | {
    readonly kind: "matches";
    /** The catalogs, and the positions' names in each: all of them are in the answer. */
    readonly catalogs: readonly string[];
    readonly names: readonly string[];
    /** What a catalog holds at position `at` of `names`, in order. */
    documents(catalog: string): ReturnType<ArchiveView["findEach"]>;
  };

export interface QueryDef<Input> {
  readonly name: string;
  /** Parses `{ query, kwargs }`; what comes out is what `run` works with. */
  readonly input: z.ZodType<Input>;
  run(input: Input, context: QueryContext): Promise<Answer> | Answer;
}

export function defineQuery<Input>(query: QueryDef<Input>): QueryDef<Input> {
  return query;
}

/** The caller's fault, told to the caller: the text is for them. */
export class QueryError extends Error {
  override name = "QueryError";
}

/** What is asked for isn't in this archive: where there are several, it may be in another. */
export class AbsentError extends QueryError {
  override name = "AbsentError";
}

/** The archive can't be asked now: trying again later may help. */
export class UnavailableError extends Error {
  override name = "UnavailableError";
}
