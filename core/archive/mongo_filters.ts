/** Runs filters that aren't compiled in MongoDB, on documents that need not be stored yet. */
import type { Db } from "mongodb";
import { MARK, namedFields, oneByOne, sideBySide } from "../filters/batch_pipeline.ts";
import { leadingConditions } from "../filters/engine/plan/leading.ts";
import type { Document } from "../contract/document.ts";
import type { ActiveFilter } from "../contract/passed.ts";
import { readDocument } from "./bson_read.ts";
import { documentBytes } from "./bson_write.ts";
import { isTransient } from "./errors.ts";

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

/** How long one filter, or a set of them that runs together, may take for a batch. */
const FILTERS_MS_MAX = 10_000;
/** Below MongoDB's 16 MiB for a command, with room for the stages. */
const INPUT_BYTES_MAX = 16_000_000;
const ROWS_PER_REPLY = 1_000_000;

interface Prepared {
  readonly filter: ActiveFilter;
  /** False only where it surely doesn't pass. */
  readonly mayPass: (input: Document) => boolean;
  /** Fields that it may need; null: all. */
  readonly fields: ReadonlySet<string> | null;
  /** Null: only one by one is right. */
  readonly stages: Document[] | null;
}

/** Filters that see the same documents, and what was learned of them. */
export class MongoFilters {
  readonly #db: Db;
  readonly #filters: readonly Prepared[];
  /** Filters that failed: each runs on its own from then on, so that the others don't pay for it. */
  readonly #suspects = new Set<ActiveFilter>();

  constructor(db: Db, filters: readonly ActiveFilter[]) {
    this.#db = db;
    this.#filters = filters.map(prepare);
  }

  /**
   * The passes: where exactly one document came out for an alert. A filter that fails gives none and
   * is told of in `failures`; what trying again may help (a server that is away) is thrown.
   */
  async run(inputs: readonly Input[], failures: FilterFailure[]): Promise<Hit[]> {
    const hits: Hit[] = [];
    const wanted = inputs.filter(({ document }) =>
      this.#filters.some(({ mayPass }) => mayPass(document))
    );
    for (const chunk of inChunks(marked(wanted, this.#filters))) {
      hits.push(...await this.#runTogether(chunk, failures));
    }
    return hits;
  }

  /** One filter, compiled or not, on alerts of which nothing else is known. */
  async runOne(
    filter: ActiveFilter,
    inputs: readonly Input[],
    failures: FilterFailure[],
  ): Promise<Hit[]> {
    const hits: Hit[] = [];
    const prepared = prepare(filter);
    for (const chunk of inChunks(marked(inputs, [prepared]))) {
      hits.push(...await this.#runAlone(prepared, chunk, failures));
    }
    return hits;
  }

  async #runTogether(inputs: readonly Document[], failures: FilterFailure[]): Promise<Hit[]> {
    const together = this.#filters.filter(({ filter, stages }) =>
      stages !== null && !this.#suspects.has(filter)
    );
    const alone = new Set(this.#filters).difference(new Set(together));
    const hits: Hit[] = [];
    if (together.length > 0) {
      try {
        const facets = together.map(({ stages }, i) => [`f${i}`, stages]);
        const [results] = await this.#aggregate([
          { $documents: { $literal: inputs } },
          { $facet: Object.fromEntries(facets) },
        ]);
        together.forEach(({ filter }, i) =>
          hits.push(...single(filter, unmarked(results![`f${i}`] as Document[])))
        );
      } catch (error) {
        if (isTransient(error)) throw error;
        together.forEach((each) => alone.add(each)); // One of them is at fault: which?
      }
    }
    for (const each of alone) hits.push(...await this.#runAlone(each, inputs, failures));
    return hits;
  }

  async #runAlone(
    prepared: Prepared,
    inputs: readonly Document[],
    failures: FilterFailure[],
  ): Promise<Hit[]> {
    const { filter, mayPass, stages } = prepared;
    const mine = inputs.filter(mayPass);
    if (mine.length === 0) return [];
    const documents = { $documents: { $literal: mine } };
    try {
      if (stages) return single(filter, unmarked(await this.#aggregate([documents, ...stages])));
      const rows = await this.#aggregate([documents, ...oneByOne(filter.pipeline)]);
      return single(
        filter,
        rows.flatMap((row) =>
          (row.results as Document[]).map((data) => ({ alert: row[MARK] as number, data }))
        ),
      );
    } catch (error) {
      if (isTransient(error)) throw error;
      this.#suspects.add(filter);
      const { filterId, fid } = filter;
      failures.push({ filterId, fid, reason: String((error as Error).message) });
      return [];
    }
  }

  async #aggregate(pipeline: Document[]): Promise<Document[]> {
    const raw = await this.#db.aggregate(pipeline, {
      raw: true,
      batchSize: ROWS_PER_REPLY,
      maxTimeMS: FILTERS_MS_MAX,
      allowDiskUse: false,
      comment: "filters",
    }).toArray();
    return raw.map((bytes) => readDocument(bytes as unknown as Uint8Array));
  }
}

function prepare(filter: ActiveFilter): Prepared {
  return {
    filter,
    mayPass: leadingConditions(filter.pipeline),
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
