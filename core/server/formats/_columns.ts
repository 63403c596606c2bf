/** The columns that documents have as a table, and their cells. */
import { valueToJson } from "../../archive/bson_json.ts";
import { BSON_TYPE, Place, visitLeaves } from "../../archive/bson_leaves.ts";
import { Decimal128 } from "../../contract/document.ts";
import type { RawDocument } from "../../contract/query.ts";

/**
 * | type | BSON | cell |
 * | --- | --- | --- |
 * | `boolean` | boolean | `boolean` |
 * | `long` | int32, int64 | `bigint`: ids keep all their digits |
 * | `double` | double, and integers beside doubles | `number` |
 * | `text` | string, ObjectId (hexadecimal), decimal128 | `string` |
 * | `time` | date | `number`, ms since 1970 |
 * | `binary` | binary | `Uint8Array` |
 * | `json` | lists, all else, and fields of several types | `string`, relaxed Extended JSON |
 */
export type ColumnType = "boolean" | "long" | "double" | "text" | "time" | "binary" | "json";

export interface Column {
  /** The field's, with dots where it is within others. */
  readonly name: string;
  readonly type: ColumnType;
}

/** Null: the document has no such field, or null in it. */
export type Cell = boolean | bigint | number | string | Uint8Array | null;
export type Row = readonly Cell[];

/** What of a document has no column of its own: an object as JSON, by the fields' names with dots. */
export const OTHER = "_other";
/** More fields than these are data: they come in `OTHER`. */
const COLUMNS_MAX = 2_000;

/** What is seen of one field in the documents that the columns are made from. */
interface Seen {
  readonly types: Set<ColumnType>;
  /** The last document that has it, counted from 1. */
  document: number;
  /** An integer that a double can't hold exactly. */
  hasLargeInteger: boolean;
}

/**
 * The columns of these documents, in the order in which fields are met. `isAll`: no others will come,
 * so there is no need for `OTHER`.
 */
export function columnsOf(documents: Iterable<RawDocument>, isAll: boolean): Column[] {
  const fields = new Map<string, Seen>();
  const root = new Place("");
  let document = 0;
  // `{ "a.b": 1, a: { b: 2 } }`
  let hasTwice = false;
  for (const bytes of documents) {
    document++;
    visitLeaves(bytes, root, ({ path }, type, at) => {
      let seen = fields.get(path);
      if (seen === undefined) {
        fields.set(path, seen = { types: new Set(), document: 0, hasLargeInteger: false });
      }
      if (seen.document === document) hasTwice = true;
      seen.document = document;
      const natural = typeOf(type);
      if (natural !== null) seen.types.add(natural);
      if (type === BSON_TYPE.int64 && !isSafe(int64At(bytes, at))) seen.hasLargeInteger = true;
    });
  }
  const columns = [...fields]
    .filter(([path, { types }]) => types.size > 0 || !hasBelow(fields, path))
    .map(([name, seen]) => ({ name, type: commonType(seen) }));
  const needsOther = !isAll || hasTwice || columns.length > COLUMNS_MAX;
  const other: Column = { name: OTHER, type: "json" };
  return [...columns.slice(0, COLUMNS_MAX), ...needsOther ? [other] : []];
}

/** Null in one document and an object in another is no column of its own. */
function hasBelow(fields: ReadonlyMap<string, Seen>, path: string): boolean {
  return [...fields.keys()].some((other) => other.startsWith(`${path}.`));
}

function commonType({ types, hasLargeInteger }: Seen): ColumnType {
  const [first, ...others] = types;
  if (first === undefined) return "json";
  if (others.length === 0) return first;
  const isNumber = [...types].every((type) => type === "long" || type === "double");
  return isNumber && !hasLargeInteger ? "double" : "json";
}

/** Null: no value. */
function typeOf(bsonType: number): ColumnType | null {
  switch (bsonType) {
    case BSON_TYPE.double:
      return "double";
    case BSON_TYPE.int32:
    case BSON_TYPE.int64:
      return "long";
    case BSON_TYPE.string:
    case BSON_TYPE.symbol:
    case BSON_TYPE.objectId:
    case BSON_TYPE.decimal128:
      return "text";
    case BSON_TYPE.boolean:
      return "boolean";
    case BSON_TYPE.date:
      return "time";
    case BSON_TYPE.binary:
      return "binary";
    case BSON_TYPE.null:
    case BSON_TYPE.undefined:
      return null;
    default:
      return "json";
  }
}

/** Makes rows of documents. What doesn't fit its column is in `OTHER`, and the cell is null. */
export class RowReader {
  readonly #columns: readonly Column[];
  readonly #byName: ReadonlyMap<string, number>;
  readonly #lead: number;
  readonly #other: number;
  readonly #root = new Place("");

  /** The first `lead` columns are not of the documents. */
  constructor(columns: readonly Column[], lead: number) {
    this.#columns = columns;
    this.#lead = lead;
    this.#byName = new Map(columns.map(({ name }, i) => [name, i]));
    this.#other = columns.at(-1)?.name === OTHER ? columns.length - 1 : -1;
  }

  row(document: RawDocument, lead: readonly string[]): Row {
    const row = new Array<Cell>(this.#columns.length).fill(null);
    for (const [i, cell] of lead.entries()) row[i] = cell;
    let other = "";
    visitLeaves(document, this.#root, ({ path }, type, at) => {
      if (typeOf(type) === null) return;
      const i = this.#byName.get(path) ?? -1;
      const cell = i >= this.#lead && i !== this.#other && row[i] === null
        ? cellOf(this.#columns[i]!.type, document, type, at)
        : undefined;
      if (cell !== undefined) row[i] = cell;
      else {
        if (other !== "") other += ", ";
        other += `${JSON.stringify(path)}: ${valueToJson(document, type, at)}`;
      }
    });
    if (other !== "" && this.#other >= 0) row[this.#other] = `{${other}}`;
    return row;
  }
}

/** Undefined: the column can't hold it. */
function cellOf(
  column: ColumnType,
  bytes: RawDocument,
  type: number,
  at: number,
): Cell | undefined {
  if (column === "json") return valueToJson(bytes, type, at);
  const natural = typeOf(type);
  if (natural !== column && !(natural === "long" && column === "double")) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case BSON_TYPE.double:
      return view.getFloat64(at, true);
    case BSON_TYPE.int32: {
      const value = view.getInt32(at, true);
      return column === "double" ? value : BigInt(value);
    }
    case BSON_TYPE.int64: {
      const value = view.getBigInt64(at, true);
      if (column === "long") return value;
      return isSafe(value) ? Number(value) : undefined;
    }
    case BSON_TYPE.boolean:
      return view.getUint8(at) !== 0;
    case BSON_TYPE.date: {
      const ms = view.getBigInt64(at, true);
      return isDate(ms) ? Number(ms) : undefined;
    }
    case BSON_TYPE.objectId:
      return bytes.subarray(at, at + 12).toHex();
    case BSON_TYPE.decimal128:
      return new Decimal128(bytes.subarray(at, at + 16)).toString();
    case BSON_TYPE.binary: {
      const length = view.getInt32(at, true);
      // The old binary type repeats its length inside.
      const repeated = view.getUint8(at + 4) === 2 ? 4 : 0;
      return bytes.subarray(at + 5 + repeated, at + 5 + length);
    }
    default:
      return TEXT.decode(bytes.subarray(at + 4, at + 3 + view.getInt32(at, true)));
  }
}

const TEXT = new TextDecoder();
/** As far from 1970 as JavaScript's dates go. */
const DATE_MS_MAX = 8_640_000_000_000_000n;

function isDate(ms: bigint): boolean {
  return ms >= -DATE_MS_MAX && ms <= DATE_MS_MAX;
}

function int64At(bytes: RawDocument, at: number): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(at, true);
}

function isSafe(value: bigint): boolean {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
}
