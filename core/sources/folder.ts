/** Packets from disk: a folder of `.avro` files, one such file, or a tar archive of them. */
import { createReadStream } from "node:fs";
import { basename, join } from "node:path";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { joined } from "../contract/bytes.ts";
import type { Batch, Packet, Source } from "../contract/packet.ts";

/** No alert is as large as a document of the archive may be: what is larger is no packet. */
const PACKET_BYTES_MAX = 16 * 1024 * 1024;

export interface FolderOptions {
  readonly path: string;
  readonly batchMax: number;
  /** A file that can't be read is told here, and the others go on. */
  readonly onUnreadable: (path: string, error: Error) => void;
  /** The packets' topic. */
  readonly topic?: string;
  /** Takes the subfolder of this name, where there is one. */
  readonly survey?: string;
}

/**
 * Each packet once, in the order of their paths (of a tar: as they lie in it). Nothing is read before
 * it is asked for. `batches` throws where the path doesn't exist, holds no packet at all, or is a tar
 * that is damaged: that is told behind the packets that could be read before.
 */
export function folderSource(options: FolderOptions): Source {
  const { batchMax, topic = "packets" } = options;
  if (!(batchMax >= 1)) {
    throw new RangeError(
      `Cannot read packets as batchMax must be at least 1: current value is ${batchMax}`,
    );
  }
  let connected = false;

  async function* batches(signal: AbortSignal): AsyncGenerator<Batch> {
    connected = true;
    try {
      let offset = 0n;
      let packets: Packet[] = [];
      for await (const bytes of filesOf(options)) {
        if (signal.aborted) return;
        packets.push({ bytes, topic, partition: 0, offset: offset++, timestampMs: Date.now() });
        if (packets.length < batchMax) continue;
        yield batchOf(packets);
        if (signal.aborted) return;
        packets = [];
      }
      if (packets.length > 0 && !signal.aborted) yield batchOf(packets);
      if (offset === 0n && !signal.aborted) {
        throw new Error(
          `Cannot read packets as ${options.path} must hold one: it has no .avro file`,
        );
      }
    } finally {
      connected = false;
    }
  }

  return { name: "folder", batches, state: () => ({ connected, lag: null }) };
}

function batchOf(packets: readonly Packet[]): Batch {
  // What is on disk stays there: there is no offset to move.
  return { packets, commit: () => Promise.resolve() };
}

async function* filesOf(options: FolderOptions): AsyncGenerator<Uint8Array> {
  const { path, survey } = options;
  const stat = await statOf(path);
  if (stat === null) {
    throw new Error(`Cannot read packets as the path must exist: current value is ${path}`);
  }
  if (/\.(tar|tar\.gz|tgz)$/i.test(path) && !stat.isDirectory) return yield* filesOfTar(options);
  if (!stat.isDirectory) return yield* filesAt([path], options);
  const subfolder = survey === undefined ? null : join(path, survey);
  const root = subfolder !== null && (await statOf(subfolder))?.isDirectory ? subfolder : path;
  yield* filesAt(pathsUnder(root, options), options);
}

async function statOf(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Folder by folder, each sorted by name: no more than the names of one branch are held. */
async function* pathsUnder(folder: string, options: FolderOptions): AsyncGenerator<string> {
  let entries: Deno.DirEntry[];
  try {
    entries = await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    return options.onUnreadable(folder, error as Error);
  }
  entries.sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isDirectory } of entries) {
    const path = join(folder, name);
    if (isDirectory) yield* pathsUnder(path, options);
    else if (isPacket(name)) yield path;
  }
}

async function* filesAt(
  paths: Iterable<string> | AsyncIterable<string>,
  { onUnreadable }: FolderOptions,
): AsyncGenerator<Uint8Array> {
  for await (const path of paths) {
    let bytes: Uint8Array;
    try {
      checkSize((await Deno.stat(path)).size);
      bytes = await Deno.readFile(path);
    } catch (error) {
      onUnreadable(path, error as Error);
      continue;
    }
    yield bytes;
  }
}

/** Entry by entry: the archive's stream waits while nobody asks. */
async function* filesOfTar({ path, onUnreadable }: FolderOptions): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path);
  const unzip = /gz$/i.test(path) ? createGunzip() : null;
  const entries = extract();
  let broken: Error | undefined;
  // What the stream gave before is still read to its end.
  const end = (error: Error) => {
    broken ??= error;
    entries.end(null);
  };
  file.on("error", end);
  unzip?.on("error", end);
  (unzip === null ? file : file.pipe(unzip)).pipe(entries);
  try {
    for await (const entry of entries) {
      const { name, type, size } = entry.header;
      if (type !== "file" || !isPacket(basename(name))) {
        entry.resume();
        continue;
      }
      try {
        checkSize(size);
      } catch (error) {
        onUnreadable(`${path}:${name}`, error as Error);
        entry.resume();
        continue;
      }
      yield joined(await Array.fromAsync(entry as AsyncIterable<Uint8Array>));
    }
    if (broken !== undefined) throw broken;
  } catch (error) {
    const { message } = broken ?? error as Error;
    throw new Error(`Cannot read ${path} as it must be a whole tar archive: ${message}`);
  } finally {
    file.destroy();
    unzip?.destroy();
    entries.destroy();
  }
}

/** macOS puts a `._` file beside each file of a tar. */
function isPacket(name: string): boolean {
  return name.endsWith(".avro") && !name.startsWith("._");
}

function checkSize(bytes: number): void {
  if (bytes > PACKET_BYTES_MAX) {
    throw new RangeError(
      `Cannot read the file as a packet must be at most ${PACKET_BYTES_MAX} bytes: current value is ${bytes}`,
    );
  }
}
