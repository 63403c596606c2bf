/**
 * Finds the values of a raw BSON document that hold no others, as a table has them: documents within
 * are entered, lists are not. No object is made of what nobody looks at.
 */
import { Buffer } from "node:buffer";

/** BSON's numbers for its types. */
export const BSON_TYPE = {
  double: 0x01,
  string: 0x02,
  document: 0x03,
  array: 0x04,
  binary: 0x05,
  undefined: 0x06,
  objectId: 0x07,
  boolean: 0x08,
  date: 0x09,
  null: 0x0a,
  regex: 0x0b,
  pointer: 0x0c,
  code: 0x0d,
  symbol: 0x0e,
  codeWithScope: 0x0f,
  int32: 0x10,
  timestamp: 0x11,
  int64: 0x12,
  decimal128: 0x13,
} as const;

/** A path of field names, and those below it: made once, found by each document that has it. */
export class Place {
  readonly #below = new Map<string, Place>();
  readonly #known: { count: number };

  constructor(readonly path: string, known: { count: number } = { count: 0 }) {
    this.#known = known;
  }

  field(name: string): Place {
    const known = this.#below.get(name);
    if (known !== undefined) return known;
    const place = new Place(this.path === "" ? name : `${this.path}.${name}`, this.#known);
    // Where names are data, there may be as many as there are documents.
    if (this.#known.count < PLACES_MAX) {
      this.#known.count++;
      this.#below.set(name, place);
    }
    return place;
  }
}

const PLACES_MAX = 20_000;
const ASCII = Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code));

/** Told of each value: its place, its BSON type, and where in the document's bytes it begins. */
export type Visit = (place: Place, type: number, at: number) => void;

/** Throws where the bytes aren't BSON. */
export function visitLeaves(document: Uint8Array, root: Place, visit: Visit): void {
  new Visitor(document, visit).document(0, root);
}

class Visitor {
  readonly #bytes: Buffer;
  readonly #visit: Visit;
  #at = 0;

  constructor(document: Uint8Array, visit: Visit) {
    this.#bytes = Buffer.from(document.buffer, document.byteOffset, document.byteLength);
    this.#visit = visit;
  }

  document(start: number, place: Place): void {
    const bytes = this.#bytes;
    this.#at = start + 4;
    for (let type = bytes[this.#at++]!; type !== 0; type = bytes[this.#at++]!) {
      const field = place.field(this.#name());
      const at = this.#at;
      if (type === BSON_TYPE.document) this.document(at, field);
      else {
        this.#visit(field, type, at);
        this.#at = this.#endOf(type, at);
      }
    }
  }

  #name(): string {
    const bytes = this.#bytes;
    const start = this.#at;
    let name = "";
    let at = start;
    for (let byte = bytes[at]!; byte !== 0; byte = bytes[++at]!) {
      if (byte === undefined) throw new RangeError("Cannot read BSON: a name has no end");
      name += ASCII[byte] ?? "\u{FFFD}";
    }
    this.#at = at + 1;
    return name.includes("\u{FFFD}") ? bytes.toString("utf8", start, at) : name;
  }

  #endOf(type: number, at: number): number {
    const bytes = this.#bytes;
    switch (type) {
      case BSON_TYPE.double:
      case BSON_TYPE.date:
      case BSON_TYPE.timestamp:
      case BSON_TYPE.int64:
        return at + 8;
      case BSON_TYPE.string:
      case BSON_TYPE.code:
      case BSON_TYPE.symbol:
        return at + 4 + bytes.readInt32LE(at);
      case BSON_TYPE.array:
      case BSON_TYPE.codeWithScope:
        return at + bytes.readInt32LE(at);
      case BSON_TYPE.binary:
        return at + 5 + bytes.readInt32LE(at);
      case BSON_TYPE.objectId:
        return at + 12;
      case BSON_TYPE.boolean:
        return at + 1;
      case BSON_TYPE.int32:
        return at + 4;
      case BSON_TYPE.decimal128:
        return at + 16;
      case BSON_TYPE.regex: // Two C strings.
        return bytes.indexOf(0, bytes.indexOf(0, at) + 1) + 1;
      case BSON_TYPE.pointer:
        return at + 4 + bytes.readInt32LE(at) + 12;
      default: // Null, undefined, the least and the greatest of keys.
        return at;
    }
  }
}
