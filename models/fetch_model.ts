/** Gets a network from where its author publishes it, checks it, and puts it where it is looked for. */
import { createHash } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { extract } from "tar-stream";
import type { ModelManifest } from "../core/contract/model.ts";

/** A closed network may drop what it is sent: then nothing ever comes. */
const STALL_MS_MAX = 30_000;
/** Many times the largest network that we know. */
const BYTES_MAX = 1_000_000_000;

export interface FetchOptions {
  readonly modelsDir: string;
  /** Fetch what is there already, and replace it. */
  readonly again?: boolean;
  readonly stallMsMax?: number;
  /** Told how many bytes have come, as they come. */
  readonly onBytes?: (received: number) => void;
}

/**
 * Gives whether it had to be fetched. An archive (`.tar.gz`) becomes a folder, without the one it was
 * packed in. A url that is none is a file of this machine. The file or folder appears when all of it
 * is there and right. Throws an `Error` with the reason.
 */
export async function fetchModel(manifest: ModelManifest, options: FetchOptions): Promise<boolean> {
  const { name, url, sha256 } = manifest;
  const path = resolve(options.modelsDir, manifest.file);
  const isThere = await Deno.stat(path).then(() => true, () => false);
  if (isThere && !options.again) return false;
  if (!url) throw new Error(`Cannot fetch ${name} as its url isn't set`);
  const bytes = url.includes("://") ? await download(url, options) : await Deno.readFile(url);
  const found = createHash("sha256").update(bytes).digest("hex");
  if (sha256 && found !== sha256) {
    throw new Error(
      `Cannot use ${url} as its SHA-256 must be ${sha256}: current value is ${found}`,
    );
  }
  await Deno.mkdir(dirname(path), { recursive: true });
  const made = `${path}.${crypto.randomUUID()}`;
  try {
    if (/\.(tar\.gz|tgz)$/.test(url)) await unpack(bytes, made);
    else await Deno.writeFile(made, bytes);
    if (isThere) await Deno.remove(path, { recursive: true });
    await Deno.rename(made, path);
  } catch (error) {
    await Deno.remove(made, { recursive: true }).catch(() => {}); // It may not be there yet.
    throw error;
  }
  return true;
}

async function download(
  url: string,
  { stallMsMax = STALL_MS_MAX, onBytes }: FetchOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const stalled = new AbortController();
  const giveUp = () =>
    stalled.abort(new Error(`Cannot fetch ${url}: nothing came for ${stallMsMax / 1000} s`));
  let timer = setTimeout(giveUp, stallMsMax);
  try {
    const response = await fetch(url, { signal: stalled.signal });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new Error(`Cannot fetch ${url}: the answer is ${response.status}`);
    }
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    for await (const chunk of response.body) {
      clearTimeout(timer);
      timer = setTimeout(giveUp, stallMsMax);
      length += chunk.length;
      if (length > BYTES_MAX) throw new Error(`Cannot fetch ${url}: it is over ${BYTES_MAX} bytes`);
      chunks.push(chunk);
      onBytes?.(length);
    }
    return await new Blob(chunks).bytes();
  } finally {
    clearTimeout(timer);
  }
}

/** Makes the folder `target` of an archive's files, each path without its first part. */
async function unpack(archive: Uint8Array, target: string): Promise<void> {
  await Deno.mkdir(target);
  const entries = extract();
  entries.end(gunzipSync(archive, { maxOutputLength: BYTES_MAX }));
  let files = 0;
  for await (const entry of entries) {
    const parts = entry.header.name.split("/").filter((part) => part !== "" && part !== ".");
    const chunks = await Array.fromAsync(entry as AsyncIterable<Uint8Array<ArrayBuffer>>);
    // Links are left out, and so is what would lie outside.
    if (entry.header.type !== "file" || parts.length < 2 || parts.includes("..")) continue;
    const path = join(target, ...parts.slice(1));
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeFile(path, await new Blob(chunks).bytes());
    files++;
  }
  if (files === 0) throw new Error("Cannot use the archive: it has no folder with files");
}
