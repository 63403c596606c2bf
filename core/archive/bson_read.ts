/**
 * Reads BSON by the convention of `core/contract/document.ts`, so that a document that is read,
 * changed in part and written again keeps every type. (The driver's own settings either round
 * 64-bit integers and forget which number was a double, or wrap every number in an object.)
 */
import { BSON } from "mongodb";
import { Buffer } from "node:buffer";
import { type Document, ObjectId, toDouble } from "../contract/document.ts";

/** One whole BSON document. Throws where a length leads out of the bytes. */
export function readDocument(bytes: Uint8Array): Document {
  return new Reader(bytes).document(0);
}

/** An array of documents that the driver gave raw, each a view on its bytes. */
export function readDocuments(raw: readonly Uint8Array[]): Document[] {
  return raw.map(readDocument);
}

const ASCII = Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code));

class Reader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  document(at: number): Document {
    this.#at = at + 4;
    const document: Document = {};
    for (let type = this.#bytes[this.#at++]!; type !== 0; type = this.#bytes[this.#at++]!) {
      const name = this.#name();
      document[name] = this.#value(type);
    }
    return document;
  }

  #array(at: number): unknown[] {
    this.#at = at + 4;
    const array: unknown[] = [];
    for (let type = this.#bytes[this.#at++]!; type !== 0; type = this.#bytes[this.#at++]!) {
      while (this.#bytes[this.#at++] !== 0); // The index says what the order says.
      array.push(this.#value(type));
    }
    return array;
  }

  #name(): string {
    // Short and nearly always ASCII, so a loop beats a call into the runtime.
    const bytes = this.#bytes;
    let name = "";
    let at = this.#at;
    for (let byte = bytes[at]!; byte !== 0; byte = bytes[++at]!) {
      if (byte > 0x7f || byte === undefined) return this.#longName();
      name += ASCII[byte];
    }
    this.#at = at + 1;
    return name;
  }

  #longName(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw new Error("Cannot read BSON: a name has no end");
    const name = this.#bytes.toString("utf8", this.#at, end);
    this.#at = end + 1;
    return name;
  }

  #value(type: number): unknown {
    const at = this.#at;
    switch (type) {
      case 0x01:
        this.#at = at + 8;
        return toDouble(this.#view.getFloat64(at, true));
      case 0x02: {
        this.#at = at + 4 + this.#view.getInt32(at, true);
        return this.#bytes.toString("utf8", at + 4, this.#at - 1);
      }
      case 0x03:
        return this.document(at);
      case 0x04:
        return this.#array(at);
      case 0x07:
        this.#at = at + 12;
        return new ObjectId(this.#bytes.subarray(at, this.#at));
      case 0x08:
        this.#at = at + 1;
        return this.#bytes[at] === 1;
      case 0x09:
        this.#at = at + 8;
        return new Date(Number(this.#view.getBigInt64(at, true)));
      case 0x0a:
        return null;
      case 0x10:
        this.#at = at + 4;
        return this.#view.getInt32(at, true);
      case 0x12:
        this.#at = at + 8;
        return this.#view.getBigInt64(at, true);
      default:
        return this.#rare(type, at);
    }
  }

  /** Types that alerts and catalogs hardly ever hold: the driver reads them. */
  #rare(type: number, at: number): unknown {
    this.#at = this.#endOfRare(type, at);
    const value = this.#bytes.subarray(at, this.#at);
    const wrapped = Buffer.alloc(4 + 1 + 2 + value.length + 1);
    wrapped.writeInt32LE(wrapped.length, 0);
    wrapped[4] = type;
    wrapped[5] = 0x76; // "v"
    wrapped.set(value, 7);
    return BSON.deserialize(wrapped, { promoteBuffers: false, bsonRegExp: true }).v;
  }

  #endOfRare(type: number, at: number): number {
    switch (type) {
      case 0x05: // binary
        return at + 5 + this.#view.getInt32(at, true);
      case 0x0b: { // regular expression: two C strings
        return this.#bytes.indexOf(0, this.#bytes.indexOf(0, at) + 1) + 1;
      }
      case 0x0d: // code
      case 0x0e: // symbol
        return at + 4 + this.#view.getInt32(at, true);
      case 0x0f: // code with scope
        return at + this.#view.getInt32(at, true);
      case 0x0c: // database pointer
        return at + 4 + this.#view.getInt32(at, true) + 12;
      case 0x11: // timestamp
        return at + 8;
      case 0x13: // decimal128
        return at + 16;
      case 0x06: // undefined
      case 0x7f: // max key
      case 0xff: // min key
        return at;
      default:
        throw new Error(`Cannot read BSON: there is no type 0x${type.toString(16)}`);
    }
  }
}
