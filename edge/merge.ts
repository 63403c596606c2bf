/** Several cores' answers as the one that a single core would have given, streamed. */

/** The answer to a part of a query by position. */
export interface PartAnswer {
  readonly catalogs: readonly string[];
  /** Whether it is of one catalog and a share of the positions; the next shares follow. */
  readonly isShare: boolean;
  readonly reader: Reader;
}

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

export interface Merged {
  readonly message: string;
  /** In the order of the query. */
  readonly parts: readonly PartAnswer[];
  /** More keys of the envelope, behind `data`. */
  readonly more: Readonly<Record<string, unknown>>;
}

const encoder = new TextEncoder();
/** A character for each byte, so that lengths agree; none that matters here is of more than one. */
const byteText = new TextDecoder("latin1");

/**
 * The envelope around what is in each of the parts; no more than a chunk of them is in memory. Throws
 * where a part breaks, or isn't what a core answers: then the stream breaks, and no client takes a
 * part for the whole.
 */
export async function* merged(
  { message, parts, more }: Merged,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield encoder.encode(`{"status": "success", "message": ${JSON.stringify(message)}, "data": {`);
  let open: string | undefined;
  for (const [i, { catalogs, isShare, reader }] of parts.entries()) {
    const catalog = isShare ? catalogs[0] : undefined;
    const isNext = isShare && catalog === open;
    const before = (open !== undefined && !isNext ? "}" : "") + (i > 0 ? ", " : "") +
      (isShare && !isNext ? `${JSON.stringify(catalog)}: {` : "");
    if (before !== "") yield encoder.encode(before);
    open = catalog;
    yield* inside(reader, isShare ? 2 : 1);
  }
  const last = Object.entries(more).map(([key, value]) =>
    `, ${JSON.stringify(key)}: ${JSON.stringify(value)}`
  );
  yield encoder.encode(`${open === undefined ? "" : "}"}}${last.join("")}}`);
}

/** Several costs as one: numbers added, lists and texts one after the other, of the rest the first. */
export function together(costs: readonly Record<string, unknown>[]): Record<string, unknown> {
  return costs.reduce((sum, cost) => {
    const pairs = Object.entries(sum).map(([key, value]) => {
      const other = cost[key];
      if (typeof value === "number" && typeof other === "number") return [key, value + other];
      if (Array.isArray(value) && Array.isArray(other)) return [key, [...value, ...other]];
      if (typeof value === "string" && typeof other === "string") return [key, `${value} ${other}`];
      return [key, value];
    });
    return Object.fromEntries(pairs);
  });
}

/** How an answer begins, up to what is in its data, or in the first catalog of these. */
const HEADS = [
  /^[^]*?"data"\s*:\s*\{/,
  /^[^]*?"data"\s*:\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s*\{/,
];
/** No envelope is longer before its data, nor behind it. */
const HEAD_BYTES_MAX = 64 * 1024;
const TAIL_BYTES = 64;

/** What is in the answer's data (`depth` 1), or in the one catalog of it (2), without the braces. */
async function* inside(
  reader: Reader,
  depth: 1 | 2,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let head: Uint8Array<ArrayBuffer> | null = new Uint8Array();
  let tail = new Uint8Array();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    let fresh = next.value;
    if (head !== null) {
      head = joined(head, fresh);
      const length = headLength(head, HEADS[depth - 1]!);
      if (length === null) continue;
      fresh = head.subarray(length);
      head = null;
    }
    // The last bytes stay here: what closes the answer isn't part of what is in it.
    if (fresh.length < TAIL_BYTES) fresh = joined(tail, fresh);
    else if (tail.length > 0) yield tail;
    const kept = Math.max(0, fresh.length - TAIL_BYTES);
    if (kept > 0) yield fresh.subarray(0, kept);
    tail = fresh.slice(kept);
  }
  const end = head === null ? closedAt(tail, depth + 1) : -1;
  if (end < 0) throw new Error("Cannot merge an answer as it must end with what closes its data");
  if (end > 0) yield tail.subarray(0, end);
}

/** Null: it goes on. */
function headLength(bytes: Uint8Array<ArrayBuffer>, pattern: RegExp): number | null {
  const match = pattern.exec(byteText.decode(bytes.subarray(0, HEAD_BYTES_MAX)));
  if (match !== null) return match[0].length;
  if (bytes.length < HEAD_BYTES_MAX) return null;
  throw new Error("Cannot merge an answer as it must begin with an envelope");
}

/** Where the closing braces begin that these bytes end with; -1: there are fewer. */
function closedAt(bytes: Uint8Array, braces: number): number {
  let at = bytes.length;
  for (let found = 0; found < braces;) {
    at--;
    if (at < 0) return -1;
    if (bytes[at] === CLOSE) found++;
    else if (bytes[at]! > BLANK) return -1;
  }
  return at;
}

const CLOSE = "}".charCodeAt(0);
const BLANK = " ".charCodeAt(0);

function joined(
  one: Uint8Array<ArrayBuffer>,
  other: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
