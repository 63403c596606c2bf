/**
 * Reads the JSON that clients send without losing what `JSON.parse` loses: all digits of 64-bit
 * integers, and whether a number was written as an integer or as a float.
 */
import { type Document, toDouble, toInteger } from "./document.ts";

/** As deep as MongoDB lets a document be; a deeper text is an attack, not a query. */
const DEPTH_MAX = 100;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** The text isn't JSON, or holds what no database could. */
export class JsonError extends Error {
  override name = "JsonError";
}

/**
 * The value of a JSON text, numbers by the convention of `document.ts`: `71` is a number, `71.0` a
 * `Double`, `1127561445515015011` a bigint. Takes `NaN`, `Infinity` and `-Infinity` as Python's
 * writer emits them; of duplicate keys the last one counts. Throws `JsonError`.
 */
export function parseExact(text: string): unknown {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

/** A value that somebody sent, as a message tells it: short, and whatever it is. */
export function shortText(value: unknown): string {
  // `String` would call what an object has for `toString`.
  const text = typeof value === "object" && value !== null
    ? JSON.stringify(value, (_, inner) => typeof inner === "bigint" ? String(inner) : inner)
    : String(value);
  return text.slice(0, 60);
}

const BLANKS = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
/** A string with no escapes, which is nearly every string. */
const PLAIN_STRING = /"[^"\\\p{Cc}]*"/uy;
const STRING = /"(?:[^"\\]|\\[^])*"/y;
const WORDS: readonly [string, unknown][] = [
  ["true", true],
  ["false", false],
  ["null", null],
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
];

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): unknown {
    if (depth > DEPTH_MAX) {
      throw new JsonError(`Cannot read JSON as its depth must be <= ${DEPTH_MAX}`);
    }
    this.#blanks();
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object(depth);
      case "[":
        return this.#array(depth);
      case '"':
        return this.#string();
    }
    for (const [word, value] of WORDS) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    return this.#number();
  }

  end(): void {
    this.#blanks();
    if (this.#at < this.#text.length) this.#fail("the end");
  }

  #object(depth: number): Document {
    const object: Document = {};
    this.#list("}", () => {
      if (this.#text[this.#at] !== '"') this.#fail("a key in double quotes");
      const key = this.#string();
      this.#blanks();
      this.#expect(":");
      const value = this.value(depth + 1);
      if (key === "__proto__") {
        Object.defineProperty(object, key, {
          value,
          enumerable: true,
          configurable: true,
          writable: true,
        });
      } else object[key] = value;
    });
    return object;
  }

  #array(depth: number): unknown[] {
    const array: unknown[] = [];
    this.#list("]", () => array.push(this.value(depth + 1)));
    return array;
  }

  #list(end: string, item: () => void): void {
    this.#at++;
    this.#blanks();
    if (this.#text[this.#at] === end) {
      this.#at++;
      return;
    }
    for (;;) {
      this.#blanks();
      item();
      this.#blanks();
      if (this.#text[this.#at] !== ",") break;
      this.#at++;
    }
    this.#expect(end);
  }

  #string(): string {
    const plain = this.#take(PLAIN_STRING);
    if (plain !== undefined) return plain[0].slice(1, -1);
    const start = this.#at;
    const escaped = this.#take(STRING);
    if (escaped === undefined) this.#fail("a string that ends");
    try {
      return JSON.parse(escaped[0]);
    } catch {
      this.#at = start;
      this.#fail("a string with valid escapes");
    }
  }

  #number(): unknown {
    const match = this.#take(NUMBER);
    if (match === undefined) this.#fail("a value");
    const [text, fraction, exponent] = match;
    if (fraction !== undefined || exponent !== undefined) return toDouble(Number(text));
    // Before BigInt reads it: a million digits would take it seconds.
    const value = text.length <= 20 ? BigInt(text) : undefined;
    if (value === undefined || value < INT64_MIN || value > INT64_MAX) {
      throw new JsonError(
        `Cannot read an integer as it must fit 64 bits: current value is ${text.slice(0, 40)}`,
      );
    }
    return toInteger(value);
  }

  #blanks(): void {
    // Most values have no blank, or one, before them.
    const code = this.#text.charCodeAt(this.#at);
    if (code > 0x20) return;
    this.#take(BLANKS);
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }

  #expect(character: string): void {
    if (this.#text[this.#at] !== character) this.#fail(`"${character}"`);
    this.#at++;
  }

  #fail(expected: string): never {
    const found = this.#at < this.#text.length
      ? JSON.stringify(this.#text.slice(this.#at, this.#at + 20))
      : "the end";
    throw new JsonError(
      `Cannot read JSON as ${expected} must be at character ${this.#at}: current value is ${found}`,
    );
  }
}
