/**
 * Writes a value of the archive as relaxed Extended JSON with all digits of its 64-bit integers, which
 * `EJSON` of `bson` rounds to doubles. Numbers are by the convention of `core/contract/document.ts`.
 */
import { EJSON } from "bson";
import { Binary, type Document, isDouble } from "../contract/document.ts";
import { floatText } from "../contract/python_number.ts";

/** On one line; a field that is undefined is left out. */
export function toExtendedJson(value: unknown): string {
  switch (typeof value) {
    case "number":
      return numberText(value);
    case "bigint":
      return String(value);
    case "object":
      return value === null ? "null" : objectText(value);
    case "undefined":
      return "null";
    default:
      return JSON.stringify(value);
  }
}

function numberText(value: number): string {
  // A time in ms is larger than an int32, and an integer all the same.
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value);
  return doubleText(value);
}

function doubleText(value: number): string {
  return Number.isFinite(value) ? floatText(value) : `{"$numberDouble":"${value}"}`;
}

function objectText(value: object): string {
  if (Array.isArray(value)) return `[${value.map(toExtendedJson).join(",")}]`;
  if (isDouble(value)) return doubleText(value.value);
  // `EJSON` would take bare bytes for an object with a field for each.
  if (value instanceof Uint8Array) return objectText(new Binary(value));
  if ("_bsontype" in value || value instanceof Date) {
    return EJSON.stringify([value], { relaxed: true }).slice(1, -1);
  }
  const fields = Object.entries(value as Document).filter(([, field]) => field !== undefined);
  return `{${
    fields.map(([name, field]) => `${JSON.stringify(name)}:${toExtendedJson(field)}`).join(",")
  }}`;
}
