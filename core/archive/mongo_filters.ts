/** Runs filters that aren't compiled in MongoDB, on documents that need not be stored yet. */
import type { Db } from "mongodb";
import { MARK, namedFields, oneByOne, sideBySide } from "../filters/batch_pipeline.ts";
import { type Account, Accounts, isTooExpensive } from "../filters/engine/plan/accounts.ts";
import { leadingConditions } from "../filters/engine/plan/leading.ts";
import { type Meter, meterOf } from "../filters/engine/plan/meter.ts";
import type { Document } from "../contract/document.ts";
import type { ActiveFilter } from "../contract/passed.ts";
import { readDocument } from "./bson_read.ts";
import { documentBytes } from "./bson_write.ts";
import { isBeyondLimits, isTransient } from "./errors.ts";

export interface Hit {
  readonly filter: ActiveFilter;
  /** Which alert of the batch. */
  readonly alert: number;
  readonly data: Document;
}

export interface FilterFailure {
  readonly filterId: number;
  readonly fid: string;
  readonly reason: string;
}

/** An alert of the batch as filters see it. */
export interface Input {
  readonly alert: number;
  readonly document: Document;
}

/** How long a set of filters that runs together may take for a batch. */
const TOGETHER_MS_MAX = 10_000;
/** How long one filter may take for a batch by itself. */
const ALONE_MS_MAX = 3_000;
/** Below MongoDB's 16 MiB for a command, with room for the stages. */
const INPUT_BYTES_MAX = 16_000_000;
const ROWS_PER_REPLY = 1_000_000;

interface Prepared {
  readonly filter: ActiveFilter;
  readonly account: Account;
  /** False only where it surely doesn't pass. */
  readonly mayPass: (input: Document) => boolean;
  readonly meter: Meter;
  /** Fields that it may need; null: all. */
  readonly fields: ReadonlySet<string> | null;
  /** Null: only one by one is right. */
  readonly stages: Document[] | null;
}

/** Filters that see the same documents, and what was learned of them. */
export class MongoFilters {
  readonly #db: Db;
  readonly #accounts: Accounts;
  readonly #filters: readonly Prepared[];
  /** Compiled filters of which only MongoDB could tell whether some alert passes. */
  readonly #compiled = new Map<ActiveFilter, Prepared>();
  /** Filters that failed: each runs on its own from then on, so that the others don't pay for it. */
  readonly #suspects = new Set<ActiveFilter>();

  constructor(db: Db, filters: readonly ActiveFilter[], accounts = new Accounts()) {
    this.#db = db;
    this.#accounts = accounts;
    this.#filters = filters.map((filter) => prepare(filter, accounts));
  }

  /**
   * The passes: where exactly one document came out for an alert. A filter that fails gives none and
   * is told of in `failures`; what trying again may help (a server that is away) is thrown.
   */
  async run(inputs: readonly Input[], failures: FilterFailure[]): Promise<Hit[]> {
    const hits: Hit[] = [];
    const own = new Map(
      this.#filters.map((each) => [each, new Set(this.#payable(each, inputs, failures))]),
    );
    const together = this.#filters.filter(({ filter, stages }) =>
      stages !== null && !this.#suspects.has(filter)
    );
    const wanted = inputs.filter((input) => together.some((each) => own.get(each)!.has(input)));
    for (const chunk of inChunks(marked(wanted, together))) {
      const found = await this.#runTogether(together, chunk);
      if (found) hits.push(...found);
      else {
        for (const each of together) hits.push(...await this.#runAlone(each, chunk, failures));
      }
    }
    for (const each of new Set(this.#filters).difference(new Set(together))) {
      hits.push(...await this.#runOn(each, [...own.get(each)!], failures));
    }
    return hits;
  }

  /** One filter, compiled or not, on alerts of which nothing else is known. */
  async runOne(
    filter: ActiveFilter,
    inputs: readonly Input[],
    failures: FilterFailure[],
  ): Promise<Hit[]> {
    const prepared = this.#compiled.get(filter) ?? prepare(filter, this.#accounts);
    this.#compiled.set(filter, prepared);
    return await this.#runOn(prepared, this.#payable(prepared, inputs, failures), failures);
  }

  /** The inputs that may pass, at a cost that the filter may have. */
  #payable(
    { filter, account, mayPass, meter }: Prepared,
    inputs: readonly Input[],
    failures: FilterFailure[],
  ): Input[] {
    let reason: string | undefined;
    const payable = inputs.filter(({ document }) => {
      if (!mayPass(document)) return false;
      if (account.aside === undefined) {
        try {
          meter(document);
          return true;
        } catch (error) {
          if (!isTooExpensive(error)) throw error;
          account.strike(error.message);
          this.#suspects.add(filter);
          reason = error.message;
        }
      }
      reason = account.aside ?? reason;
      return false;
    });
    if (reason !== undefined) failures.push(failureOf(filter, reason));
    return payable;
  }

  async #runOn(
    prepared: Prepared,
    inputs: readonly Input[],
    failures: FilterFailure[],
  ): Promise<Hit[]> {
    const hits: Hit[] = [];
    for (const chunk of inChunks(marked(inputs, [prepared]))) {
      hits.push(...await this.#runAlone(prepared, chunk, failures));
    }
    return hits;
  }

  /** Undefined where one of them is at fault. */
  async #runTogether(
    together: readonly Prepared[],
    inputs: readonly Document[],
  ): Promise<Hit[] | undefined> {
    try {
      const facets = together.map(({ stages }, i) => [`f${i}`, stages]);
      const [results] = await this.#aggregate([
        { $documents: { $literal: inputs } },
        { $facet: Object.fromEntries(facets) },
      ], TOGETHER_MS_MAX);
      return together.flatMap(({ filter }, i) =>
        single(filter, unmarked(results![`f${i}`] as Document[]))
      );
    } catch (error) {
      if (isTransient(error)) throw error;
      return undefined;
    }
  }

  async #runAlone(
    { filter, account, mayPass, stages }: Prepared,
    inputs: readonly Document[],
    failures: FilterFailure[],
  ): Promise<Hit[]> {
    const mine = inputs.filter(mayPass);
    if (mine.length === 0) return [];
    const documents = { $documents: { $literal: mine } };
    try {
      if (stages) {
        return single(
          filter,
          unmarked(await this.#aggregate([documents, ...stages], ALONE_MS_MAX)),
        );
      }
      const rows = await this.#aggregate(
        [documents, ...oneByOne(filter.pipeline)],
        ALONE_MS_MAX,
      );
      return single(
        filter,
        rows.flatMap((row) =>
          (row.results as Document[]).map((data) => ({ alert: row[MARK] as number, data }))
        ),
      );
    } catch (error) {
      if (isTransient(error)) throw error;
      this.#suspects.add(filter);
      const reason = String((error as Error).message);
      if (isBeyondLimits(error)) account.strike(reason);
      failures.push(failureOf(filter, account.aside ?? reason));
      return [];
    }
  }

  async #aggregate(pipeline: Document[], maxTimeMS: number): Promise<Document[]> {
    const raw = await this.#db.aggregate(pipeline, {
      raw: true,
      batchSize: ROWS_PER_REPLY,
      maxTimeMS,
      allowDiskUse: false,
      comment: "filters",
    }).toArray();
    return raw.map((bytes) => readDocument(bytes as unknown as Uint8Array));
  }
}

function failureOf({ filterId, fid }: ActiveFilter, reason: string): FilterFailure {
  return { filterId, fid, reason };
}

function prepare(filter: ActiveFilter, accounts: Accounts): Prepared {
  return {
    filter,
    account: accounts.of(filter),
    mayPass: leadingConditions(filter.pipeline),
    meter: meterOf(filter.pipeline),
    fields: namedFields(filter.pipeline),
    stages: sideBySide(filter.pipeline),
  };
}

/** What the filters need of each document, and which alert it is of. */
function marked(inputs: readonly Input[], filters: readonly Prepared[]): Document[] {
  const isNeeded = (name: string) =>
    name === "_id" || filters.some(({ fields }) => fields === null || fields.has(name));
  return inputs.map(({ alert, document }) => {
    const needed = Object.entries(document).filter(([name]) => isNeeded(name));
    return { ...Object.fromEntries(needed), [MARK]: alert };
  });
}

function unmarked(results: readonly Document[]): { alert: number; data: Document }[] {
  return results.map(({ [MARK]: alert, ...data }) => ({ alert: alert as number, data }));
}

/** Exactly one document is a pass; none or several are not. */
function single(filter: ActiveFilter, results: { alert: number; data: Document }[]): Hit[] {
  return [...Map.groupBy(results, ({ alert }) => alert).values()]
    .filter(({ length }) => length === 1)
    .map(([only]) => ({ filter, ...only! }));
}

function* inChunks(inputs: readonly Document[]): Generator<Document[]> {
  let chunk: Document[] = [];
  let bytes = 0;
  for (const input of inputs) {
    const size = documentBytes(input) + 32; // And what the array and `$literal` add.
    if (bytes + size > INPUT_BYTES_MAX && chunk.length > 0) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(input);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}
