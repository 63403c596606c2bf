/**
 * Reads a regular expression of PCRE, as MongoDB uses it, into a tree. What isn't read here (back
 * references, look-behind, possessive and atomic groups, POSIX classes) is `NotCompiled`.
 */
import { NotCompiled } from "./errors.ts";

export type Piece =
  | { readonly kind: "character"; readonly test: CharacterTest }
  | { readonly kind: "sequence"; readonly pieces: readonly Piece[] }
  | { readonly kind: "alternatives"; readonly pieces: readonly Piece[] }
  /** `capture` counts from 0; undefined where the group only groups. */
  | { readonly kind: "group"; readonly piece: Piece; readonly capture: number | undefined }
  | {
    readonly kind: "repeat";
    readonly piece: Piece;
    readonly min: number;
    readonly max: number;
    readonly lazy: boolean;
  }
  | { readonly kind: "look"; readonly piece: Piece; readonly negated: boolean }
  | { readonly kind: "at"; readonly place: Place };

/** On a code point. */
export type CharacterTest = (code: number) => boolean;

export type Place =
  | "start"
  | "line start"
  | "end"
  | "end or last newline"
  | "line end"
  | "word edge"
  | "no word edge";

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly extended: boolean;
}

const FLAG_OF: Readonly<Record<string, keyof Flags>> = {
  i: "ignoreCase",
  m: "multiline",
  s: "dotAll",
  x: "extended",
};
const NEWLINE = 10;
/** PCRE takes counts up to this one. */
const COUNT_MAX = 65_535;

export interface Syntax {
  readonly piece: Piece;
  readonly captures: number;
}

export function readPattern(pattern: string, options: string): Syntax {
  let flags: Flags = { ignoreCase: false, multiline: false, dotAll: false, extended: false };
  for (const letter of options) flags = withFlag(flags, letter, true);
  if (pattern.includes("\0")) throw new NotCompiled("a pattern with a zero in it");
  return new Parser(pattern, flags).whole();
}

function withFlag(flags: Flags, letter: string, on: boolean): Flags {
  const name = FLAG_OF[letter];
  if (name === undefined) throw new NotCompiled(`the option ${letter} of a pattern`);
  return { ...flags, [name]: on };
}

class Parser {
  readonly #characters: readonly string[];
  #flags: Flags;
  #at = 0;
  #captures = 0;

  constructor(pattern: string, flags: Flags) {
    this.#characters = [...pattern];
    this.#flags = flags;
  }

  whole(): Syntax {
    const piece = this.#alternatives();
    if (this.#at < this.#characters.length) {
      throw new NotCompiled("a bracket too many in a pattern");
    }
    return { piece, captures: this.#captures };
  }

  get #next(): string | undefined {
    return this.#characters[this.#at];
  }

  #take(text: string): boolean {
    for (let i = 0; i < text.length; i++) {
      if (this.#characters[this.#at + i] !== text[i]) return false;
    }
    this.#at += text.length;
    return true;
  }

  /** Up to the end, or the bracket that closes; flags that are set within hold as far. */
  #alternatives(): Piece {
    const flags = this.#flags;
    const pieces = [this.#sequence()];
    while (this.#take("|")) pieces.push(this.#sequence());
    this.#flags = flags;
    return pieces.length === 1 ? pieces[0]! : { kind: "alternatives", pieces };
  }

  #sequence(): Piece {
    const pieces: Piece[] = [];
    for (;;) {
      this.#skipBlanks();
      const next = this.#next;
      if (next === undefined || next === "|" || next === ")") break;
      if (this.#setsFlags()) continue;
      pieces.push(this.#quantified(this.#atom()));
    }
    return pieces.length === 1 ? pieces[0]! : { kind: "sequence", pieces };
  }

  #skipBlanks(): void {
    if (!this.#flags.extended) return;
    const rest = this.#characters.slice(this.#at).join("");
    const [blanks] = /^([\t\n\v\f\r ]|#[^\n]*(\n|$))*/.exec(rest)!;
    this.#at += [...blanks].length;
  }

  /** `(?i)`, `(?m-s)`. */
  #setsFlags(): boolean {
    const text = this.#characters.slice(this.#at, this.#at + 12).join("");
    const match = /^\(\?([imsx]*)(?:-([imsx]+))?\)/.exec(text);
    if (match === null) return false;
    this.#at += match[0].length;
    this.#changeFlags(match[1]!, match[2] ?? "");
    return true;
  }

  #changeFlags(on: string, off: string): void {
    for (const letter of on) this.#flags = withFlag(this.#flags, letter, true);
    for (const letter of off) this.#flags = withFlag(this.#flags, letter, false);
  }

  #quantified(piece: Piece): Piece {
    this.#skipBlanks();
    const counts = this.#counts();
    if (counts === undefined) return piece;
    if (piece.kind === "at" || piece.kind === "look") {
      throw new NotCompiled("a pattern that repeats what has no length");
    }
    const lazy = this.#take("?");
    if (!lazy && this.#next === "+") throw new NotCompiled("possessive repetition in a pattern");
    if (counts.min > counts.max) throw new NotCompiled("a pattern that repeats max to min times");
    this.#skipBlanks();
    if (this.#next !== undefined && /[*+?]/.test(this.#next)) {
      throw new NotCompiled("repetition of a repetition in a pattern");
    }
    // How often what is empty is repeated shows in groups, and PCRE has its own mind about that.
    if (lengthMin(piece) === 0) {
      throw new NotCompiled("repetition of what may be empty in a pattern");
    }
    return { kind: "repeat", piece, ...counts, lazy };
  }

  #counts(): { min: number; max: number } | undefined {
    if (this.#take("*")) return { min: 0, max: Infinity };
    if (this.#take("+")) return { min: 1, max: Infinity };
    if (this.#take("?")) return { min: 0, max: 1 };
    if (this.#next !== "{") return undefined;
    const text = this.#characters.slice(this.#at, this.#at + 14).join("");
    const match = /^\{(\d+)(?:(,)(\d*))?\}/.exec(text);
    if (match === null) return undefined; // A bracket that stands for itself.
    this.#at += match[0].length;
    const min = Number(match[1]);
    const max = match[2] === undefined ? min : match[3] === "" ? Infinity : Number(match[3]);
    if (min > COUNT_MAX || (max !== Infinity && max > COUNT_MAX)) {
      throw new NotCompiled("a pattern with a count that is too large");
    }
    return { min, max };
  }

  #atom(): Piece {
    if (this.#take("(")) return this.#group();
    if (this.#take("[")) return { kind: "character", test: this.#class() };
    if (this.#take("\\")) return this.#escape();
    if (this.#take("^")) {
      return { kind: "at", place: this.#flags.multiline ? "line start" : "start" };
    }
    if (this.#take("$")) {
      return { kind: "at", place: this.#flags.multiline ? "line end" : "end or last newline" };
    }
    if (this.#take(".")) {
      const { dotAll } = this.#flags;
      return { kind: "character", test: dotAll ? () => true : (code) => code !== NEWLINE };
    }
    const next = this.#characters[this.#at++]!;
    const rest = this.#characters.slice(this.#at, this.#at + 14).join("");
    if (/[*+?]/.test(next) || next === "{" && /^\d+(,\d*)?\}/.test(rest)) {
      throw new NotCompiled("a pattern that repeats nothing");
    }
    return { kind: "character", test: this.#same(next.codePointAt(0)!) };
  }

  #group(): Piece {
    const flags = this.#flags;
    let kind: "group" | "look" = "group";
    let negated = false;
    let capture: number | undefined;
    if (!this.#take("?")) capture = this.#captures++;
    else if (this.#take("=")) kind = "look";
    else if (this.#take("!")) {
      kind = "look";
      negated = true;
    } else {
      const text = this.#characters.slice(this.#at, this.#at + 12).join("");
      const match = /^([imsx]*)(?:-([imsx]+))?:/.exec(text);
      if (match === null) throw new NotCompiled("a special group in a pattern");
      this.#at += match[0].length;
      this.#changeFlags(match[1]!, match[2] ?? "");
    }
    const piece = this.#alternatives();
    if (!this.#take(")")) throw new NotCompiled("a bracket that isn't closed in a pattern");
    this.#flags = flags;
    return kind === "group" ? { kind, piece, capture } : { kind, piece, negated };
  }

  #escape(): Piece {
    const next = this.#next;
    const places: Record<string, Place> = {
      b: "word edge",
      B: "no word edge",
      A: "start",
      z: "end",
      Z: "end or last newline",
    };
    if (next !== undefined && next in places) {
      this.#at++;
      return { kind: "at", place: places[next]! };
    }
    const test = this.#escapedClass();
    return { kind: "character", test: test ?? this.#same(this.#escapedCode(false)) };
  }

  /** `\d` and its like; undefined where something else is escaped. */
  #escapedClass(): CharacterTest | undefined {
    const test = CLASSES[this.#next ?? ""];
    if (test !== undefined) this.#at++;
    return test;
  }

  /** The character that an escape stands for. */
  #escapedCode(inClass: boolean): number {
    const next = this.#characters[this.#at++];
    if (next === undefined) throw new NotCompiled("a pattern that ends with a backslash");
    if (next in CODES) return CODES[next]!;
    if (next === "b" && inClass) return 8;
    if (next === "x") {
      const text = this.#characters.slice(this.#at, this.#at + 10).join("");
      const match = /^(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,6})\})/.exec(text);
      if (match !== null) {
        this.#at += match[0].length;
        return parseInt(match[1] ?? match[2]!, 16);
      }
    }
    if (/[0-9A-Za-z]/.test(next)) throw new NotCompiled(`\\${next} in a pattern`);
    return next.codePointAt(0)!;
  }

  /** What stands between square brackets. */
  #class(): CharacterTest {
    const negated = this.#take("^");
    const tests: CharacterTest[] = [];
    for (let first = true;; first = false) {
      if (this.#next === undefined) throw new NotCompiled("a class that isn't closed in a pattern");
      if (!first && this.#take("]")) break;
      if (this.#next === "[" && /[:.=]/.test(this.#characters[this.#at + 1] ?? "")) {
        throw new NotCompiled("a POSIX class in a pattern");
      }
      const low = this.#classItem();
      if (typeof low === "function") {
        if (this.#isRange()) throw new NotCompiled("a range from a class in a pattern");
        tests.push(low);
      } else if (this.#isRange()) {
        this.#at++;
        const high = this.#classItem();
        if (typeof high === "function" || high < low) {
          throw new NotCompiled("a range that isn't one in a pattern");
        }
        tests.push(this.#between(low, high));
      } else tests.push(this.#same(low));
    }
    return (code) => tests.some((test) => test(code)) !== negated;
  }

  #isRange(): boolean {
    const after = this.#characters[this.#at + 1];
    return this.#next === "-" && after !== undefined && after !== "]";
  }

  #classItem(): CharacterTest | number {
    if (this.#take("\\")) return this.#escapedClass() ?? this.#escapedCode(true);
    return this.#characters[this.#at++]!.codePointAt(0)!;
  }

  #same(code: number): CharacterTest {
    return this.#between(code, code);
  }

  #between(low: number, high: number): CharacterTest {
    const within = (code: number) => code >= low && code <= high;
    if (!this.#flags.ignoreCase) {
      return low === high ? (code) => code === low : within;
    }
    return (code) => within(code) || casesOf(code).some(within);
  }
}

/** The fewest characters that a piece takes. */
function lengthMin(piece: Piece): number {
  switch (piece.kind) {
    case "character":
      return 1;
    case "sequence":
      return piece.pieces.reduce((sum, each) => sum + lengthMin(each), 0);
    case "alternatives":
      return Math.min(...piece.pieces.map(lengthMin));
    case "group":
      return lengthMin(piece.piece);
    case "repeat":
      return piece.min * lengthMin(piece.piece);
    case "look":
    case "at":
      return 0;
  }
}

/** The same letter in its other cases. */
function casesOf(code: number): number[] {
  const character = String.fromCodePoint(code);
  return [character.toLowerCase(), character.toUpperCase()]
    .filter((other) => [...other].length === 1).map((other) => other.codePointAt(0)!);
}

const between = (code: number, low: string, high: string) =>
  code >= low.charCodeAt(0) && code <= high.charCodeAt(0);
const isDigit: CharacterTest = (code) => between(code, "0", "9");
export const isWord: CharacterTest = (code) =>
  isDigit(code) || between(code, "a", "z") || between(code, "A", "Z") || code === 0x5f;
const isBlank: CharacterTest = (code) => code === 0x20 || (code >= 9 && code <= 13);

const CLASSES: Readonly<Record<string, CharacterTest>> = {
  d: isDigit,
  D: (code) => !isDigit(code),
  w: isWord,
  W: (code) => !isWord(code),
  s: isBlank,
  S: (code) => !isBlank(code),
};
const CODES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, e: 27, a: 7 };
