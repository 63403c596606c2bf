/**
 * Copies of records with some of their keys left out. A packet has tens of such records, most with the
 * same keys out, so each choice of keys has a function of its own: it makes its copies with one object
 * literal, and all of them share a hidden class. That is many times faster than setting keys in a
 * loop, and so is all that reads the copies.
 */
import type { Document } from "../contract/document.ts";

/** Choices of keys that get a function; a light curve has a handful, damaged packets may have any. */
const CHOICES_MAX = 512;
/** More than the records of any survey have. */
const KEYS_MAX = 200;

type Make = (record: Document, more: readonly unknown[]) => Document;

/** Records that have the same keys in the same order. */
interface Kind {
  readonly keys: readonly string[];
  /** Which keys stay, a bit each, and which of `more` are there. */
  readonly choose: (record: Document, more: readonly unknown[]) => string;
  readonly makes: Map<string, Make>;
}

export class Pick {
  readonly #isOut: (value: unknown) => boolean;
  readonly #more: readonly string[];
  #kind: Kind = { keys: [], choose: () => "", makes: new Map() };
  #choices = 0;

  /** Without values that are `isOut`; `more` are keys that are put behind the others. */
  constructor(isOut: (value: unknown) => boolean, more: readonly string[] = []) {
    this.#isOut = isOut;
    this.#more = more;
  }

  /** The copy, with the values of `more` where they aren't undefined. The record is left as it is. */
  of(record: Document, more: readonly unknown[] = []): Document {
    const { keys, choose, makes } = this.#kind;
    if (!isSame(Object.keys(record), keys)) return this.#ofAnotherKind(record, more);
    const choice = choose(record, more);
    const make = makes.get(choice) ?? this.#learn(record, more, choice);
    return make(record, more);
  }

  #ofAnotherKind(record: Document, more: readonly unknown[]): Document {
    const keys = Object.keys(record);
    const isEasy = keys.length + this.#more.length <= KEYS_MAX && this.#choices < CHOICES_MAX &&
      keys.every((key) => !this.#more.includes(key) && key !== "__proto__");
    if (!isEasy) return this.#slowly(record, more);
    this.#kind = { keys, choose: chooser(keys, this.#more.length, this.#isOut), makes: new Map() };
    return this.of(record, more);
  }

  #learn(record: Document, more: readonly unknown[], choice: string): Make {
    if (this.#choices++ >= CHOICES_MAX) return this.#slowly;
    const named = (name: string) => JSON.stringify(name);
    const kept = [
      ...Object.keys(record).filter((key) => !this.#isOut(record[key]))
        .map((key) => `${named(key)}: record[${named(key)}]`),
      ...this.#more.flatMap((key, i) => more[i] === undefined ? [] : `${named(key)}: more[${i}]`),
    ];
    const make = new Function("record", "more", `return { ${kept.join(", ")} };`) as Make;
    this.#kind.makes.set(choice, make);
    return make;
  }

  #slowly = (record: Document, more: readonly unknown[]): Document => {
    const kept: Document = {};
    for (const key in record) {
      if (!this.#isOut(record[key])) kept[key] = record[key];
    }
    this.#more.forEach((key, i) => {
      if (more[i] !== undefined) kept[key] = more[i];
    });
    return kept;
  };
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  if (some.length !== others.length) return false;
  for (let i = 0; i < some.length; i++) {
    if (some[i] !== others[i]) return false;
  }
  return true;
}

/** Of a small integer, which is fast. */
const BITS = 30;

function chooser(
  keys: readonly string[],
  more: number,
  isOut: (value: unknown) => boolean,
): Kind["choose"] {
  const tests = [
    ...keys.map((key) => `!isOut(record[${JSON.stringify(key)}])`),
    ...Array.from({ length: more }, (_, i) => `more[${i}] !== undefined`),
  ];
  const words = Array.from({ length: Math.ceil(tests.length / BITS) }, (_, i) => `word${i}`);
  const code = [
    ...words.map((word) => `let ${word} = 0;`),
    ...tests.map((test, i) => `if (${test}) ${words[Math.floor(i / BITS)]} |= ${1 << i % BITS};`),
    `return ${words.map((word) => `${word}.toString(36)`).join(' + "," + ') || '""'};`,
  ];
  return new Function("isOut", `return (record, more) => { ${code.join("\n")} };`)(isOut);
}
