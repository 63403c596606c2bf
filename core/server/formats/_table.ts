/**
 * An answer as a table, read as it goes. Columns have to be known before the first row is written:
 * they are those of the first documents. What later documents hold besides is in the column `_other`.
 */
import type { RawDocument } from "../../contract/query.ts";
import type { TableAnswer } from "../format.ts";
import { type Column, columnsOf, type Row, RowReader } from "./_columns.ts";

export interface Table extends AsyncDisposable {
  readonly columns: readonly Column[];
  /** Some rows at a time, with the bytes of the documents that they are of. */
  rows(): AsyncGenerator<{ readonly rows: readonly Row[]; readonly bytes: number }>;
}

/** So many documents are looked at for the columns, or fewer, if they are this large together. */
const SAMPLE_DOCUMENTS = 1_000;
const SAMPLE_BYTES = 8_000_000;
/** In front of a match's own fields: which catalog it is of, and near which position. */
export const MATCH_COLUMNS = ["_catalog", "_position"] as const;

/** Documents, and the cells that stand in front of each. */
interface Batch {
  readonly lead: readonly string[];
  readonly documents: readonly RawDocument[];
}

interface Source {
  readonly rest: AsyncGenerator<Batch>;
  /** What was read for the columns. */
  readonly held: Batch[];
}

/** To be disposed of, so that nothing goes on reading. */
export async function toTable(answer: TableAnswer): Promise<Table> {
  const sources = sourcesOf(answer).map((rest): Source => ({ rest, held: [] }));
  const end = async () => {
    await Promise.all(sources.map(({ rest }) => rest.return(undefined)));
  };
  const lead: Column[] = answer.kind === "matches"
    ? MATCH_COLUMNS.map((name) => ({ name, type: "text" }))
    : [];
  try {
    let isAll = true;
    // Each catalog has its own fields.
    const share = 1 / sources.length;
    for (const source of sources) isAll = await hold(source, share) && isAll;
    const held = sources.flatMap(({ held }) => held.flatMap(({ documents }) => documents));
    const columns = [...lead, ...columnsOf(held, isAll)];
    const reader = new RowReader(columns, lead.length);
    return {
      columns,
      async *rows() {
        for (const source of sources) {
          for await (const { lead, documents } of allOf(source)) {
            const bytes = documents.reduce((sum, document) => sum + document.byteLength, 0);
            yield { rows: documents.map((document) => reader.row(document, lead)), bytes };
          }
        }
      },
      [Symbol.asyncDispose]: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

function sourcesOf(answer: TableAnswer): AsyncGenerator<Batch>[] {
  switch (answer.kind) {
    case "document":
      return [single(answer.document)];
    case "list":
      return [listed(answer.documents)];
    case "matches":
      return answer.catalogs.map((catalog) => matched(answer, catalog));
  }
}

async function* single(document: RawDocument): AsyncGenerator<Batch> {
  yield { lead: [], documents: [document] };
}

async function* listed(batches: AsyncIterable<readonly RawDocument[]>): AsyncGenerator<Batch> {
  for await (const documents of batches) yield { lead: [], documents };
}

async function* matched(
  { names, documents }: Extract<TableAnswer, { kind: "matches" }>,
  catalog: string,
): AsyncGenerator<Batch> {
  for await (const { at, documents: batch } of documents(catalog)) {
    yield { lead: [catalog, names[at]!], documents: batch };
  }
}

/** Reads the source's share of the sample; whether that is all that it has. */
async function hold({ rest, held }: Source, share: number): Promise<boolean> {
  let documents = 0;
  let bytes = 0;
  while (documents < SAMPLE_DOCUMENTS * share && bytes < SAMPLE_BYTES * share) {
    const { done, value } = await rest.next();
    if (done) return true;
    held.push(value);
    documents += value.documents.length;
    for (const document of value.documents) bytes += document.byteLength;
  }
  return false;
}

async function* allOf({ rest, held }: Source): AsyncGenerator<Batch> {
  for (let first = held.shift(); first !== undefined; first = held.shift()) yield first;
  yield* rest;
}

/** ISO 8601 in UTC, with milliseconds. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
