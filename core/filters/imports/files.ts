/** Filters of other brokers in the files in which people have them. */
import type { Document } from "../../contract/document.ts";
import { decodeExtended, isPlainObject } from "../../contract/extended_json.ts";
import { JsonError, parseExact } from "../../contract/json.ts";
import type { LasairFilter } from "./lasair.ts";

/**
 * Documents of BOOM: one, a list, an answer of its API, or one a line as `mongoexport` writes them.
 * Throws `JsonError`.
 */
export function boomDocuments(text: string): Document[] {
  const found = documentsOf(text);
  if (found.length > 0) return found;
  throw new JsonError("Cannot read filters as the file must hold objects: there are none");
}

/**
 * Selections of Lasair: statements of SQL, each with a `;` behind it if there are several; or JSON with
 * `selected`, `tables` and `conditions` as its form has them, or with a whole `sql`. Throws `JsonError`.
 */
export function lasairFilters(text: string, fileName: string): LasairFilter[] {
  if (!/^\s*[[{]/.test(text)) {
    const statements = statementsIn(text);
    return statements.map((sql, i) => ({
      name: statements.length === 1 ? fileName : `${fileName} ${i + 1}`,
      sql,
    }));
  }
  return documentsOf(text).map((document, i) => {
    const { selected, tables, conditions, sql, real_sql } = document;
    const name = String(document.name ?? `${fileName} ${i + 1}`);
    const whole = sql ?? real_sql;
    if (typeof whole === "string") return { name, sql: whole };
    return {
      name,
      selected: textOf(selected),
      tables: textOf(tables),
      conditions: textOf(conditions),
    };
  });
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Apart from what is in quotes or is a comment. */
function statementsIn(text: string): string[] {
  const parts = text.match(/(?:'(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*"|--[^\n]*|[^;'"])+|;/g) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== "" && part !== ";");
}

function documentsOf(text: string): Document[] {
  const isLines = /^\s*\{[^\n]*\}\s*\n\s*\{/.test(text);
  const values = isLines
    ? text.split("\n").filter((line) => line.trim() !== "").map(parseExact)
    : [parseExact(text)];
  const listed = values.flatMap((value) =>
    isPlainObject(value) && Array.isArray(value.data)
      ? value.data
      : isPlainObject(value) && isPlainObject(value.data)
      ? [value.data]
      : Array.isArray(value)
      ? value
      : [value]
  );
  // A pipeline's own Extended JSON is decoded with it; here it is only that of ids and dates.
  return listed.filter(isPlainObject).map((document) => decodeExtended(document) as Document);
}
