/** What the types of query have in common at the door: names, filters, projections, kwargs. */
import { z } from "zod";
import { type Document, toNumber } from "../contract/document.ts";
import { decodeExtended, isPlainObject } from "../contract/extended_json.ts";
import { shortText } from "../contract/json.ts";
import { QueryError } from "../contract/query.ts";
import { parsePythonLiteral } from "./_python_literal.ts";

/** Blanks around a name never meant anything. */
export const CatalogName = z.string().transform((name) => name.trim());

/** A field of any JSON that `read` makes something of, also where it is absent. */
export function field<T>(read: (value: unknown) => T) {
  return z.unknown().transform(read);
}

/** An object, or the text of one; what is Extended JSON in it becomes BSON. */
export const Filter = field(toFilter);
/** The same, where leaving it out means all. */
export const OptionalFilter = field((value) => value === null ? {} : toFilter(value))
  .default({});

/** Undefined: whole documents. */
export const Projection = field((value): Document | undefined => {
  if (value === null) return undefined;
  const projection = read(value);
  if (!isPlainObject(projection)) throw new QueryError("Unsupported projection specification");
  return Object.keys(projection).length === 0 ? undefined : projection;
}).optional();

export const Pipeline = field((value): Document[] => {
  const pipeline = read(value);
  if (!Array.isArray(pipeline)) throw new QueryError("Unsupported pipeline specification");
  if (pipeline.length === 0) throw new QueryError("Pipeline must contain at least one stage");
  return pipeline;
});

/** What `find` and its kin honour; whatever else a client sends is none of our business. */
export const Kwargs = z.object({
  skip: field((value) => toInt("skip", value, 0)).optional(),
  limit: field((value) => toInt("limit", value)).optional(),
  sort: field((value) => value === null ? undefined : toPairs("sort", value)).optional(),
  hint: field((value): string | Document | undefined => {
    if (value === null) return undefined;
    return typeof value === "string" ? value : Object.fromEntries(toPairs("hint", value));
  }).optional(),
});

function toFilter(value: unknown): Document {
  const filter = read(value);
  if (!isPlainObject(filter)) throw new QueryError("Unsupported filter specification");
  return filter;
}

function read(value: unknown): unknown {
  return decodeExtended(typeof value === "string" ? parsePythonLiteral(value) : value);
}

function toInt(name: string, value: unknown, min = -0x7fff_ffff): number | undefined {
  if (value === null) return undefined;
  const number = toNumber(value);
  if (!Number.isInteger(number) || number < min || number > 0x7fff_ffff) {
    throw new QueryError(
      `TypeError: ${name} must be an instance of int, >= ${min} and of 32 bits: ` +
        `current value is ${shortText(value)}`,
    );
  }
  return number;
}

/** `[["a", 1], "b"]` or `{"a": 1}`: fields and their directions. */
function toPairs(name: string, value: unknown): [string, number][] {
  const pairs = isPlainObject(value)
    ? Object.entries(value)
    : Array.isArray(value)
    ? value.map((item) => typeof item === "string" ? [item, 1] : item)
    : [];
  const isWhole = pairs.length > 0 &&
    pairs.every((pair) =>
      Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string" &&
      (Math.abs(toNumber(pair[1])) === 1 || (name === "hint" && typeof pair[1] === "string"))
    );
  if (!isWhole) {
    throw new QueryError(
      `TypeError: ${name} must be a list of [field, 1 or -1], with at least one of them`,
    );
  }
  return pairs.map(([field, way]) => [field, typeof way === "string" ? way : toNumber(way)]) as [
    string,
    number,
  ][];
}
