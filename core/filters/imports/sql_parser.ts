/**
 * Reads the SQL of selections: what comes out, of which tables, under which condition. Written for the
 * SQL that people type into a broker's form: no joins by word, no subqueries, no groups.
 */
import { nameOf, SqlError, textOf, type Token, tokensOf } from "./sql_tokens.ts";

export type Sql =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "null" }
  | { readonly kind: "boolean"; readonly value: boolean }
  /** `table` is in lower case, as MySQL minds no case; undefined where none is given. */
  | { readonly kind: "column"; readonly table?: string; readonly name: string }
  | { readonly kind: "call"; readonly name: string; readonly operands: readonly Sql[] }
  | { readonly kind: "arithmetic"; readonly sign: Sign; readonly left: Sql; readonly right: Sql }
  | { readonly kind: "minus"; readonly operand: Sql }
  | {
    readonly kind: "comparison";
    readonly sign: ComparisonSign;
    readonly left: Sql;
    readonly right: Sql;
  }
  | { readonly kind: "between"; readonly operand: Sql; readonly from: Sql; readonly to: Sql }
  | { readonly kind: "in"; readonly operand: Sql; readonly values: readonly Sql[] }
  | { readonly kind: "like"; readonly operand: Sql; readonly pattern: string }
  | { readonly kind: "is null"; readonly operand: Sql }
  | { readonly kind: "not"; readonly operand: Sql }
  | { readonly kind: "and" | "or"; readonly operands: readonly Sql[] };

export type Sign = "+" | "-" | "*" | "/" | "%";
export type ComparisonSign = "=" | "!=" | "<" | "<=" | ">" | ">=";

export interface Selected {
  readonly expression: Sql;
  /** `AS` this. */
  readonly as?: string;
  /** As it was written. */
  readonly text: string;
}

export interface Selection {
  readonly selected: readonly Selected[];
  readonly tables: readonly string[];
  readonly where: Sql | undefined;
  /** What comes behind the condition: the order, a limit. */
  readonly rest: string;
}

/** As deep as brackets may stand. */
const DEPTH_MAX = 20;
/** Of one sum, or of one product: they nest, and MongoDB's documents may not be deeper than 200. */
const TERMS_MAX = 50;

/** A whole statement: `SELECT ... FROM ... WHERE ...`. Throws `SqlError`. */
export function parseSelection(sql: string): Selection {
  return new Parser(sql).selection();
}

/** The parts of a statement as forms have them, each by itself. Throws `SqlError`. */
export function parseParts(parts: {
  readonly selected: string;
  readonly tables: string;
  readonly conditions: string;
}): Selection {
  const { where, rest } = new Parser(parts.conditions).condition();
  return {
    selected: new Parser(parts.selected).columns(),
    tables: new Parser(parts.tables).tables(),
    where,
    rest,
  };
}

const RESERVED = new Set(
  "AND AS ASC BETWEEN BY DESC DIV FROM GROUP HAVING IN IS LIKE LIMIT MOD NOT NULL OR ORDER SELECT WHERE XOR"
    .split(" "),
);
const ENDS = ["ORDER", "LIMIT", "GROUP", "HAVING"];

class Parser {
  readonly #sql: string;
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(sql: string) {
    this.#sql = sql;
    this.#tokens = tokensOf(sql);
  }

  selection(): Selection {
    this.#expect("SELECT");
    this.#take("DISTINCT");
    const selected = this.#selectedList();
    const tables = this.#take("FROM") ? this.#tableList() : [];
    const where = this.#take("WHERE") ? this.#or() : undefined;
    return { selected, tables, where, rest: this.#rest() };
  }

  columns(): Selected[] {
    const selected = this.#isAtEnd() ? [] : this.#selectedList();
    this.#end();
    return selected;
  }

  tables(): string[] {
    const tables = this.#isAtEnd() ? [] : this.#tableList();
    this.#end();
    return tables;
  }

  condition(): { where: Sql | undefined; rest: string } {
    const isEmpty = this.#isAtEnd() || ENDS.includes(this.#word());
    const where = isEmpty ? undefined : this.#or();
    return { where, rest: this.#rest() };
  }

  #selectedList(): Selected[] {
    return this.#list(() => {
      const from = this.#token.at;
      const expression = this.#isSign("*") ? this.#star() : this.#or();
      const text = this.#sql.slice(from, this.#token.at).trim();
      if (this.#take("AS")) return { expression, as: this.#alias(), text };
      const isAlias = this.#token.kind === "name" && !RESERVED.has(this.#word()) ||
        this.#token.kind === "text";
      return isAlias ? { expression, as: this.#alias(), text } : { expression, text };
    });
  }

  /** All columns. */
  #star(): Sql {
    this.#at++;
    return { kind: "column", name: "*" };
  }

  #alias(): string {
    const token = this.#next();
    if (token.kind === "text") return textOf(token);
    if (token.kind === "name") return nameOf(token);
    throw this.#wrong("a name", token);
  }

  #tableList(): string[] {
    return this.#list(() => {
      const name = this.#name().toLowerCase();
      if (!this.#isSign(":")) return name;
      // A watchlist is written with its number behind it, an annotator with its name.
      this.#at++;
      return `${name}:${this.#next().text}`;
    });
  }

  #list<T>(item: () => T): T[] {
    const items = [item()];
    while (this.#isSign(",")) {
      this.#at++;
      items.push(item());
    }
    return items;
  }

  #or(): Sql {
    return this.#joined("or", ["OR", "||"], () => this.#and());
  }

  #and(): Sql {
    return this.#joined("and", ["AND", "&&"], () => this.#not());
  }

  #joined(kind: "and" | "or", words: readonly string[], operand: () => Sql): Sql {
    const operands = [operand()];
    while (words.some((word) => this.#take(word))) operands.push(operand());
    return operands.length === 1 ? operands[0]! : { kind, operands };
  }

  #not(): Sql {
    if (this.#take("NOT") || this.#take("!")) {
      return {
        kind: "not",
        operand: this.#deeper(() => this.#not()),
      };
    }
    return this.#comparison();
  }

  #comparison(): Sql {
    const left = this.#sum();
    if (this.#take("IS")) {
      const isNot = this.#take("NOT");
      this.#expect("NULL");
      return negated({ kind: "is null", operand: left }, isNot);
    }
    const isNot = this.#take("NOT");
    if (this.#take("BETWEEN")) {
      const from = this.#sum();
      this.#expect("AND");
      return negated({ kind: "between", operand: left, from, to: this.#sum() }, isNot);
    }
    if (this.#take("IN")) {
      this.#expect("(");
      const values = this.#list(() => this.#sum());
      this.#expect(")");
      return negated({ kind: "in", operand: left, values }, isNot);
    }
    if (this.#take("LIKE")) {
      const pattern = this.#next();
      if (pattern.kind !== "text") throw this.#wrong("a text", pattern);
      return negated({ kind: "like", operand: left, pattern: textOf(pattern) }, isNot);
    }
    if (isNot) throw this.#wrong("BETWEEN, IN or LIKE", this.#token);
    const sign = COMPARISONS[this.#token.text];
    if (this.#token.kind !== "sign" || sign === undefined) return left;
    this.#at++;
    return { kind: "comparison", sign, left, right: this.#sum() };
  }

  #sum(): Sql {
    return this.#binary(["+", "-"], () => this.#product());
  }

  #product(): Sql {
    return this.#binary(["*", "/", "%", "MOD"], () => this.#unary());
  }

  #binary(signs: readonly string[], operand: () => Sql): Sql {
    let left = operand();
    for (let terms = 1;; terms++) {
      const found = signs.find((sign) => this.#take(sign));
      if (found === undefined) return left;
      if (terms > TERMS_MAX) {
        throw new SqlError(`Cannot read the SQL as the terms of a sum must be <= ${TERMS_MAX}`);
      }
      const sign = found === "MOD" ? "%" : found as Sign;
      left = { kind: "arithmetic", sign, left, right: operand() };
    }
  }

  #unary(): Sql {
    if (this.#take("-")) return { kind: "minus", operand: this.#deeper(() => this.#unary()) };
    if (this.#take("+")) return this.#deeper(() => this.#unary());
    return this.#primary();
  }

  #primary(): Sql {
    const token = this.#next();
    switch (token.kind) {
      case "number":
        return { kind: "number", value: Number(token.text) };
      case "text":
        return { kind: "text", value: textOf(token) };
      case "sign": {
        if (token.text !== "(") throw this.#wrong("a value", token);
        const inner = this.#deeper(() => this.#or());
        this.#expect(")");
        return inner;
      }
      case "name":
        return this.#named(token);
      case "end":
        throw this.#wrong("a value", token);
    }
  }

  #named(token: Token): Sql {
    const name = nameOf(token);
    const word = token.text.toUpperCase();
    if (word === "NULL") return { kind: "null" };
    if (word === "TRUE" || word === "FALSE") return { kind: "boolean", value: word === "TRUE" };
    if (RESERVED.has(word) && word !== "MOD") throw this.#wrong("a value", token);
    if (this.#isSign("(")) {
      this.#at++;
      const operands = this.#isSign(")") ? [] : this.#list(() => this.#deeper(() => this.#or()));
      this.#expect(")");
      return { kind: "call", name: name.toUpperCase(), operands };
    }
    if (!this.#isSign(".")) return { kind: "column", name };
    this.#at++;
    if (this.#isSign("*")) {
      this.#at++;
      return { kind: "column", table: name.toLowerCase(), name: "*" };
    }
    return { kind: "column", table: name.toLowerCase(), name: this.#name() };
  }

  #name(): string {
    const token = this.#next();
    if (token.kind !== "name") throw this.#wrong("a name", token);
    return nameOf(token);
  }

  #deeper<T>(read: () => T): T {
    if (++this.#depth > DEPTH_MAX) {
      throw new SqlError(`Cannot read the SQL as its depth must be <= ${DEPTH_MAX}`);
    }
    const value = read();
    this.#depth--;
    return value;
  }

  /** The order and the limit, as they were written. */
  #rest(): string {
    const rest = this.#sql.slice(this.#token.at).replace(/;\s*$/, "").trim();
    if (rest !== "" && !ENDS.includes(this.#word())) throw this.#wrong("the end", this.#token);
    return rest;
  }

  #end(): void {
    if (!this.#isAtEnd()) throw this.#wrong("the end", this.#token);
  }

  get #token(): Token {
    return this.#tokens[this.#at]!;
  }

  #next(): Token {
    const token = this.#token;
    if (token.kind !== "end") this.#at++;
    return token;
  }

  #isAtEnd(): boolean {
    return this.#token.kind === "end";
  }

  #word(): string {
    return this.#token.kind === "name" ? this.#token.text.toUpperCase() : "";
  }

  #isSign(sign: string): boolean {
    return this.#token.kind === "sign" && this.#token.text === sign;
  }

  #take(what: string): boolean {
    const isThere = this.#isSign(what) || this.#word() === what;
    if (isThere) this.#at++;
    return isThere;
  }

  #expect(what: string): void {
    if (!this.#take(what)) throw this.#wrong(what, this.#token);
  }

  #wrong(wanted: string, { at }: Token): SqlError {
    const found = JSON.stringify(this.#sql.slice(at, at + 20) || "the end");
    return new SqlError(
      `Cannot read the SQL as ${wanted} must be at character ${at}: current is ${found}`,
    );
  }
}

const COMPARISONS: Readonly<Record<string, ComparisonSign>> = {
  "=": "=",
  "!=": "!=",
  "<>": "!=",
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
};

function negated(operand: Sql, isNot: boolean): Sql {
  return isNot ? { kind: "not", operand } : operand;
}
