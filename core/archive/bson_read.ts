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

/** Names in a row that are remembered; labels and the like may be of any number. */
const SHAPES_MAX = 20_000;
/** So often a row of names has to come before a function is made for it. */
const OFTEN = 8;

type Make = (values: readonly unknown[], first: number) => Document;

/**
 * The names of a document up to one of them. Documents of a collection have the same names in the same
 * order, so what comes next is mostly what came last time: then the bytes are compared, and no text is
 * made of them. For a row that comes often the document is made with one object literal: all of them
 * share a hidden class, which makes reading them, and all that comes after, several times faster.
 */
class Shape {
  readonly #after = new Map<string, Shape>();
  #last: Shape | null = null;
  #ends = 0;
  #make: Make | null = null;

  constructor(
    readonly before: Shape | null,
    readonly name: string,
    /** With the zero at its end. */
    readonly bytes: Uint8Array,
  ) {}

  /** What comes after: probably. */
  get likely(): Shape | null {
    return this.#last;
  }

  next(name: string, bytes: Uint8Array): Shape {
    let next = this.#after.get(name);
    if (next === undefined) {
      next = new Shape(this, name, bytes.slice());
      if (shapes < SHAPES_MAX) {
        shapes++;
        this.#after.set(name, next);
      }
    }
    return this.#last = next;
  }

  document(values: readonly unknown[], first: number): Document {
    if (this.#make !== null) return this.#make(values, first);
    const names = namesOf(this);
    // A name that comes twice has its first place and its last value, here as in a literal.
    if (++this.#ends >= OFTEN) this.#make = makerOf(names);
    const document: Document = {};
    names.forEach((name, i) => {
      if (name === "__proto__") define(document, name, values[first + i]);
      else document[name] = values[first + i];
    });
    return document;
  }
}

/** The names up to a shape's own. */
function namesOf(shape: Shape): string[] {
  const names: string[] = [];
  for (let each = shape; each.before !== null; each = each.before) names.push(each.name);
  return names.reverse();
}

let shapes = 0;
const NO_NAMES = new Shape(null, "", new Uint8Array());

function makerOf(names: readonly string[]): Make {
  // In brackets, since a plain `__proto__` in a literal is the prototype.
  const fields = names.map((name, i) => `[${JSON.stringify(name)}]: values[first + ${i}]`);
  return new Function("values", "first", `return { ${fields.join(", ")} };`) as Make;
}

function define(document: Document, name: string, value: unknown): void {
  Object.defineProperty(document, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

/** Values of the documents that are being read, the innermost last. */
const stack: unknown[] = [];

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
    const first = stack.length;
    let shape = NO_NAMES;
    try {
      for (let type = this.#bytes[this.#at++]!; type !== 0; type = this.#bytes[this.#at++]!) {
        const { likely } = shape;
        if (likely !== null && this.#isAt(likely.bytes)) {
          this.#at += likely.bytes.length;
          shape = likely;
        } else shape = this.#name(shape);
        stack.push(this.#value(type));
      }
      return shape.document(stack, first);
    } finally {
      stack.length = first;
    }
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

  #isAt(name: Uint8Array): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    for (let i = 0; i < name.length; i++) {
      if (bytes[at + i] !== name[i]) return false;
    }
    return true;
  }

  #name(before: Shape): Shape {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw new Error("Cannot read BSON: a name has no end");
    const name = this.#bytes.toString("utf8", this.#at, end);
    const bytes = this.#bytes.subarray(this.#at, end + 1);
    this.#at = end + 1;
    return before.next(name, bytes);
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
