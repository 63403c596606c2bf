/**
 * Writes a raw BSON document as text of relaxed Extended JSON v2, as PyMongo 4 does, straight from
 * its bytes: no object is made, no digit of a 64-bit integer lost, and a double stays a double
 * (`100.0`), which clients in Python see as a float.
 */
import { Buffer } from "node:buffer";
import { Decimal128 } from "../contract/document.ts";
import { floatText } from "../contract/python_number.ts";

/** The text of one document. Throws where the bytes aren't BSON. */
export function bsonToJson(bytes: Uint8Array): string {
  return new Writer(bytes).document(0, false);
}

/** The text of the one value of this BSON type that begins there. */
export function valueToJson(bytes: Uint8Array, type: number, at: number): string {
  return new Writer(bytes).value(type, at);
}

const ASCII = Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code));
/** Texts of names by a hash of their bytes; the newest name of a hash is kept. A power of 2. */
const NAME_SLOTS = 4096;
const NAMES = new Array<{ bytes: Uint8Array; text: string } | undefined>(NAME_SLOTS);
/** Above it, a string is decoded by the runtime rather than byte by byte. */
const SHORT_STRING = 24;

class Writer {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  value(type: number, at: number): string {
    this.#at = at;
    return this.#value(type);
  }

  document(at: number, isArray: boolean): string {
    const bytes = this.#bytes;
    this.#at = at + 4;
    let text = isArray ? "[" : "{";
    let separator = "";
    for (let type = bytes[this.#at++]; type !== 0; type = bytes[this.#at++]) {
      text += separator;
      separator = ", ";
      if (isArray) {
        while (bytes[this.#at++]! > 0); // The index says what the order says.
      } else text += this.#name();
      text += this.#value(type);
    }
    return text + (isArray ? "]" : "}");
  }

  /** `"name": `, found by the name's bytes: they are the same in each document of a collection. */
  #name(): string {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start;
    let hash = 0;
    for (let byte = bytes[at]!; byte > 0; byte = bytes[++at]!) hash = Math.imul(hash, 31) + byte;
    this.#at = at + 1;
    const slot = hash & (NAME_SLOTS - 1);
    const known = NAMES[slot];
    if (known !== undefined && isAt(bytes, start, at, known.bytes)) return known.text;
    const name = bytes.subarray(start, at);
    const text = `${JSON.stringify(name.toString("utf8"))}: `;
    NAMES[slot] = { bytes: Uint8Array.from(name), text };
    return text;
  }

  #cString(): string {
    const start = this.#at;
    const end = this.#bytes.indexOf(0, start);
    if (end < 0) throw new RangeError("Cannot write BSON as JSON as each of its names must end");
    this.#at = end + 1;
    return this.#bytes.toString("utf8", start, end);
  }

  #string(): string {
    const at = this.#at + 4;
    const end = at + this.#view.getInt32(this.#at, true) - 1;
    this.#at = end + 1;
    if (end - at <= SHORT_STRING) {
      let text = '"';
      let i = at;
      for (; i < end; i++) {
        const byte = this.#bytes[i]!;
        if (byte < 0x20 || byte >= 0x80 || byte === 0x22 || byte === 0x5c) break;
        text += ASCII[byte];
      }
      if (i === end) return text + '"';
    }
    return JSON.stringify(this.#bytes.toString("utf8", at, end));
  }

  #value(type: number | undefined): string {
    const at = this.#at;
    const view = this.#view;
    switch (type) {
      case 0x01:
        this.#at = at + 8;
        return doubleToJson(view.getFloat64(at, true));
      case 0x02:
      case 0x0e: // PyMongo reads a symbol as a string.
        return this.#string();
      case 0x03:
        return this.document(at, false);
      case 0x04:
        return this.document(at, true);
      case 0x05:
        return this.#binary();
      case 0x06: // PyMongo reads undefined as None.
      case 0x0a:
        return "null";
      case 0x07:
        this.#at = at + 12;
        return `{"$oid": "${this.#bytes.toString("hex", at, at + 12)}"}`;
      case 0x08:
        this.#at = at + 1;
        return this.#bytes[at] === 0 ? "false" : "true";
      case 0x09:
        this.#at = at + 8;
        return dateToJson(view.getBigInt64(at, true));
      case 0x0b: {
        const pattern = JSON.stringify(this.#cString());
        const options = JSON.stringify(this.#cString());
        return `{"$regularExpression": {"pattern": ${pattern}, "options": ${options}}}`;
      }
      case 0x0c: {
        const ref = this.#string();
        const id = this.#bytes.toString("hex", this.#at, this.#at += 12);
        return `{"$ref": ${ref}, "$id": {"$oid": "${id}"}}`;
      }
      case 0x0d:
        return `{"$code": ${this.#string()}}`;
      case 0x0f: {
        this.#at = at + 4;
        const code = this.#string();
        return `{"$code": ${code}, "$scope": ${this.document(this.#at, false)}}`;
      }
      case 0x10:
        this.#at = at + 4;
        return String(view.getInt32(at, true));
      case 0x11:
        this.#at = at + 8;
        return `{"$timestamp": {"t": ${view.getUint32(at + 4, true)}, ` +
          `"i": ${view.getUint32(at, true)}}}`;
      case 0x12:
        this.#at = at + 8;
        return int64ToJson(view.getInt32(at + 4, true), view.getUint32(at, true));
      case 0x13:
        this.#at = at + 16;
        return `{"$numberDecimal": "${new Decimal128(this.#bytes.subarray(at, at + 16))}"}`;
      case 0xff:
        return '{"$minKey": 1}';
      case 0x7f:
        return '{"$maxKey": 1}';
    }
    throw new RangeError(
      `Cannot write BSON as JSON as its types must be known: current is ${type}`,
    );
  }

  #binary(): string {
    const at = this.#at;
    const length = this.#view.getInt32(at, true);
    const subType = this.#bytes[at + 4]!;
    this.#at = at + 5 + length;
    // The old binary type repeats its length inside.
    const start = subType === 2 ? at + 9 : at + 5;
    const base64 = this.#bytes.toString("base64", start, this.#at);
    const hex = subType.toString(16).padStart(2, "0");
    return `{"$binary": {"base64": "${base64}", "subType": "${hex}"}}`;
  }
}

/** The last millisecond of the year 9999, the last that ISO 8601 has four digits for. */
const ISO_MS_MAX = 253_402_300_799_999n;

function dateToJson(ms: bigint): string {
  if (ms < 0n || ms > ISO_MS_MAX) return `{"$date": {"$numberLong": "${ms}"}}`;
  const iso = new Date(Number(ms)).toISOString();
  return `{"$date": "${iso.endsWith(".000Z") ? `${iso.slice(0, -5)}Z` : iso}"}`;
}

function int64ToJson(high: number, low: number): string {
  // Below 2^53 without a bigint, which costs ten times as much.
  return high >= -0x20_0000 && high < 0x20_0000
    ? String(high * 0x1_0000_0000 + low)
    : String((BigInt(high) << 32n) | BigInt(low));
}

function isAt(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): boolean {
  if (end - start !== wanted.length) return false;
  for (let i = 0; i < wanted.length; i++) if (bytes[start + i] !== wanted[i]) return false;
  return true;
}

function doubleToJson(value: number): string {
  return Number.isFinite(value) ? floatText(value) : `{"$numberDouble": "${value}"}`;
}
