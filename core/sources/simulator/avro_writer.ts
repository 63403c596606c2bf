/** Writes Avro's binary encoding into one buffer that is used again and again. */

export type AvroType = "int" | "long" | "float" | "double" | "string";

export interface AvroField {
  readonly name: string;
  readonly type: AvroType;
  /** On the wire: the index of the union's branch (`[null, T]`) stands in front. */
  readonly nullable: boolean;
}

export type AvroValue = number | bigint | string | null;

/** Twice as much is still exact in a number. */
const ZIGZAG_MAX = 2 ** 52;

export class AvroWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacityBytes = 128 * 1024) {
    this.#bytes = new Uint8Array(capacityBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** What was written since the last `take`, as bytes of their own. */
  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return bytes;
  }

  /** The fields of a record in their order. A field that `values` lacks is null. */
  record(fields: readonly AvroField[], values: Readonly<Record<string, AvroValue>>): void {
    for (const { name, type, nullable } of fields) {
      const value = values[name] ?? null;
      if (value === null) {
        if (!nullable) throw new TypeError(`Cannot write ${name} as its value must not be null`);
        this.long(0);
        continue;
      }
      if (nullable) this.long(1);
      if (type === "string") this.string(value as string);
      else if (type === "float") this.float(value as number);
      else if (type === "double") this.double(value as number);
      else this.long(value as number | bigint);
    }
  }

  /** `int` and `long` alike: zigzag, seven bits a byte. */
  long(value: number | bigint): void {
    this.#reserve(10);
    if (typeof value === "number" && Math.abs(value) < ZIGZAG_MAX) {
      this.#varint(value >= 0 ? value * 2 : -value * 2 - 1);
      return;
    }
    // In two halves that a number holds exactly: bigint arithmetic for each byte would cost more.
    const long = BigInt(value);
    const zigzag = long >= 0n ? long << 1n : (-long << 1n) - 1n;
    let low = Number(zigzag & 0xfff_ffffn);
    const high = Number(zigzag >> 28n);
    if (high === 0) return this.#varint(low);
    for (let group = 0; group < 4; group++) {
      this.#bytes[this.#length++] = (low & 0x7f) | 0x80;
      low >>>= 7;
    }
    this.#varint(high);
  }

  float(value: number): void {
    this.#reserve(4);
    this.#view.setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** ASCII only, which is all that a packet's text is. */
  string(text: string): void {
    this.long(text.length);
    this.#reserve(text.length);
    for (let at = 0; at < text.length; at++) {
      this.#bytes[this.#length++] = text.charCodeAt(at);
    }
  }

  bytes(value: Uint8Array): void {
    this.long(value.length);
    this.raw(value);
  }

  /** An array in one block, of items that are encoded already. */
  array(items: readonly Uint8Array[]): void {
    if (items.length > 0) {
      this.long(items.length);
      for (const item of items) this.raw(item);
    }
    this.long(0);
  }

  /** Bytes that are encoded already. */
  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** Non-negative, below 2^53. */
  #varint(value: number): void {
    while (value > 0x7f) {
      this.#bytes[this.#length++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.#bytes[this.#length++] = value;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + bytes));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
