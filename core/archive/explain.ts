/**
 * What a read would cost, told before it is done. MongoDB says which way it would go; how much there is
 * on it is tried for a moment: up to some results and milliseconds, of which only numbers come back.
 */
import { BSON, type Db } from "mongodb";
import type { Document } from "../contract/document.ts";
import { isPlainObject } from "../contract/extended_json.ts";
import { BARRIER } from "./barrier.ts";
import { isTimeUp, told } from "./cursor_batches.ts";
import { inWords } from "./explain_words.ts";

/** A trial ends here, and what is left is estimated. */
const TRIAL_RESULTS = 1_000;
const TRIAL_MS = 250;
/** Documents looked at by chance, to tell how many of all would match. */
const SAMPLE_DOCUMENTS = 1_000;
/** Of rows that aren't theirs people learn no number: only its size, and no small one. */
const COARSE_MIN = 1_000;

/** A read as it would be sent, guards and all. */
export interface Read {
  readonly collection: string;
  /** A command without its collection's name: of `find`, or of `aggregate`. */
  readonly find?: Document & { readonly filter: Document };
  readonly pipeline?: readonly Document[];
  readonly hint?: string | Document | undefined;
  /** Whether the guards hide rows of the collection from who asks. */
  readonly isGuarded: boolean;
}

/** One kind of read of a query, in the numbers that it is expected to take. */
export interface ReadPlan {
  readonly catalog: string;
  /** How often it is done, each time for another position. */
  readonly times: number;
  readonly scan: "index" | "collection" | "id" | "nothing";
  readonly indexes: readonly string[];
  readonly sorts_in_memory: boolean;
  /** Stages that come after the documents are found. */
  readonly then: readonly string[];
  readonly documents_in_catalog: number;
  readonly documents_examined: number;
  /** By the search itself; what later stages make of them isn't known. */
  readonly documents_returned: number;
  readonly bytes_read: number;
  readonly seconds: number;
  /** Whether the trial came to the end, so that nothing is estimated. */
  readonly is_exact: boolean;
}

export interface Explanation {
  readonly in_words: string;
  readonly documents_examined: number;
  readonly documents_returned: number;
  readonly bytes_read: number;
  readonly seconds: number;
  readonly reads: readonly ReadPlan[];
  /** What the query may take at most. */
  readonly limits: Document;
}

/** Collects the reads that a query would do. */
export class Explainer {
  readonly #plans: ReadPlan[] = [];

  /** `sample` of the reads, of which there are `times`, all of one kind. */
  async add(db: Db, sample: readonly Read[], times: number, maxTimeMs: number): Promise<void> {
    const plans: ReadPlan[] = [];
    for (const read of sample) plans.push(await planOf(db, read, maxTimeMs));
    const [first] = plans;
    if (first !== undefined) this.#plans.push(together(plans, first, times));
  }

  result(limits: Document): Explanation {
    const sum = (key: "documents_examined" | "documents_returned" | "bytes_read" | "seconds") =>
      this.#plans.reduce((total, plan) => total + plan[key], 0);
    return {
      in_words: this.#plans.length === 0
        ? "Reads nothing but what the archive knows of itself."
        : this.#plans.map(inWords).join(" "),
      documents_examined: sum("documents_examined"),
      documents_returned: sum("documents_returned"),
      bytes_read: sum("bytes_read"),
      seconds: round(sum("seconds")),
      reads: this.#plans,
      limits,
    };
  }
}

/** As if all reads were like these on average. */
function together(plans: readonly ReadPlan[], first: ReadPlan, times: number): ReadPlan {
  const scaled = (key: "documents_examined" | "documents_returned" | "bytes_read" | "seconds") =>
    plans.reduce((total, plan) => total + plan[key], 0) * times / plans.length;
  return {
    ...first,
    times,
    documents_examined: Math.ceil(scaled("documents_examined")),
    documents_returned: Math.ceil(scaled("documents_returned")),
    bytes_read: Math.ceil(scaled("bytes_read")),
    seconds: round(scaled("seconds")),
    is_exact: plans.length === times && plans.every(({ is_exact }) => is_exact),
  };
}

async function planOf(db: Db, read: Read, maxTimeMs: number): Promise<ReadPlan> {
  const { collection, pipeline, isGuarded } = read;
  // Whatever is wrong with the query is told now, and not by half of it.
  const explained = await explain(db, commandOf(read), "queryPlanner", maxTimeMs);
  const catalog = await sizeOf(db, collection);
  const way = wayOf(explained);
  const trial = await tryOut(db, read, Math.min(TRIAL_MS, maxTimeMs));
  const needs = await estimate(db, read, { ...way, ...trial, all: catalog.documents });
  const examined = isGuarded ? coarse(needs.examined) : needs.examined;
  return {
    catalog: collection,
    times: 1,
    scan: way.scan,
    indexes: way.indexes,
    sorts_in_memory: way.sorts,
    then: (pipeline ?? []).slice(leading(pipeline ?? []).length).map(nameOf),
    documents_in_catalog: catalog.documents,
    documents_examined: examined,
    documents_returned: needs.returned,
    bytes_read: examined * catalog.bytesEach,
    seconds: isGuarded ? Math.ceil(needs.seconds * 10) / 10 : round(needs.seconds),
    is_exact: trial.isWhole && !isGuarded,
  };
}

interface Known extends Way, Outcome {
  /** Documents in the catalog. */
  readonly all: number;
}

interface Needs {
  readonly examined: number;
  readonly returned: number;
  readonly seconds: number;
}

async function estimate(db: Db, read: Read, known: Known): Promise<Needs> {
  const { scan, sorts, all } = known;
  const limit = Math.abs(Number(read.find?.limit ?? 0)) || Infinity;
  if (known.isWhole) {
    const returned = Math.min(limit, known.returned);
    return { examined: known.examined, returned, seconds: known.ms / 1_000 };
  }
  const share = scan === "collection"
    ? known.returned / Math.max(1, known.examined)
    : await shareOf(db, read);
  const matching = Math.max(known.returned, Math.round(share * all));
  const returned = Math.min(limit, matching);
  const examinedEach = known.examined / Math.max(1, known.returned);
  // A collection is looked through to its end unless enough is found before.
  const isCutShort = !sorts && returned < matching;
  const examined = scan === "collection" && !isCutShort
    ? all
    : Math.min(all, Math.ceil((isCutShort ? returned : matching) * examinedEach));
  const msEach = known.ms / Math.max(1, known.examined);
  return { examined, returned, seconds: examined * msEach / 1_000 };
}

/** The share of the catalog's documents that match, by some of them; 0 where that takes too long. */
async function shareOf(db: Db, read: Read): Promise<number> {
  const match = read.find ? [{ $match: read.find.filter ?? {} }] : leading(read.pipeline ?? []);
  const pipeline = [{ $sample: { size: SAMPLE_DOCUMENTS } }, ...match, { $count: "n" }];
  try {
    const [found] = await db.collection(read.collection)
      .aggregate<{ n: number }>(pipeline, { maxTimeMS: TRIAL_MS }).toArray();
    return (found?.n ?? 0) / SAMPLE_DOCUMENTS;
  } catch {
    return 0; // It can't be looked for like that (`$nearSphere`), or not in time.
  }
}

async function explain(
  db: Db,
  command: Document,
  verbosity: "queryPlanner" | "executionStats",
  maxTimeMS: number,
): Promise<Document> {
  const asked = { explain: command, verbosity, maxTimeMS };
  return await told(() => db.command(asked, { promoteValues: true }));
}

function commandOf({ collection, find, pipeline, hint }: Read): Document {
  return find !== undefined
    ? { find: collection, ...find, ...hint && { hint } }
    : { aggregate: collection, pipeline, cursor: {}, ...hint && { hint } };
}

async function tryOut(db: Db, read: Read, maxTimeMs: number): Promise<Outcome> {
  const [trial, ...smaller] = trialsOf(read);
  const tried = (command: Document) => explain(db, command, "executionStats", maxTimeMs);
  let result = tried(trial!);
  for (const next of smaller) {
    result = result.catch((error) => {
      if (isTimeUp(error.cause)) return tried(next);
      throw error;
    });
  }
  return outcomeOf(await result);
}

/**
 * One, or for stages some, each smaller than the one before: where a search alone isn't through in its
 * time, MongoDB tells how far it came, but of stages it tells nothing.
 */
function trialsOf(read: Read): Document[] {
  const { find, pipeline = [] } = read;
  if (find !== undefined) {
    const limit = Math.min(Math.abs(Number(find.limit ?? 0)) || TRIAL_RESULTS, TRIAL_RESULTS);
    return [{ ...commandOf(read), limit }];
  }
  const start = leading(pipeline);
  const end = start.findIndex((stage) => !["$match", "$geoNear"].includes(nameOf(stage)));
  const search = end < 0 ? start : start.slice(0, end);
  const limit = { $limit: TRIAL_RESULTS };
  return [[...start, limit], [...search, limit, ...start.slice(search.length)], [...search, limit]]
    .map((stages) => commandOf({ ...read, pipeline: stages }));
}

/** The stages that choose documents, before others do something with what was chosen. */
function leading(pipeline: readonly Document[]): readonly Document[] {
  const isOther = (stage: Document, i: number) =>
    stage.$geoNear !== undefined ? i > 0 : stage !== BARRIER && !CHOOSING.has(nameOf(stage));
  const end = pipeline.findIndex(isOther);
  const start = end < 0 ? pipeline : pipeline.slice(0, end);
  const last = start.findLastIndex((stage) => nameOf(stage) !== "$set");
  return start.slice(0, last + 1);
}

/** Fields may be set between. */
const CHOOSING = new Set(["$match", "$set"]);

function nameOf(stage: Document): string {
  return Object.keys(stage)[0]!;
}

interface Way {
  readonly scan: ReadPlan["scan"];
  readonly indexes: readonly string[];
  readonly sorts: boolean;
}

/** The stages of MongoDB's plan, wherever a version of it has them. */
function wayOf(explained: Document): Way {
  const stages = [...objectsIn(firstOf(explained, "winningPlan"))];
  const names = new Set(stages.map(({ stage }) => stage));
  const indexes = [
    ...new Set(stages.flatMap(({ indexName }) => typeof indexName === "string" ? indexName : [])),
  ];
  return {
    scan: names.has("COLLSCAN")
      ? "collection"
      : indexes.length > 0
      ? "index"
      : names.has("EOF")
      ? "nothing"
      : "id",
    indexes,
    sorts: names.has("SORT") || names.has("sort"),
  };
}

interface Outcome {
  readonly examined: number;
  readonly returned: number;
  readonly ms: number;
  readonly isWhole: boolean;
}

function outcomeOf(tried: Document): Outcome {
  const stats = firstOf(tried, "executionStats");
  const number = (key: string) => Number(isPlainObject(stats) ? stats[key] : 0) || 0;
  const returned = number("nReturned");
  const isOver = isPlainObject(stats) && stats.executionSuccess === true;
  return {
    examined: Math.max(number("totalDocsExamined"), number("totalKeysExamined")),
    returned,
    ms: number("executionTimeMillis"),
    isWhole: isOver && returned < TRIAL_RESULTS,
  };
}

/** Documents, and bytes of each on average; nothing of a view, or of what isn't there. */
async function sizeOf(
  db: Db,
  collection: string,
): Promise<{ documents: number; bytesEach: number }> {
  const pipeline = [{ $collStats: { storageStats: {} } }];
  const [stats] = await db.collection(collection).aggregate(pipeline).toArray().catch(() => []);
  const { count = 0, avgObjSize = 0 } = stats?.storageStats ?? {};
  return { documents: Number(count), bytesEach: Math.round(Number(avgObjSize)) };
}

function firstOf(value: unknown, key: string): unknown {
  for (const object of objectsIn(value)) if (object[key] !== undefined) return object[key];
  return undefined;
}

/** All objects within, the outer ones first. */
function* objectsIn(value: unknown): Generator<Document> {
  if (Array.isArray(value)) { for (const item of value) yield* objectsIn(item); }
  else if (isPlainObject(value) && !(value instanceof BSON.Long)) {
    yield value;
    for (const inner of Object.values(value)) yield* objectsIn(inner);
  }
}

function coarse(documents: number): number {
  return Math.max(COARSE_MIN, 10 ** Math.ceil(Math.log10(Math.max(1, documents))));
}

function round(seconds: number): number {
  return Math.round(seconds * 1_000) / 1_000;
}
