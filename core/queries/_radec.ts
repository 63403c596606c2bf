/** Positions in the forms that clients give them in, and the names that results have for them. */
import { type Document, Double, isDouble, toNumber } from "../contract/document.ts";
import { isPlainObject } from "../contract/extended_json.ts";
import { shortText } from "../contract/json.ts";
import { floatText } from "../contract/python_number.ts";
import { POSITIONS_MAX, QueryError } from "../contract/query.ts";
import { parsePythonLiteral, Tuple } from "./_python_literal.ts";

export interface NamedPosition {
  readonly raDeg: number;
  readonly decDeg: number;
}

/**
 * The positions by the names of their results. Where a client gives no names, a position's name is
 * what Python prints for it; in all of them dots become underscores. Of equal names the last counts.
 * Throws `QueryError`.
 *
 * | form | name |
 * | --- | --- |
 * | `{"src.1": [46.99, 9.36]}` | `src_1` |
 * | `[[46.99, 9.36]]`, `[["03:07:59.4", "+09:22:04"]]` | `[46_99, 9_36]`, `['03:07:59_4', '+09:22:04']` |
 * | `"46.99 9.36"`, `"03h07m59.4s +09d22m04s"` | `(46_99, 9_36)`, `('03h07m59_4s', '+09d22m04s')` |
 * | text of a Python list, tuple or dict | as these print |
 */
export function toPositions(radec: unknown): Map<string, NamedPosition> {
  const named = entriesOf(typeof radec === "string" ? readText(radec) : radec);
  if (named.length > POSITIONS_MAX) {
    throw new QueryError(
      `ValueError: positions in one query must be <= ${POSITIONS_MAX}: ` +
        `current value is ${named.length}`,
    );
  }
  return new Map(named.map(([name, pair]) => [name.replaceAll(".", "_"), toPosition(pair)]));
}

function entriesOf(radec: unknown): [string, unknown][] {
  if (Array.isArray(radec)) return radec.map((pair) => [pythonText(pair), pair]);
  if (isPlainObject(radec) && Object.keys(radec).length > 0) return Object.entries(radec);
  throw new QueryError("ValueError: Unsupported object coordinate specs");
}

function readText(text: string): Document | unknown[] {
  const trimmed = text.trim();
  if (/^[[({]/.test(trimmed)) {
    const value = parsePythonLiteral(trimmed);
    return value as Document | unknown[];
  }
  const words = trimmed.split(/\s+/);
  if (words.length !== 2) {
    throw new QueryError("ValueError: a position must be two words, its RA and Dec");
  }
  const isSexagesimal = /[s:]/.test(trimmed);
  const pair = Tuple.from(words, (word) => isSexagesimal ? word : toFloat(word));
  return { [pythonText(pair)]: pair };
}

function toPosition(pair: unknown): NamedPosition {
  if (!Array.isArray(pair) || pair.length !== 2) {
    throw new QueryError("ValueError: a position must be a pair, its RA and Dec");
  }
  const [ra, dec] = pair;
  const isText = typeof ra === "string" && typeof dec === "string";
  const [raDeg, decDeg] = isText && !(isNumeric(ra) && isNumeric(dec))
    ? [15 * fromSexagesimal(ra, /[hm]/g), fromSexagesimal(dec, /[dm]/g)]
    : [degrees(ra), degrees(dec)];
  return { raDeg: within("RA", raDeg, 0, 360), decDeg: within("Dec", decDeg, -90, 90) };
}

/** `HH:MM:SS.s` and `HHhMMmSS.Ss` alike. */
function fromSexagesimal(text: string, separators: RegExp): number {
  const colons = text.trim().replace(separators, ":").replace(/s$/, "");
  const match = /^([-+]?)([0-9]+):([0-9]+):([0-9]+(?:\.[0-9]*)?)$/.exec(colons);
  if (match === null) throw new QueryError("ValueError: unrecognized string ra/dec format.");
  const [, sign, whole, minutes, seconds] = match;
  const size = Number(whole) + Number(minutes) / 60 + Number(seconds) / 3600;
  return sign === "-" ? -size : size;
}

function degrees(value: unknown): number {
  return typeof value === "string" && isNumeric(value) ? Number(value) : toNumber(value);
}

function toFloat(text: string): Double {
  if (isNumeric(text)) return new Double(Number(text));
  throw new QueryError("ValueError: unrecognized string ra/dec format.");
}

function isNumeric(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

function within(name: string, valueDeg: number, minDeg: number, maxDeg: number): number {
  if (valueDeg >= minDeg && valueDeg <= maxDeg) return valueDeg;
  throw new QueryError(
    `ValueError: ${name} must be in [${minDeg}, ${maxDeg}] deg: current value is ${valueDeg}`,
  );
}

/** What Python's `str` gives for a position as it was sent. */
function pythonText(value: unknown): string {
  if (Array.isArray(value)) {
    const items = value.map(pythonText).join(", ");
    if (!(value instanceof Tuple)) return `[${items}]`;
    return value.length === 1 ? `(${items},)` : `(${items})`;
  }
  if (typeof value === "string") {
    const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
    return quote + value.replace(/\\/g, "\\\\").replaceAll(quote, `\\${quote}`) + quote;
  }
  if (isDouble(value)) return floatText(value.value);
  if (typeof value === "number") return Number.isInteger(value) ? `${value}` : floatText(value);
  return shortText(value);
}
