/**
 * Writes each pass as a line of relaxed Extended JSON to a file. A line is on the disk when it counts
 * as delivered; one that a crash has cut is taken away, since its pass comes again.
 */
import type { Passed, Sink } from "../contract/passed.ts";
import { toExtendedJson } from "./extended_json.ts";

export interface JsonLinesOptions {
  readonly path: string;
  /** How much of the file's end is looked through at start for passes that it has, bytes. */
  readonly tailBytes?: number;
}

const TAIL_BYTES = 64 * 1024 * 1024;
/** Passes that are known to be in the file: those that come twice come soon after each other. */
const KNOWN_MAX = 100_000;
const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** Appends to a file of its own: no other process may write to it. */
export function jsonLinesSink({ path, tailBytes = TAIL_BYTES }: JsonLinesOptions): Sink {
  let opened: { file: Deno.FsFile; known: Set<string> } | null = null;
  let last: Promise<unknown> = Promise.resolve();

  async function append(passed: readonly Passed[]): Promise<void> {
    const { file, known } = opened ??= await openWhole(path, tailBytes);
    const fresh = new Map(passed.filter(({ _id }) => !known.has(_id)).map((p) => [p._id, p]));
    const lines = [...fresh.values()].map((each) => `${toExtendedJson(each)}\n`).join("");
    try {
      await writeAll(file, new TextEncoder().encode(lines));
      await file.syncData();
    } catch (error) {
      // Half a line may be there: the file is mended when it is opened again.
      opened = null;
      file.close();
      throw error;
    }
    for (const id of fresh.keys()) known.add(id);
    forgetOldest(known);
  }

  return {
    name: "json_lines",
    deliver(passed) {
      const appended = last.then(() => append(passed));
      last = appended.catch(() => {}); // Told to whoever delivers.
      return appended;
    },
    async [Symbol.asyncDispose]() {
      await last;
      opened?.file.close();
      opened = null;
    },
  };
}

/** The file, positioned behind its last whole line, and the ids of its last passes. */
async function openWhole(path: string, tailBytes: number) {
  const file = await Deno.open(path, { read: true, write: true, create: true });
  try {
    const { size } = await file.stat();
    const end = await endOfLines(file, size);
    if (end < size) await file.truncate(end);
    const known = idsOf(await readRange(file, Math.max(0, end - tailBytes), end));
    forgetOldest(known);
    await file.seek(end, Deno.SeekMode.Start);
    return { file, known };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Behind the last newline; 0 where there is none. */
async function endOfLines(file: Deno.FsFile, size: number): Promise<number> {
  for (let end = size; end > 0; end -= CHUNK_BYTES) {
    const start = Math.max(0, end - CHUNK_BYTES);
    const at = (await readRange(file, start, end)).lastIndexOf(NEWLINE);
    if (at >= 0) return start + at + 1;
  }
  return 0;
}

/** A line begins with its `_id`; the first may be cut, and then has none. */
function idsOf(lines: Uint8Array): Set<string> {
  const text = new TextDecoder().decode(lines);
  return new Set(
    [...text.matchAll(/^\{"_id":("(?:[^"\\]|\\.)*")/gm)].map((m) => JSON.parse(m[1]!)),
  );
}

function forgetOldest(known: Set<string>): void {
  for (const id of known) {
    if (known.size <= KNOWN_MAX) return;
    known.delete(id);
  }
}

async function readRange(file: Deno.FsFile, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  await file.seek(start, Deno.SeekMode.Start);
  for (let at = 0; at < bytes.length;) {
    const read = await file.read(bytes.subarray(at));
    if (read === null) throw new Error(`Cannot read ${bytes.length} bytes: the file is shorter`);
    at += read;
  }
  return bytes;
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}
