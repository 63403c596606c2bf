/** Runs users' filters on a batch of alerts in MongoDB, on documents that need not be stored yet. */
import type { Db } from "mongodb";
import { MARK, namedFields, oneByOne, sideBySide } from "../filters/batch_pipeline.ts";
import { type Prescreen, toPrescreen } from "../filters/prescreen.ts";
import type { Document } from "../contract/document.ts";
import type { ActiveFilter } from "../contract/passed.ts";
import { readDocument } from "./bson_read.ts";
import { documentBytes } from "./bson_write.ts";
import { isTransient } from "./errors.ts";

/** One alert as a filter of these permissions sees it. */
export type FilterInputs = (permissions: readonly number[]) => (Document | null)[];

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

/** How long one filter, or a set of them that runs together, may take for a batch. */
const FILTERS_MS_MAX = 10_000;
/** Below MongoDB's 16 MiB for a command, with room for the stages. */
const INPUT_BYTES_MAX = 16_000_000;
const ROWS_PER_REPLY = 1_000_000;

interface Compiled {
  readonly filter: ActiveFilter;
  readonly prescreen: Prescreen;
  /** Fields that it may need; null: all. */
  readonly fields: ReadonlySet<string> | null;
  /** Null: only one by one is right. */
  readonly stages: Document[] | null;
}

/** The filters of one version, compiled, and what was learned of them. */
export class FilterRunner {
  readonly #db: Db;
  readonly #byPermissions: Map<string, Compiled[]>;
  /** Filters that failed: each runs on its own from then on, so that the others don't pay for it. */
  readonly #suspects = new Set<ActiveFilter>();

  constructor(db: Db, filters: readonly ActiveFilter[]) {
    this.#db = db;
    this.#byPermissions = Map.groupBy(
      filters.map((filter) => ({
        filter,
        prescreen: toPrescreen(filter.pipeline),
        fields: namedFields(filter.pipeline),
        stages: sideBySide(filter.pipeline),
      })),
      ({ filter }) => JSON.stringify(filter.permissions.toSorted()),
    );
  }

  /**
   * The passes: where exactly one document came out for an alert. A filter that fails gives none and
   * is told of; what trying again may help (a server that is away) is thrown.
   */
  async run(inputsFor: FilterInputs): Promise<{ hits: Hit[]; failures: FilterFailure[] }> {
    const hits: Hit[] = [];
    const failures: FilterFailure[] = [];
    for (const compiled of this.#byPermissions.values()) {
      const isNeeded = (name: string) =>
        name === "_id" || compiled.some(({ fields }) => fields === null || fields.has(name));
      const inputs = inputsFor(compiled[0]!.filter.permissions).flatMap((input, alert) => {
        if (input === null || !compiled.some(({ prescreen }) => prescreen(input))) return [];
        const needed = Object.entries(input).filter(([name]) => isNeeded(name));
        return [{ ...Object.fromEntries(needed), [MARK]: alert }];
      });
      for (const chunk of inChunks(inputs)) {
        hits.push(...await this.#runTogether(compiled, chunk, failures));
      }
    }
    return { hits, failures };
  }

  async #runTogether(
    compiled: readonly Compiled[],
    inputs: readonly Document[],
    failures: FilterFailure[],
  ): Promise<Hit[]> {
    const together = compiled.filter(({ filter, stages }) =>
      stages !== null && !this.#suspects.has(filter)
    );
    const alone = new Set(compiled).difference(new Set(together));
    const hits: Hit[] = [];
    if (together.length > 0) {
      try {
        const facets = together.map(({ stages }, i) => [`f${i}`, stages]);
        const [results] = await this.#aggregate([
          { $documents: { $literal: inputs } },
          { $facet: Object.fromEntries(facets) },
        ]);
        together.forEach(({ filter }, i) =>
          hits.push(...single(filter, marked(results![`f${i}`] as Document[])))
        );
      } catch (error) {
        if (isTransient(error)) throw error;
        together.forEach((each) => alone.add(each)); // One of them is at fault: which?
      }
    }
    for (const each of alone) {
      try {
        hits.push(...await this.#runAlone(each, inputs));
      } catch (error) {
        if (isTransient(error)) throw error;
        this.#suspects.add(each.filter);
        const { filterId, fid } = each.filter;
        failures.push({ filterId, fid, reason: String((error as Error).message) });
      }
    }
    return hits;
  }

  async #runAlone(
    { filter, prescreen, stages }: Compiled,
    inputs: readonly Document[],
  ): Promise<Hit[]> {
    const mine = inputs.filter(prescreen);
    if (mine.length === 0) return [];
    const documents = { $documents: { $literal: mine } };
    if (stages) return single(filter, marked(await this.#aggregate([documents, ...stages])));
    const rows = await this.#aggregate([documents, ...oneByOne(filter.pipeline)]);
    return single(
      filter,
      rows.flatMap((row) =>
        (row.results as Document[]).map((data) => ({ alert: row[MARK] as number, data }))
      ),
    );
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

function marked(results: readonly Document[]): { alert: number; data: Document }[] {
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
