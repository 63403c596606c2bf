/**
 * Reads what Python's `ast.literal_eval` reads, and JSON: old clients send filters, pipelines and
 * positions as the text of a Python value. Nothing is evaluated.
 */
import { Binary, type Document, toDouble, toInteger } from "../contract/document.ts";
import { shortText } from "../contract/json.ts";
import { QueryError } from "../contract/query.ts";

/** A list that was written in round brackets: it prints as a tuple, and else is a list. */
export class Tuple extends Array<unknown> {}

const DEPTH_MAX = 100;

/** The value, numbers by the convention of `document.ts`. Throws `QueryError`. */
export function parsePythonLiteral(text: string): unknown {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

const BLANKS = /(?:\s|#[^\n]*)*/y;
const NUMBER = /[-+]?(?:[0-9]+(\.[0-9]*)?|(\.[0-9]+))([eE][-+]?[0-9]+)?/y;
const STRING = /([uUrRbB]{0,2})(?:'((?:[^'\\\n]|\\[^])*)'|"((?:[^"\\\n]|\\[^])*)")/y;
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^]))/g;
const ESCAPED: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  f: "\f",
  0: "\0",
  "\n": "",
};
const WORD = /-?[A-Za-z]+/y;
const WORDS = new Map<string, unknown>([
  ["True", true],
  ["true", true],
  ["False", false],
  ["false", false],
  ["None", null],
  ["null", null],
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
]);
const INT64_DIGITS_MAX = 19;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): unknown {
    if (depth > DEPTH_MAX) {
      throw new QueryError(`SyntaxError: a literal's depth must be <= ${DEPTH_MAX}`);
    }
    this.#take(BLANKS);
    switch (this.#text[this.#at]) {
      case "[":
        return this.#items("]", depth).values;
      case "(":
        return this.#round(depth);
      case "{":
        return this.#curly(depth);
    }
    const string = this.#strings();
    if (string !== undefined) return string;
    const number = this.#take(NUMBER);
    if (number !== undefined) return toNumber(number);
    const word = this.#take(WORD)?.[0] ?? "";
    if (!WORDS.has(word)) this.#fail();
    return WORDS.get(word);
  }

  end(): void {
    this.#take(BLANKS);
    if (this.#at < this.#text.length) this.#fail();
  }

  #round(depth: number): unknown {
    const { values, isOpen } = this.#items(")", depth);
    // `(1)` is a number in brackets, `(1,)` a tuple.
    return values.length === 1 && !isOpen ? values[0] : Tuple.from(values);
  }

  /** A dict, or a set, which is a list to us. */
  #curly(depth: number): unknown {
    const object: Document = {};
    const members: unknown[] = [];
    this.#list("}", () => {
      const key = this.value(depth + 1);
      this.#take(BLANKS);
      if (this.#text[this.#at] !== ":") return members.push(key);
      if (typeof key !== "string" || key === "__proto__") {
        throw new QueryError(
          `SyntaxError: a key must be a string: current value is ${shortText(key)}`,
        );
      }
      this.#at++;
      object[key] = this.value(depth + 1);
    });
    if (members.length === 0) return object;
    if (Object.keys(object).length > 0) this.#fail();
    return members;
  }

  #items(end: string, depth: number): { values: unknown[]; isOpen: boolean } {
    const values: unknown[] = [];
    const isOpen = this.#list(end, () => values.push(this.value(depth + 1)));
    return { values, isOpen };
  }

  /** Reads up to the end of the list; tells whether a comma stood before it. */
  #list(end: string, item: () => unknown): boolean {
    this.#at++;
    for (let isOpen = false;; isOpen = true) {
      this.#take(BLANKS);
      if (this.#text[this.#at] === end) {
        this.#at++;
        return isOpen;
      }
      item();
      this.#take(BLANKS);
      if (this.#text[this.#at] !== ",") break;
      this.#at++;
    }
    if (this.#text[this.#at] !== end) this.#fail();
    this.#at++;
    return false;
  }

  /** One or more strings in a row, which are one string. */
  #strings(): string | Binary | undefined {
    let whole: string | undefined;
    let isBytes = false;
    for (let match = this.#take(STRING); match !== undefined; match = this.#take(STRING)) {
      const [, prefix = "", single, double = ""] = match;
      const content = single ?? double;
      whole = (whole ?? "") + (/r/i.test(prefix) ? content : unescape(content));
      isBytes ||= /b/i.test(prefix);
      this.#take(BLANKS);
    }
    if (!isBytes || whole === undefined) return whole;
    return new Binary(Uint8Array.from(whole, (character) => character.charCodeAt(0)));
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }

  #fail(): never {
    const found = this.#text.slice(this.#at, this.#at + 20) || "the end";
    throw new QueryError(
      `SyntaxError: malformed node or string at character ${this.#at}: current value is ${found}`,
    );
  }
}

function toNumber([text, fraction, bareFraction, exponent]: RegExpExecArray): unknown {
  if (fraction !== undefined || bareFraction !== undefined || exponent !== undefined) {
    return toDouble(Number(text));
  }
  const digits = text.replace(/^\+/, "");
  const value = digits.length <= INT64_DIGITS_MAX + 1 ? BigInt(digits) : undefined;
  if (value === undefined || value !== BigInt.asIntN(64, value)) {
    throw new QueryError(
      `OverflowError: an integer must fit 64 bits: current value is ${shortText(text)}`,
    );
  }
  return toInteger(value);
}

function unescape(content: string): string {
  return content.replace(ESCAPE, (all, x, u, U, other) => {
    if (other !== undefined) return ESCAPED[other] ?? (/[\\'"/]/.test(other) ? other : all);
    const code = Number.parseInt(x ?? u ?? U, 16);
    return code <= 0x10ffff ? x || u ? String.fromCharCode(code) : String.fromCodePoint(code) : all;
  });
}
