/** Values of documents as people read them in a sentence, and cut to what an answer may hold. */
import type { Document } from "../../contract/document.ts";
import { isNumber, isObject, plainNumber, Type, TYPE_NAMES, typeOf } from "../engine/values.ts";

/** Of an array or an object, so many are shown. */
export const SHOWN_MAX = 8;
const TEXT_MAX = 120;
const DEPTH_MAX = 3;
/** Enough for a Julian date to a hundredth of a second. */
const DIGITS = 14;

export function valueText(value: unknown, depth = 0): string {
  if (isNumber(value)) return numberText(value);
  if (Array.isArray(value)) {
    if (depth >= DEPTH_MAX) return "[...]";
    return `[${listed(value.map((item) => valueText(item ?? null, depth + 1)), value.length)}]`;
  }
  if (isObject(value)) {
    if (depth >= DEPTH_MAX) return "{...}";
    const fields = Object.entries(value).filter(([, inner]) => inner !== undefined);
    const texts = fields.slice(0, SHOWN_MAX + 1)
      .map(([name, inner]) => `${name}: ${valueText(inner, depth + 1)}`);
    return `{${listed(texts, fields.length)}}`;
  }
  switch (typeOf(value)) {
    case Type.missing:
      return "missing";
    case Type.string:
      return JSON.stringify(cutText(value as string));
    case Type.date:
      return dateText(value as Date);
    case Type.bool:
    case Type.null:
      return String(value);
    case Type.binary:
      return "binary";
    default:
      return cutText(String(value));
  }
}

/** A number without the digits that only its type brings: 0.62, not 0.6200000047683716. */
export function numberText(value: unknown): string {
  const plain = plainNumber(value);
  if (typeof plain !== "number" || Number.isInteger(plain)) return String(plain);
  if (Math.fround(plain) === plain) {
    // A float of the packet: the fewest digits that make the same float.
    for (let digits = 1; digits <= 9; digits++) {
      const rounded = Number(plain.toPrecision(digits));
      if (Math.fround(rounded) === plain) return String(rounded);
    }
  }
  return String(Number(plain.toPrecision(DIGITS)));
}

/** What a value is, in a sentence: `a string`, `an array`. */
export function typeText(value: unknown): string {
  const name = isNumber(value) ? "number" : TYPE_NAMES.get(typeOf(value)) ?? "value";
  return `${/^[aeiou]/.test(name) ? "an" : "a"} ${name}`;
}

/** The same value with no more than is worth an answer: the first items, the beginning of a text. */
export function brief(value: unknown, depth = 0): unknown {
  if (Array.isArray(value)) {
    return depth >= DEPTH_MAX ? [] : value.slice(0, SHOWN_MAX)
      .map((item) => brief(item ?? null, depth + 1));
  }
  if (isObject(value)) {
    if (depth >= DEPTH_MAX) return {};
    return Object.fromEntries(
      Object.entries(value).slice(0, SHOWN_MAX)
        .map(([name, inner]) => [name, brief(inner, depth + 1)]),
    ) as Document;
  }
  return typeof value === "string" ? cutText(value) : value;
}

function listed(texts: readonly string[], count: number): string {
  const shown = texts.slice(0, SHOWN_MAX);
  return count > SHOWN_MAX ? `${shown.join(", ")}, ... ${count} in all` : shown.join(", ");
}

function cutText(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}...` : text;
}

function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? "an invalid date" : date.toISOString();
}
