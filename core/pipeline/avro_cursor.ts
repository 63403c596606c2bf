/** Reads the values of Avro's binary encoding one after the other, never past the end of its bytes. */
import { Buffer } from "node:buffer";
import { Double, toDouble } from "../contract/document.ts";
import { RejectError } from "../contract/survey.ts";

/** The bytes are not a packet of Avro, or a damaged one. */
export class DecodeError extends RejectError {
  override name = "DecodeError";
}

export type Read<T> = (cursor: AvroCursor) => T;

const utf8 = new TextDecoder("utf-8", { fatal: true });
const int64 = new DataView(new ArrayBuffer(8));

/** Numbers come out by the convention of `contract/document.ts`. Throws a `DecodeError` for what can't be read. */
export class AvroCursor {
  /** Where the next value begins. */
  at = 0;
  readonly end: number;
  readonly #bytes: Buffer;
  readonly #view: DataView;

  constructor({ buffer, byteOffset, length }: Uint8Array) {
    this.end = length;
    this.#bytes = Buffer.from(buffer, byteOffset, length);
    this.#view = new DataView(buffer, byteOffset, length);
  }

  /** An `int` or a `long`: seven bits a byte, the lowest first, the sign in the lowest bit of all. */
  long(): number | bigint {
    const bytes = this.#bytes;
    let at = this.at;
    let byte = bytes[at++]!;
    let low = byte & 0x7f;
    if (byte < 0x80) { // Most values of a packet are one byte long.
      this.at = at;
      return (low >>> 1) ^ -(low & 1);
    }
    for (let shift = 7; shift < 28 && byte > 0x7f; shift += 7) {
      byte = bytes[at++]!;
      low |= (byte & 0x7f) << shift;
    }
    let middle = 0;
    for (let shift = 0; shift < 28 && byte > 0x7f; shift += 7) {
      byte = bytes[at++]!;
      middle |= (byte & 0x7f) << shift;
    }
    let high = 0;
    for (let shift = 0; shift < 14 && byte > 0x7f; shift += 7) {
      byte = bytes[at++]!;
      high |= (byte & 0x7f) << shift;
    }
    if (at > this.end) throw this.#cutShort();
    if (byte > 0x7f || high > 0xff) throw new DecodeError("Cannot read an integer of over 64 bits");
    this.at = at;
    const lowHalf = low | (middle << 28);
    const highHalf = (middle >>> 4) | (high << 24);
    const sign = -(lowHalf & 1);
    const lowBits = ((lowHalf >>> 1) | (highHalf << 31)) ^ sign;
    const highBits = (highHalf >>> 1) ^ sign;
    if (highBits === lowBits >> 31) return lowBits;
    int64.setInt32(0, lowBits, true);
    int64.setInt32(4, highBits, true);
    return int64.getBigInt64(0, true);
  }

  float(): number | Double {
    const value = this.#view.getFloat32(this.#take(4), true);
    return toDouble(value);
  }

  double(): number | Double {
    const value = this.#view.getFloat64(this.#take(8), true);
    return toDouble(value);
  }

  boolean(): boolean {
    const value = this.#bytes[this.#take(1)]!;
    if (value > 1) throw new DecodeError(`Cannot read a boolean: current value is ${value}`);
    return value === 1;
  }

  string(): string {
    const length = this.#length();
    const from = this.#take(length);
    const text = this.#bytes.toString("utf8", from, from + length);
    if (text.includes("\ufffd")) { // The sign itself, or what stands for bytes that aren't text.
      try {
        return utf8.decode(this.#bytes.subarray(from, from + length));
      } catch {
        throw new DecodeError("Cannot read a string that is not UTF-8");
      }
    }
    return text;
  }

  /** A view of the packet's own bytes. */
  bytes(): Uint8Array {
    return this.fixed(this.#length());
  }

  fixed(length: number): Uint8Array {
    const from = this.#take(length);
    const { buffer, byteOffset } = this.#bytes;
    return new Uint8Array(buffer, byteOffset + from, length);
  }

  /** The index of a union's branch or of an enum's symbol. */
  index(count: number): number {
    const index = this.long();
    if (typeof index !== "number" || index < 0 || index >= count) {
      throw new DecodeError(`Cannot read a union or an enum of ${count}: its index is ${index}`);
    }
    return index;
  }

  array<T>(read: Read<T>): T[] {
    const items: T[] = [];
    for (let count = this.#blockCount(); count > 0; count = this.#blockCount()) {
      for (let i = 0; i < count; i++) items.push(read(this));
    }
    return items;
  }

  map<T>(read: Read<T>): Record<string, T> {
    const entries = this.array((cursor) => [cursor.string(), read(cursor)] as const);
    return Object.fromEntries(entries);
  }

  /** How many items follow, by what is said: each takes a byte at least (`avro_schema.ts`), so the end is near. */
  #blockCount(): number {
    let count = Number(this.long());
    if (count < 0) {
      count = -count;
      this.#length(); // The block's size in bytes, for readers that skip it.
    }
    return count;
  }

  #length(): number {
    const length = Number(this.long());
    if (length < 0) throw new DecodeError(`Cannot read ${length} bytes`);
    return length;
  }

  #take(length: number): number {
    const from = this.at;
    if (length > this.end - from) throw this.#cutShort();
    this.at = from + length;
    return from;
  }

  #cutShort(): DecodeError {
    return new DecodeError(`Cannot read beyond the end: value at byte ${this.at} of ${this.end}`);
  }
}
