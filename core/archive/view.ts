/** The archive as one principal may see it: nothing in here reads past the guards. */
import {
  type AbstractCursor,
  type AggregateOptions,
  BSON,
  type Db,
  type FindOptions as DriverFindOptions,
} from "mongodb";
import type { Document } from "../contract/document.ts";
import {
  type ArchiveView,
  type FindEachOptions,
  type FindOptions,
  type Principal,
  QueryError,
  type RawBatches,
  type RawDocument,
} from "../contract/query.ts";
import { checkExpression, checkPipeline } from "./allowed.ts";
import { batchesOf, told } from "./cursor_batches.ts";
import type { Explainer, Read } from "./explain.ts";
import { findOf, stagesOf } from "./find_read.ts";
import { findTogether, inOrder, isPlainProjection, togetherMax } from "./find_together.ts";
import { type AccessRules, Guards } from "./guards.ts";
import { collectionsOf, KnownViews } from "./known_views.ts";

export interface ViewOptions {
  /** Aborted when nobody waits any more: cursors are closed then, and their work ended. */
  readonly signal: AbortSignal;
  /** For all that is asked of this view together; capped at 5 minutes. */
  readonly maxTimeMs: number;
  /** Who asks, for MongoDB's log of slow queries. */
  readonly comment: string;
  /** The same database by an account that can only read; the principal's own reads go there. */
  readonly readDb?: Db | undefined;
  /** What all documents of this view together may be. */
  readonly answerMax?: AnswerMax | undefined;
  /** Told of each read in place of doing it, except of what says that it is needed `always`. */
  readonly explainer?: Explainer | undefined;
}

export interface AnswerMax {
  readonly documents: number;
  readonly bytes: number;
}

/** As long as a user may keep the archive busy with one query. */
export const TIME_MS_MAX = 300_000;
/** More than anybody reads; who does is to ask for it in parts. */
const ANSWER_MAX: AnswerMax = { documents: 10_000_000, bytes: 20_000_000_000 };

/** How many finds of one query may run at once: two keep the server busy while replies are read. */
const COMMANDS_AHEAD = 2;
const FINDS_AHEAD = 8;
/** Documents in the first reply; how large they are tells how many come in the next. */
const REPLY_DOCUMENTS = 100;
/** The same for many finds at once, whose documents are few each. */
const TOGETHER_REPLY_DOCUMENTS = 2_000;
/** Of many finds, so many tell what all of them will take. */
const EXPLAINED_FINDS = 5;

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
  // What the system keeps for itself is for the admin, and not for the account that only reads.
  const readDb = principal.admin ? db : options.readDb ?? db;
  return new View({ db, readDb }, new Guards(rules, principal), rules, options);
}

class View implements ArchiveView {
  readonly #db: Db;
  /** For what changes something. */
  readonly #writeDb: Db;
  readonly #guards: Guards;
  readonly #rules: AccessRules;
  readonly #options: ViewOptions;
  readonly #answerMax: AnswerMax;
  readonly #deadlineMs: number;
  #documents = 0;
  #bytes = 0;

  constructor(
    { db, readDb }: { db: Db; readDb: Db },
    guards: Guards,
    rules: AccessRules,
    options: ViewOptions,
  ) {
    this.#db = readDb;
    this.#writeDb = db;
    this.#guards = guards;
    this.#rules = rules;
    this.#options = options;
    this.#answerMax = options.answerMax ?? ANSWER_MAX;
    this.#deadlineMs = performance.now() + Math.min(options.maxTimeMs, TIME_MS_MAX);
  }

  find(catalog: string, filter: Document, options: FindOptions): RawBatches {
    const collection = this.#guards.open(catalog);
    checkExpression(filter);
    checkExpression(options.projection);
    return this.#find(collection, filter, options);
  }

  async *#find(collection: string, filter: Document, options: FindOptions): RawBatches {
    const guards = await this.#guardsOf([collection]);
    const read = findOf(guards, collection, filter, options);
    const { find, pipeline, hint } = read;
    if (find === undefined) {
      yield* this.#aggregate(guards, collection, pipeline!, { hint });
      return;
    }
    if (this.#options.explainer && !options.always) return await this.#explain([read]);
    const { filter: guarded, ...how } = find;
    yield* this.#read(
      this.#db.collection(collection).find(guarded, {
        batchSize: REPLY_DOCUMENTS,
        ...this.#common(),
        ...how,
        ...hint && { hint },
      } as DriverFindOptions),
    );
  }

  async *findEach(
    catalog: string,
    conditions: readonly Document[],
    filter: Document,
    options: FindEachOptions,
  ): ReturnType<ArchiveView["findEach"]> {
    const collection = this.#guards.open(catalog);
    checkExpression(filter);
    checkExpression(options.projection);
    checkExpression(conditions);
    const isAll = Object.keys(filter).length === 0;
    const both = (at: number) => isAll ? conditions[at]! : { $and: [conditions[at]!, filter] };
    const { computed, hint } = options;
    if (computed !== undefined && !isPlainProjection(options.projection)) {
      throw new QueryError("Cannot use a projection with operators on what has computed fields");
    }
    const guards = await this.#guardsOf([collection]);
    const pipelineOf = (at: number) => [
      ...guards.select(collection, both(at)),
      ...stagesOf(options, computed?.[at]),
    ];
    const together = togetherMax(conditions, filter, options);
    if (this.#options.explainer) {
      const isGuarded = guards.hides(collection);
      const base = guards.baseOf(collection);
      const sample = sampleOf(conditions.length).map((at): Read =>
        together > 1 || computed !== undefined
          ? { collection: base, pipeline: pipelineOf(at), hint, isGuarded }
          : findOf(guards, collection, both(at), options)
      );
      return await this.#explain(sample, conditions.length);
    }
    if (together > 1) {
      const starts = range(Math.ceil(conditions.length / together)).map((i) => i * together);
      yield* inOrder(starts, COMMANDS_AHEAD, (start) =>
        findTogether(
          guards.baseOf(collection),
          range(Math.min(together, conditions.length - start)).map((i) => pipelineOf(start + i)),
          start,
          (pipeline) =>
            this.#aggregate(guards, collection, pipeline, { batchSize: TOGETHER_REPLY_DOCUMENTS }),
        ));
    } else {
      yield* inOrder(range(conditions.length), FINDS_AHEAD, (at) =>
        placed(
          at,
          computed === undefined
            ? this.#find(collection, both(at), options)
            : this.#aggregate(guards, collection, pipelineOf(at), { hint }),
        ));
    }
  }

  aggregate(
    catalog: string,
    pipeline: readonly Document[],
    options: { allowDiskUse: boolean; hint?: string | Document | undefined },
  ): RawBatches {
    const collection = this.#guards.open(catalog);
    checkPipeline(pipeline);
    this.#guards.pipeline(collection, pipeline); // What may not be is told at once.
    return this.#aggregateGuarded(collection, pipeline, options);
  }

  async *#aggregateGuarded(
    collection: string,
    pipeline: readonly Document[],
    options: { allowDiskUse: boolean; hint?: string | Document | undefined },
  ): RawBatches {
    const guards = await this.#guardsOf([collection, ...collectionsOf(pipeline)]);
    yield* this.#aggregate(guards, collection, guards.pipeline(collection, pipeline), options);
  }

  /** The pipeline has its guards in front. */
  async *#aggregate(
    guards: Guards,
    collection: string,
    pipeline: readonly Document[],
    { hint, batchSize = REPLY_DOCUMENTS, allowDiskUse = true }: AggregateHow,
  ): RawBatches {
    const base = guards.baseOf(collection);
    if (this.#options.explainer) {
      const isGuarded = guards.hides(collection);
      return await this.#explain([{ collection: base, pipeline, hint, isGuarded }]);
    }
    yield* this.#read(
      this.#db.collection(base).aggregate([...pipeline], {
        ...this.#common(),
        allowDiskUse,
        ...hint && { hint },
        batchSize,
      } as AggregateOptions),
    );
  }

  async count(
    catalog: string,
    filter: Document,
    { skip, limit, hint }: Pick<FindOptions, "skip" | "limit" | "hint">,
  ): Promise<number> {
    const collection = this.#guards.open(catalog);
    checkExpression(filter);
    const guards = await this.#guardsOf([collection]);
    const pipeline = [
      ...guards.select(collection, filter),
      ...stagesOf({ skip, limit }),
      { $count: "n" },
    ];
    for await (const [counted] of this.#aggregate(guards, collection, pipeline, { hint })) {
      if (counted) return Number(BSON.deserialize(counted).n);
    }
    return 0;
  }

  async estimatedCount(catalog: string): Promise<number> {
    const collection = this.#guards.open(catalog);
    const guards = await this.#guardsOf([collection]);
    // Of a view nothing is known without reading it.
    if (guards.baseOf(collection) !== collection) return await this.count(catalog, {}, {});
    const { maxTimeMS, comment } = this.#common();
    return await told(() =>
      this.#db.collection(collection).estimatedDocumentCount({ maxTimeMS, comment })
    );
  }

  async catalogNames(): Promise<string[]> {
    const { names, views } = await KnownViews.of(this.#db).list();
    const guards = this.#guards.behind(views);
    return [...names]
      .filter((name) => !this.#rules.protectedCollections.has(name) && guards.isReadable(name))
      .sort().reverse();
  }

  async stats(command: "collStats" | "dbStats", catalog?: string): Promise<RawDocument> {
    const { maxTimeMS, comment, signal } = this.#common();
    const subject = command === "collStats" ? this.#guards.open(catalog ?? "") : 1;
    const answer = await told(() =>
      this.#db.command(
        { [command]: subject, maxTimeMS, comment },
        // So that what goes back to BSON has the types that it came with.
        { promoteValues: false, promoteLongs: false, signal },
      )
    );
    const { $clusterTime: _, operationTime: __, ...stats } = answer;
    return BSON.serialize(stats);
  }

  async indexes(catalog: string): Promise<Document> {
    const collection = this.#db.collection(this.#guards.open(catalog));
    const indexes = await told(() => collection.indexes()).catch((error) => {
      if (error instanceof QueryError && /ns does not exist/i.test(error.message)) return [];
      throw error;
    });
    return Object.fromEntries(
      indexes.map(({ name, key, ...rest }) => [name, { ...rest, key: Object.entries(key) }]),
    );
  }

  isDroppable(catalog: string): boolean {
    return this.#guards.isDroppable(catalog);
  }

  async drop(catalog: string): Promise<void> {
    if (this.#options.explainer) throw new QueryError("Cannot explain what isn't only looked at");
    const { maxTimeMS, comment } = this.#common();
    await told(() => this.#writeDb.dropCollection(catalog, { maxTimeMS, comment }));
  }

  /** The guards, where the database's views are known. */
  async #guardsOf(names: readonly string[]): Promise<Guards> {
    return this.#guards.behind(await KnownViews.of(this.#db).including(names));
  }

  async *#read(cursor: AbstractCursor): RawBatches {
    const { documents, bytes } = this.#answerMax;
    for await (const batch of batchesOf(this.#db, cursor, this.#options.signal)) {
      this.#documents += batch.length;
      for (const document of batch) this.#bytes += document.byteLength;
      if (this.#documents > documents || this.#bytes > bytes) {
        throw new QueryError(
          `Cannot answer as an answer must be <= ${documents} documents and <= ${bytes} bytes: ` +
            "ask for it in parts, or for fewer fields",
        );
      }
      yield batch;
    }
  }

  async #explain(sample: readonly Read[], times = 1): Promise<void> {
    await this.#options.explainer!.add(this.#db, sample, times, this.#common().maxTimeMS);
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

interface AggregateHow {
  readonly hint?: string | Document | undefined;
  readonly batchSize?: number;
  readonly allowDiskUse?: boolean;
}

/** What `find` does with what it has found, as stages; the projection has to be plain. */

/** Some of so many, spread over all of them. */
function sampleOf(length: number): number[] {
  const step = Math.ceil(length / EXPLAINED_FINDS);
  return range(length).filter((i) => i % step === 0);
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}

async function* placed(at: number, batches: RawBatches) {
  for await (const documents of batches) yield { at, documents };
}
