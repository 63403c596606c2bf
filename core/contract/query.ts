/** A type of query: one file of `core/queries/`, held to this contract. */
import type { z } from "zod";

/** Who asks, as the edge has found out. */
export interface Principal {
  readonly name: string;
  readonly admin: boolean;
  /** The programids whose alerts they may see. */
  readonly programIds: readonly number[];
}

/** One BSON document as it lies in the archive. */
export type RawDocument = Uint8Array;

export interface FindOptions {
  readonly projection?: Record<string, unknown> | undefined;
  readonly skip?: number | undefined;
  readonly limit?: number | undefined;
  readonly sort?: unknown;
  readonly hint?: unknown;
}

/** The archive as one principal may see it: row access and protected collections are built in. */
export interface ArchiveView {
  find(
    catalog: string,
    filter: Record<string, unknown>,
    options: FindOptions,
  ): AsyncIterable<RawDocument>;
  aggregate(
    catalog: string,
    pipeline: Record<string, unknown>[],
    options: { allowDiskUse: boolean; hint?: unknown },
  ): AsyncIterable<RawDocument>;
  count(catalog: string, filter: Record<string, unknown>, options: FindOptions): Promise<number>;
  estimatedCount(catalog: string): Promise<number>;
  /** Names of the collections a user may query, sorted descending. */
  catalogNames(): Promise<string[]>;
  /** A command's answer, as BSON: `collStats`, `dbStats`. */
  stats(command: "collStats" | "dbStats", catalog?: string): Promise<RawDocument>;
  indexes(catalog: string): Promise<Record<string, unknown>>;
}

export interface QueryContext {
  readonly archive: ArchiveView;
  readonly principal: Principal;
  readonly signal: AbortSignal;
}

/**
 * What a query answers: text of relaxed Extended JSON, in pieces, so that an answer needn't be in
 * memory at once. Null: there is no `data`.
 */
export type Answer = AsyncIterable<string> | null;

export interface QueryDef<Input> {
  readonly name: string;
  /** Parses `query` and `kwargs`, together; what comes out is what `run` works with. */
  readonly input: z.ZodType<Input>;
  run(input: Input, context: QueryContext): Promise<Answer> | Answer;
}

export function defineQuery<Input>(query: QueryDef<Input>): QueryDef<Input> {
  return query;
}
