/**
 * Where values stand in a JSON text, without reading them: a part of a query is then made of the
 * client's own text, each number as it was written.
 */

export interface Span {
  readonly start: number;
  /** Not included. */
  readonly end: number;
}

export interface Member extends Span {
  readonly value: Span;
}

/**
 * The members of the object that stands at `start`, by their keys: of equal keys the last. Null where
 * there is no object, or one that isn't written as JSON wants it.
 */
export function membersOf(text: string, start: number): Map<string, Member> | null {
  const members = new Map<string, Member>();
  const end = eachItem(text, start, "{}", (at) => {
    const key = spanAt(text, at);
    const name = key && stringOf(text, key);
    if (key === null || name === null) return null;
    const colon = blanksEnd(text, key.end);
    const value = text[colon] === ":" ? spanAt(text, blanksEnd(text, colon + 1)) : null;
    if (value === null) return null;
    members.set(name, { start: at, end: value.end, value });
    return value.end;
  });
  return end === null ? null : members;
}

/** The items of the array that stands at `start`; null as for an object. */
export function itemsOf(text: string, start: number): Span[] | null {
  const items: Span[] = [];
  const end = eachItem(text, start, "[]", (at) => {
    const item = spanAt(text, at);
    if (item === null) return null;
    items.push(item);
    return item.end;
  });
  return end === null ? null : items;
}

/** The string that stands there; null where something else does. */
export function stringOf(text: string, { start, end }: Span): string | null {
  if (text[start] !== '"') return null;
  try {
    return JSON.parse(text.slice(start, end));
  } catch {
    return null;
  }
}

/** Where the first value of the text begins. */
export function blanksEnd(text: string, at: number): number {
  while (text.charCodeAt(at) <= 0x20) at++;
  return at;
}

/** Calls `take` where an item begins: it gives the item's end, or null. Gives the end of the list. */
function eachItem(
  text: string,
  start: number,
  [open, close]: string,
  take: (at: number) => number | null,
): number | null {
  if (text[start] !== open) return null;
  let at = blanksEnd(text, start + 1);
  if (text[at] === close) return at + 1;
  for (;;) {
    const end = take(at);
    if (end === null) return null;
    at = blanksEnd(text, end);
    if (text[at] === close) return at + 1;
    if (text[at] !== ",") return null;
    at = blanksEnd(text, at + 1);
  }
}

const SCALAR = /[-+.\w]+/y;
const MARK = /["{}[\]]/g;

/** The value at `start`, whatever is in it: objects and arrays up to the bracket that closes them. */
function spanAt(text: string, start: number): Span | null {
  const first = text[start];
  if (first === '"') return { start, end: stringEnd(text, start) };
  if (first !== "{" && first !== "[") {
    SCALAR.lastIndex = start;
    return SCALAR.test(text) ? { start, end: SCALAR.lastIndex } : null;
  }
  let depth = 0;
  MARK.lastIndex = start;
  for (let mark = MARK.exec(text); mark !== null; mark = MARK.exec(text)) {
    if (mark[0] === '"') MARK.lastIndex = stringEnd(text, mark.index);
    else if (mark[0] === "{" || mark[0] === "[") depth++;
    else if (--depth === 0) return { start, end: MARK.lastIndex };
  }
  return null;
}

/** Behind the quote that ends the string; the end of the text where none does. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let escapes = quote;
    while (text[escapes - 1] === "\\") escapes--;
    if ((quote - escapes) % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}
