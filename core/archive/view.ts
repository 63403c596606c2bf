/** The archive as one principal may see it: nothing in here reads past the guards. */
import {
  type AggregateOptions,
  BSON,
  type Db,
  type FindOptions as DriverFindOptions,
  type Sort,
} from "mongodb";
import type { Document } from "../contract/document.ts";
import {
  type ArchiveView,
  type FindOptions,
  type Principal,
  QueryError,
  type RawBatches,
  type RawDocument,
} from "../contract/query.ts";
import { checkExpression, checkPipeline } from "./allowed.ts";
import { batchesOf, toQueryError } from "./cursor_batches.ts";
import { findTogether, inOrder, isPlainProjection, togetherMax } from "./find_together.ts";
import { type AccessRules, Guards } from "./guards.ts";

export interface ViewOptions {
  /** Aborted when nobody waits any more: cursors are closed then, and their work ended. */
  readonly signal: AbortSignal;
  /** For all that is asked of this view together; capped at 5 minutes. */
  readonly maxTimeMs: number;
  /** Who asks, for MongoDB's log of slow queries. */
  readonly comment: string;
}

/** As long as a user may keep the archive busy with one query. */
export const TIME_MS_MAX = 300_000;

/** How many finds of one query may run at once: two keep the server busy while replies are read. */
const COMMANDS_AHEAD = 2;
const FINDS_AHEAD = 8;
/**
 * Documents in a reply. Left to itself MongoDB fills 16 MB, of which the driver makes copies: 200 MB
 * then need 70 MB of memory and half as much time again; with more replies than these, waits tell.
 */
const REPLY_DOCUMENTS = 300;
/** The same for many finds at once, whose documents are few each. */
const TOGETHER_REPLY_DOCUMENTS = 2_000;

/**
 * A view for one query of one principal. Its methods throw `QueryError` for what the principal may
 * not do or what MongoDB refuses, `UnavailableError` while there is no server, the signal's reason
 * when it is aborted.
 */
export function archiveView(
  db: Db,
  principal: Principal,
  rules: AccessRules,
  options: ViewOptions,
): ArchiveView {
  return new View(db, new Guards(rules, principal), rules, options);
}

class View implements ArchiveView {
  readonly #db: Db;
  readonly #guards: Guards;
  readonly #rules: AccessRules;
  readonly #options: ViewOptions;
  readonly #deadlineMs: number;

  constructor(db: Db, guards: Guards, rules: AccessRules, options: ViewOptions) {
    this.#db = db;
    this.#guards = guards;
    this.#rules = rules;
    this.#options = options;
    this.#deadlineMs = performance.now() + Math.min(options.maxTimeMs, TIME_MS_MAX);
  }

  find(catalog: string, filter: Document, options: FindOptions): RawBatches {
    const collection = this.#guards.open(catalog);
    checkExpression(filter);
    checkExpression(options.projection);
    return this.#find(collection, filter, options);
  }

  #find(collection: string, filter: Document, options: FindOptions): RawBatches {
    if (this.#guards.reshapes(collection)) return this.#findReshaped(collection, filter, options);
    const { projection, skip, limit, sort, hint } = options;
    const cursor = this.#db.collection(collection).find(this.#guards.filter(collection, filter), {
      batchSize: REPLY_DOCUMENTS,
      ...this.#common(),
      ...projection && { projection },
      ...skip && { skip },
      ...limit && { limit },
      ...sort && { sort: sort as Sort },
      ...hint && { hint },
    } as DriverFindOptions);
    return batchesOf(this.#db, cursor, this.#options.signal);
  }

  /** As an aggregation: what the filter, the sort and the projection see is what the guards leave. */
  #findReshaped(collection: string, filter: Document, options: FindOptions): RawBatches {
    if (!isPlainProjection(options.projection)) {
      throw new QueryError(`Cannot use a projection with operators on ${collection} for this user`);
    }
    return this.#aggregate(
      collection,
      [...this.#guards.stages(collection), ...stagesOf(filter, options)],
      options.hint,
    );
  }

  async *findEach(
    catalog: string,
    conditions: readonly Document[],
    filter: Document,
    options: FindOptions,
  ): ReturnType<ArchiveView["findEach"]> {
    const collection = this.#guards.open(catalog);
    checkExpression(filter);
    checkExpression(options.projection);
    checkExpression(conditions);
    const isAll = Object.keys(filter).length === 0;
    const both = (condition: Document) => isAll ? condition : { $and: [condition, filter] };
    const together = togetherMax(conditions, filter, options);
    if (together > 1) {
      const guard = this.#guards.stages(collection);
      const starts = range(Math.ceil(conditions.length / together)).map((i) => i * together);
      yield* inOrder(starts, COMMANDS_AHEAD, (start) => {
        const pipelines = conditions.slice(start, start + together)
          .map((condition) => [...guard, ...stagesOf(both(condition), options)]);
        return findTogether(
          collection,
          pipelines,
          start,
          (pipeline) => this.#aggregate(collection, pipeline, undefined, TOGETHER_REPLY_DOCUMENTS),
        );
      });
    } else {
      yield* inOrder(
        range(conditions.length),
        FINDS_AHEAD,
        (at) => placed(at, this.#find(collection, both(conditions[at]!), options)),
      );
    }
  }

  aggregate(
    catalog: string,
    pipeline: readonly Document[],
    { allowDiskUse, hint }: { allowDiskUse: boolean; hint?: string | Document | undefined },
  ): RawBatches {
    const collection = this.#guards.open(catalog);
    checkPipeline(pipeline);
    const guarded = this.#guards.pipeline(collection, pipeline);
    return this.#aggregate(collection, guarded, hint, undefined, allowDiskUse);
  }

  #aggregate(
    collection: string,
    pipeline: Document[],
    hint: string | Document | undefined,
    batchSize = REPLY_DOCUMENTS,
    allowDiskUse = true,
  ): RawBatches {
    const cursor = this.#db.collection(collection).aggregate(pipeline, {
      ...this.#common(),
      allowDiskUse,
      ...hint && { hint },
      batchSize,
    } as AggregateOptions);
    return batchesOf(this.#db, cursor, this.#options.signal);
  }

  async count(
    catalog: string,
    filter: Document,
    options: Pick<FindOptions, "skip" | "limit" | "hint">,
  ): Promise<number> {
    const collection = this.#guards.open(catalog);
    checkExpression(filter);
    const { raw: _, ...common } = this.#common();
    const counted = this.#db.collection(collection).aggregate<{ n: number }>([
      ...this.#guards.stages(collection),
      ...stagesOf(filter, { skip: options.skip, limit: options.limit }),
      { $count: "n" },
    ], { ...common, ...options.hint && { hint: options.hint } });
    const [result] = await answered(counted.toArray());
    return result?.n ?? 0;
  }

  estimatedCount(catalog: string): Promise<number> {
    const { maxTimeMS, comment } = this.#common();
    const collection = this.#db.collection(this.#guards.open(catalog));
    return answered(collection.estimatedDocumentCount({ maxTimeMS, comment }));
  }

  async catalogNames(): Promise<string[]> {
    const listed = await answered(this.#db.listCollections({}, { nameOnly: true }).toArray());
    return listed.map(({ name }) => name)
      .filter((name) => !this.#rules.protectedCollections.has(name) && this.#guards.isVisible(name))
      .sort().reverse();
  }

  async stats(command: "collStats" | "dbStats", catalog?: string): Promise<RawDocument> {
    const { maxTimeMS, comment, signal } = this.#common();
    const subject = command === "collStats" ? this.#guards.open(catalog ?? "") : 1;
    const answer = await answered(this.#db.command(
      { [command]: subject, maxTimeMS, comment },
      // So that what goes back to BSON has the types that it came with.
      { promoteValues: false, promoteLongs: false, signal },
    ));
    const { $clusterTime: _, operationTime: __, ...stats } = answer;
    return BSON.serialize(stats);
  }

  async indexes(catalog: string): Promise<Document> {
    const collection = this.#db.collection(this.#guards.open(catalog));
    const indexes = await answered(collection.indexes()).catch((error) => {
      if (error instanceof QueryError && /ns does not exist/i.test(error.message)) return [];
      throw error;
    });
    return Object.fromEntries(
      indexes.map(({ name, key, ...rest }) => [name, { ...rest, key: Object.entries(key) }]),
    );
  }

  #common() {
    const leftMs = Math.ceil(this.#deadlineMs - performance.now());
    if (leftMs <= 0) {
      throw new QueryError("ExecutionTimeout: operation exceeded time limit");
    }
    const { signal, comment } = this.#options;
    return { maxTimeMS: leftMs, comment, signal, raw: true } as const;
  }
}

/** What `find` does, as stages; the projection has to be plain. */
function stagesOf(filter: Document, options: Omit<FindOptions, "hint">): Document[] {
  const { sort, skip, limit, projection } = options;
  return [
    { $match: filter },
    ...sort?.length ? [{ $sort: Object.fromEntries(sort) }] : [],
    ...skip ? [{ $skip: skip }] : [],
    ...limit ? [{ $limit: Math.abs(limit) }] : [],
    ...projection && Object.keys(projection).length > 0 ? [{ $project: projection }] : [],
  ];
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}

async function* placed(at: number, batches: RawBatches) {
  for await (const documents of batches) yield { at, documents };
}

async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw toQueryError(error);
  }
}
