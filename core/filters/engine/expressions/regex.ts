/** `$regexMatch`, `$regexFind`, `$regexFindAll`. */
import type { Document } from "../../../contract/document.ts";
import { FilterError } from "../errors.ts";
import { compilePattern, type Found, type Pattern } from "../pattern.ts";
import { codePointsBefore } from "../text.ts";
import { isNullish, regexOf, Type, typeOf } from "../values.ts";
import { compileNamed, fail, given, type Operator, type Operators } from "./define.ts";
import { areConstant, computed, failing } from "./expression.ts";

export const REGEX: Operators = {
  $regexMatch: regex((pattern, text) => pattern.find(text) !== null, false),
  $regexFind: regex((pattern, text) => {
    const found = pattern.find(text);
    return found === null ? null : toDocument(found, text);
  }, null),
  $regexFindAll: regex(findAll, "none"),
};

/** Patterns that aren't constants are compiled once, as long as there are few. */
const CACHE_MAX = 100;

function regex(
  search: (pattern: Pattern, text: string) => unknown,
  nothing: false | null | "none",
): Operator {
  const named = {
    unknown: 31024,
    notObject: 51103,
    names: { input: 31022, regex: 31023, options: null },
  };
  return (argument, scope, name) => {
    const { input, regex: source, options } = compileNamed(argument, scope, name, named);
    const cache = new Map<string, Pattern>();
    const patternOf = (value: unknown, letters: unknown): Pattern | null => {
      const written = toSource(name, value, letters);
      if (written === null) return null;
      const key = `${written.options}/${written.pattern}`;
      let pattern = cache.get(key);
      if (pattern === undefined) {
        pattern = compilePattern(written.pattern, written.options);
        if (cache.size < CACHE_MAX) cache.set(key, pattern);
      }
      return pattern;
    };
    const isConstant = areConstant(given(source, options));
    // A pattern that is known is checked even if it is never used.
    let known: Pattern | null | undefined;
    try {
      if (isConstant) known = patternOf(source!.constant!.value, options?.constant?.value ?? null);
    } catch (error) {
      if (error instanceof FilterError) return failing(error);
      throw error;
    }
    return computed(given(input, source, options), (root, frame) => {
      const text = input!.evaluate(root, frame);
      const value = known === undefined ? source!.evaluate(root, frame) : null;
      const letters = known === undefined ? options?.evaluate(root, frame) ?? null : null;
      if (!isNullish(text) && typeof text !== "string") {
        fail(51104, `${name} needs 'input' to be of type string`);
      }
      const pattern = known === undefined ? patternOf(value, letters) : known;
      if (pattern === null || isNullish(text)) return nothing === "none" ? [] : nothing;
      return search(pattern, text as string);
    });
  };
}

interface Source {
  readonly pattern: string;
  readonly options: string;
}

/** Null where there is no pattern. */
function toSource(name: string, value: unknown, options: unknown): Source | null {
  const isRegex = typeOf(value) === Type.regex;
  if (!isNullish(value) && typeof value !== "string" && !isRegex) {
    fail(51105, `${name} needs 'regex' to be of type string or regex`);
  }
  if (!isNullish(options) && typeof options !== "string") {
    fail(51106, `${name} needs 'options' to be of type string`);
  }
  const own = isRegex ? regexOf(value) : undefined;
  if (own && own.options !== "" && !isNullish(options)) {
    fail(51107, `${name}: found regex options in both 'regex' and 'options'`);
  }
  const pattern = own?.pattern ?? value as string | null | undefined;
  const letters = options as string | null ?? own?.options ?? "";
  if (pattern?.includes("\0")) fail(51109, `${name}: regular expression has a null byte`);
  if (letters.includes("\0")) fail(51110, `${name}: regular expression options have a null byte`);
  return isNullish(pattern) ? null : { pattern, options: letters };
}

function toDocument({ start, end, captures }: Found, text: string): Document {
  return {
    match: text.slice(start, end),
    idx: codePointsBefore(text, start),
    captures: [...captures],
  };
}

function findAll(pattern: Pattern, text: string): Document[] {
  const all: Document[] = [];
  let from = 0;
  do {
    const found = pattern.find(text, from);
    if (found === null) break;
    all.push(toDocument(found, text));
    const { start, end } = found;
    from = end > start ? end : end + (text.codePointAt(end)! > 0xffff ? 2 : 1);
  } while (from < text.length);
  return all;
}
