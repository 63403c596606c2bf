/**
 * Many finds in one command. A cone search of 1,000 positions is 1,000 finds, each with a round trip
 * that costs more than the search: as branches of a union they take a fifth of the time.
 */
import { BSON } from "mongodb";
import type { Document } from "../contract/document.ts";
import { isPlainObject } from "../contract/extended_json.ts";
import type { FindOptions, RawBatches, RawDocument } from "../contract/query.ts";

interface Placed {
  readonly at: number;
  readonly documents: readonly RawDocument[];
}

/** Measured: from 50 to 250 branches cost the same each, more cost more. */
const BRANCHES_MAX = 100;
/** MongoDB takes commands up to 16 MB. */
const COMMAND_BYTES_MAX = 4_000_000;
/** What a branch holds besides the filter, at most about. */
const BRANCH_BYTES = 2_000;
/** Tells which branch a document is of; taken out again before anybody sees it. */
const MARK = "_kowalskiBranch";
/** How a document with the mark ends: type int32, the mark's name, the branch, the document's end. */
const MARK_BYTES = 1 + MARK.length + 1 + 4 + 1;

/** How many of the finds may go in one command; 1: they have to be commands of their own. */
export function togetherMax(
  conditions: readonly Document[],
  filter: Document,
  { projection, sort, hint }: FindOptions,
): number {
  const isNatural = sort?.some(([field]) => field.startsWith("$"));
  if (hint || isNatural || !isPlainProjection(projection)) return 1;
  if (needsFind(filter) || needsFind(conditions)) return 1;
  const branchBytes = BSON.calculateObjectSize(filter) + BRANCH_BYTES;
  return Math.max(1, Math.min(BRANCHES_MAX, Math.floor(COMMAND_BYTES_MAX / branchBytes)));
}

/** Whether it shows and hides fields and nothing else, so that `$project` means the same by it. */
export function isPlainProjection(projection: Document | undefined): boolean {
  return Object.entries(projection ?? {}).every(([field, shown]) =>
    !/(^|\.)\$/.test(field) &&
    (typeof shown === "number" || typeof shown === "bigint" || typeof shown === "boolean" ||
      typeof (shown as { value?: unknown } | null)?.value === "number")
  );
}

/** Operators that a stage `$match` doesn't know. */
const FIND_ONLY = new Set(["$near", "$nearSphere", "$text", "$where"]);

function needsFind(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(needsFind);
  return isPlainObject(value) &&
    Object.entries(value).some(([key, inner]) => FIND_ONLY.has(key) || needsFind(inner));
}

/** The documents of all pipelines, each told by its pipeline's place, `start` for the first. */
export async function* findTogether(
  collection: string,
  pipelines: readonly (readonly Document[])[],
  start: number,
  aggregate: (pipeline: Document[]) => RawBatches,
): AsyncGenerator<Placed> {
  const [first, ...rest] = pipelines.map((pipeline, branch) => [
    ...pipeline,
    { $addFields: { [MARK]: { $literal: branch } } },
  ]);
  const union = rest.map((pipeline) => ({ $unionWith: { coll: collection, pipeline } }));
  let at = 0;
  for await (const batch of aggregate([...first!, ...union])) {
    let documents: RawDocument[] = [];
    for (const marked of batch) {
      const branch = branchOf(marked);
      if (branch !== at) {
        if (documents.length > 0) yield { at: start + at, documents };
        // A server may give branches in any order, though none does: better no answer than a wrong one.
        if (branch < at) throw new Error("Cannot tell finds apart as the server mixed them");
        at = branch;
        documents = [];
      }
      documents.push(withoutMark(marked));
    }
    if (documents.length > 0) yield { at: start + at, documents };
  }
}

function branchOf(marked: RawDocument): number {
  const view = new DataView(marked.buffer, marked.byteOffset, marked.byteLength);
  return view.getInt32(marked.byteLength - 5, true);
}

/** Shortens the document in place: the mark is its last field. */
function withoutMark(marked: RawDocument): RawDocument {
  const length = marked.byteLength - MARK_BYTES + 1;
  const view = new DataView(marked.buffer, marked.byteOffset, marked.byteLength);
  view.setInt32(0, length, true);
  marked[length - 1] = 0;
  return marked.subarray(0, length);
}

/**
 * What `start` gives for each item, in the items' order, with the first wait of up to `ahead` of them
 * begun early. Whatever was begun is ended when the reader stops.
 */
export async function* inOrder<Item, Value>(
  items: readonly Item[],
  ahead: number,
  start: (item: Item) => AsyncGenerator<Value>,
): AsyncGenerator<Value> {
  const begun: { rest: AsyncGenerator<Value>; first: Promise<IteratorResult<Value>> }[] = [];
  let next = 0;
  const begin = () => {
    while (begun.length < ahead && next < items.length) {
      const rest = start(items[next++]!);
      const first = rest.next();
      first.catch(() => {}); // Told to the reader when its turn comes.
      begun.push({ rest, first });
    }
  };
  try {
    for (begin(); begun.length > 0; begin()) {
      const { rest, first } = begun[0]!;
      for (let step = await first; !step.done; step = await rest.next()) yield step.value;
      begun.shift();
    }
  } finally {
    await Promise.allSettled(begun.map(({ rest }) => rest.return(undefined)));
  }
}
