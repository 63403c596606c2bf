/**
 * Tables in the format of LevelDB, which TensorFlow keeps the index of its checkpoints in
 * (leveldb/doc/table_format.md): blocks of sorted keys, each key without what it shares with the
 * one before, an index block over them, a footer.
 */
import { crc32c, unmasked } from "./crc32c.ts";
import { NetworkError } from "./network.ts";

const FOOTER_BYTES = 48;
const MAGIC = 0xdb4775248b80fb57n;
/** After each block: one byte for the compression, four for the checksum. */
const TRAILER_BYTES = 5;

/** All entries of the table, in order. Throws a `NetworkError` where it is damaged or compressed. */
export function readTable(bytes: Uint8Array): Map<string, Uint8Array> {
  if (bytes.length < FOOTER_BYTES || magicOf(bytes) !== MAGIC) {
    throw new NetworkError("The variables' index is cut short, or isn't a table");
  }
  const footer = new Cursor(bytes.subarray(bytes.length - FOOTER_BYTES));
  readHandle(footer); // Of the meta index, which TensorFlow leaves empty.
  const entries = new Map<string, Uint8Array>();
  for (const [, handle] of readBlock(bytes, readHandle(footer))) {
    for (const [key, value] of readBlock(bytes, readHandle(new Cursor(handle)))) {
      entries.set(new TextDecoder().decode(key), value);
    }
  }
  return entries;
}

interface Handle {
  readonly offset: number;
  readonly size: number;
}

function magicOf(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 8, 8);
  return view.getBigUint64(0, true);
}

function readHandle(cursor: Cursor): Handle {
  return { offset: cursor.varint(), size: cursor.varint() };
}

function readBlock(table: Uint8Array, { offset, size }: Handle): [Uint8Array, Uint8Array][] {
  if (offset + size + TRAILER_BYTES > table.length) {
    throw new NetworkError("The variables' index is cut short");
  }
  const checked = table.subarray(offset, offset + size + 1); // The checksum covers the type too.
  const checksum = new DataView(table.buffer, table.byteOffset + offset + size + 1, 4);
  if (crc32c(checked) !== unmasked(checksum.getUint32(0, true))) {
    throw new NetworkError("The variables' index is damaged: a block doesn't match its checksum");
  }
  if (checked[size] !== 0) throw new NetworkError("Cannot read a compressed index of variables");
  return readEntries(checked.subarray(0, size));
}

function readEntries(block: Uint8Array): [Uint8Array, Uint8Array][] {
  const restarts = new DataView(block.buffer, block.byteOffset + block.length - 4, 4);
  const end = block.length - 4 * (restarts.getUint32(0, true) + 1);
  const cursor = new Cursor(block.subarray(0, end));
  const entries: [Uint8Array, Uint8Array][] = [];
  let key = new Uint8Array();
  while (!cursor.atEnd) {
    const [shared, unshared, valueBytes] = [cursor.varint(), cursor.varint(), cursor.varint()];
    key = new Uint8Array([...key.subarray(0, shared), ...cursor.take(unshared)]);
    entries.push([key, cursor.take(valueBytes)]);
  }
  return entries;
}

/** Reads a run of bytes from front to back. */
export class Cursor {
  #at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  take(count: number): Uint8Array {
    const taken = this.#bytes.subarray(this.#at, this.#at + count);
    if (taken.length < count) throw new NetworkError("The variables' index is cut short");
    this.#at += count;
    return taken;
  }

  /** A base-128 number, lowest digits first: exact up to 2^53. */
  varint(): number {
    let value = 0;
    for (let scale = 1;; scale *= 128) {
      const byte = this.take(1)[0]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
}
