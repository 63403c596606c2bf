/**
 * What MongoDB makes of a pipeline and a document, to compare the filter engine with: use
 * `compareOnServer` for a list of documents and what they gave here. `random_documents.ts` and
 * `random_expressions.ts` beside this file make the inputs; `core/filters/engine/differential_test.ts`
 * runs them.
 */
import type { Db } from "mongodb";
import { readDocument } from "../../core/archive/bson_read.ts";
import { writeDocument } from "../../core/archive/bson_write.ts";
import { Decimal128, type Document } from "../../core/contract/document.ts";
import { isPlainObject } from "../../core/contract/extended_json.ts";
import { giveBudget } from "../../core/filters/engine/budget.ts";
import { BudgetError, FilterError, NotCompiled } from "../../core/filters/engine/errors.ts";

/** What came of one document: results, or an error, or (here only) that MongoDB is to be asked. */
export type Outcome =
  | { readonly results: readonly Document[] }
  | { readonly error: string }
  | { readonly notCompiled: string };

export interface Difference {
  readonly document: Document;
  readonly here: string;
  readonly there: string;
}

export interface Comparison {
  readonly differences: readonly Difference[];
  /** Documents that were compared: not those that MongoDB would be asked about. */
  readonly compared: number;
  /** Of them, those that gave an error here and there. */
  readonly failed: number;
  readonly notCompiled: number;
}

export interface ServerOptions {
  /** Whether the pipeline gives exactly one document for each, in their order: many are run at once. */
  readonly isOneToOne: boolean;
  /** False where the results are a set, such as groups. */
  readonly isOrdered?: boolean;
}

/** Runs the pipeline on each of the documents by itself, in MongoDB and by `runHere`. */
export async function compareOnServer(
  db: Db,
  pipeline: readonly Document[],
  documents: readonly Document[],
  runHere: (document: Document) => readonly Document[],
  options: ServerOptions = { isOneToOne: false },
): Promise<Comparison> {
  const here = documents.map((document) => outcomeOf(() => runHere(document)));
  const asked = documents.filter((_, i) => !("notCompiled" in here[i]!));
  const there = await onServer(db, pipeline, asked, options);
  const own = here.filter((outcome) => !("notCompiled" in outcome));
  const differences = asked.flatMap((document, i): Difference[] => {
    const [a, b] = [textOf(own[i]!, options), textOf(there[i]!, options)];
    const isSame = "error" in own[i]! && "error" in there[i]! || a === b;
    return isSame || TOO_LARGE.test(b) ? [] : [{ document, here: a, there: b }];
  });
  const failed = own.filter((outcome) => "error" in outcome).length;
  return {
    differences,
    compared: asked.length,
    failed,
    notCompiled: documents.length - asked.length,
  };
}

/** Whether MongoDB refuses the pipeline itself, without having seen a document. */
export async function isRefused(db: Db, pipeline: readonly Document[]): Promise<boolean> {
  try {
    await aggregate(db, pipeline, []);
    return false;
  } catch {
    return true;
  }
}

/** The document as the archive gives it: its classes of values are the driver's copies. */
export function asRead(document: Document): Document {
  return readDocument(writeDocument(document));
}

/** What a computation here gave or threw; other errors than those of filters are thrown on. */
export function outcomeOf(compute: () => readonly Document[]): Outcome {
  giveBudget();
  try {
    return { results: compute() };
  } catch (error) {
    if (error instanceof NotCompiled) return { notCompiled: error.message };
    if (error instanceof FilterError) return { error: `${error.code} ${error.message}` };
    if (error instanceof BudgetError) return { notCompiled: error.message };
    throw error;
  }
}

async function onServer(
  db: Db,
  pipeline: readonly Document[],
  documents: readonly Document[],
  { isOneToOne }: ServerOptions,
): Promise<Outcome[]> {
  if (documents.length === 0) return [];
  if (isOneToOne || documents.length === 1) {
    try {
      const results = await aggregate(db, pipeline, documents);
      return isOneToOne ? results.map((result) => ({ results: [result] })) : [{ results }];
    } catch (error) {
      if (documents.length === 1) return [{ error: String((error as Error).message) }];
    }
  }
  // One at fault is enough for all to fail: halves, down to it.
  const middle = isOneToOne ? Math.ceil(documents.length / 2) : 1;
  const [first, second] = [documents.slice(0, middle), documents.slice(middle)];
  return [
    ...await onServer(db, pipeline, first, { isOneToOne }),
    ...await onServer(db, pipeline, second, { isOneToOne }),
  ];
}

async function aggregate(
  db: Db,
  pipeline: readonly Document[],
  documents: readonly Document[],
): Promise<Document[]> {
  const stages = [{ $documents: { $literal: documents } }, ...pipeline];
  const raw = await db.aggregate(stages, { raw: true, batchSize: 10_000 }).toArray();
  return raw.map((bytes) => readDocument(bytes as unknown as Uint8Array));
}

/** Values and types to the byte. */
function textOf(outcome: Outcome, { isOrdered = true }: ServerOptions): string {
  if ("error" in outcome) return `error: ${outcome.error}`;
  if ("notCompiled" in outcome) return `not compiled: ${outcome.notCompiled}`;
  const texts = outcome.results.map((result) => writeDocument(oneNaN(result) as Document).toHex());
  return (isOrdered ? texts : texts.sort()).join();
}

const NAN = Decimal128.fromString("NaN");

/** What comes of a document may be more than MongoDB can send. */
const TOO_LARGE = /^error: BSONObj size: \d+ \(\w+\) is invalid/;

/** With one form of NaN for the many that there are. */
function oneNaN(value: unknown): unknown {
  if (typeof value === "number") return Number.isNaN(value) ? NaN : value;
  if (Array.isArray(value)) return value.map(oneNaN);
  if (String(value) === "NaN") return NAN; // A Decimal128, of either copy of the class.
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, oneNaN(each)]));
}
