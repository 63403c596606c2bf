/** The words of a SQL selection, as MySQL reads them. */

export interface Token {
  readonly kind: "number" | "text" | "name" | "sign" | "end";
  readonly text: string;
  /** Where it begins, characters. */
  readonly at: number;
}

/** The text is no SQL that is understood here. */
export class SqlError extends Error {
  override name = "SqlError";
}

/** More characters are no selection that somebody wrote. */
const LENGTH_MAX = 100_000;
const BLANK = /(?:\s+|--[^\n]*|#[^\n]*|\/\*[^]*?\*\/)+/y;
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const NAME = /[A-Za-z_][\w$]*|`[^`]+`/y;
const TEXT = /'(?:[^'\\]|''|\\[^])*'|"(?:[^"\\]|""|\\[^])*"/y;
const SIGN = /<=>|<>|!=|<=|>=|&&|\|\||[-+*/%=<>(),.:;!]/y;

/** With one of kind `end` at the end. Throws `SqlError`. */
export function tokensOf(sql: string): Token[] {
  if (sql.length > LENGTH_MAX) {
    throw new SqlError(`Cannot read the SQL as its length must be <= ${LENGTH_MAX}`);
  }
  const tokens: Token[] = [];
  for (
    let at = skipped(sql, 0);
    at < sql.length;
    at = skipped(sql, at + tokens.at(-1)!.text.length)
  ) {
    tokens.push(tokenAt(sql, at));
  }
  return [...tokens, { kind: "end", text: "", at: sql.length }];
}

/** What a text stands for, without its quotes. */
export function textOf({ text }: Token): string {
  const quote = text[0]!;
  return text.slice(1, -1).replaceAll(quote + quote, quote).replace(/\\([^])/g, "$1");
}

/** A name without the marks that MySQL puts around it. */
export function nameOf({ text }: Token): string {
  return text.startsWith("`") ? text.slice(1, -1) : text;
}

function skipped(sql: string, at: number): number {
  BLANK.lastIndex = at;
  return BLANK.test(sql) ? BLANK.lastIndex : at;
}

const KINDS: readonly (readonly [Token["kind"], RegExp])[] = [
  ["number", NUMBER],
  ["name", NAME],
  ["text", TEXT],
  ["sign", SIGN],
];

function tokenAt(sql: string, at: number): Token {
  for (const [kind, pattern] of KINDS) {
    pattern.lastIndex = at;
    const match = pattern.exec(sql);
    if (match !== null) return { kind, text: match[0], at };
  }
  throw new SqlError(
    `Cannot read the SQL at character ${at}: current is ${JSON.stringify(sql.slice(at, at + 20))}`,
  );
}
