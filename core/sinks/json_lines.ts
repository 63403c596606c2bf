/** Writes each pass as a line of relaxed Extended JSON to a file. */
import { EJSON } from "bson";
import type { Passed, Sink } from "../contract/passed.ts";

/** Appends; a line that a crash has cut is ended first, so that it spoils no other. */
export function jsonLinesSink({ path }: { path: string }): Sink {
  let file: Deno.FsFile | undefined;
  return {
    name: "json_lines",
    async deliver(passed) {
      file ??= await openAtLineStart(path);
      const lines = passed.map((each) => `${toLine(each)}\n`).join("");
      const bytes = new TextEncoder().encode(lines);
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      await file.syncData();
    },
    [Symbol.asyncDispose]() {
      file?.close();
      return Promise.resolve();
    },
  };
}

function toLine(passed: Passed): string {
  return EJSON.stringify(passed, { relaxed: true });
}

async function openAtLineStart(path: string): Promise<Deno.FsFile> {
  const file = await Deno.open(path, { read: true, write: true, create: true });
  const end = await file.seek(0, Deno.SeekMode.End);
  if (end > 0) {
    await file.seek(-1, Deno.SeekMode.End);
    const last = new Uint8Array(1);
    await file.read(last);
    if (last[0] !== 0x0a) await file.write(Uint8Array.of(0x0a));
  }
  return file;
}
