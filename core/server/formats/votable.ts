import { floatText } from "../../contract/python_number.ts";
import { defineFormat } from "../format.ts";
import type { Cell, Column, ColumnType } from "./_columns.ts";
import { isoTime, toTable } from "./_table.ts";

const PIECE_CHARS = 32_768;

const TEXT = 'datatype="char" arraysize="*"';
const DATATYPES: Readonly<Record<ColumnType, string>> = {
  boolean: 'datatype="boolean"',
  long: 'datatype="long"',
  double: 'datatype="double"',
  text: 'datatype="unicodeChar" arraysize="*"',
  time: `${TEXT} xtype="timestamp"`,
  binary: TEXT,
  json: 'datatype="unicodeChar" arraysize="*"',
};

/**
 * VOTable 1.4 with `TABLEDATA`, as TOPCAT and astropy read it. An empty cell is null; times are ISO
 * 8601, binary is base64, lists are JSON.
 */
export default defineFormat({
  name: "votable",
  mediaTypes: ["application/x-votable+xml"],
  parameters: "serialization=TABLEDATA; charset=utf-8",
  async *write(answer) {
    await using table = await toTable(answer);
    const types = table.columns.map(({ type }) => type);
    let text = headOf(table.columns);
    for await (const { rows } of table.rows()) {
      for (const row of rows) {
        text += `<TR>${
          row.map((cell, i) => `<TD>${textOf(cell, types[i]!)}</TD>`).join("")
        }</TR>\n`;
        if (text.length >= PIECE_CHARS) {
          yield text;
          text = "";
        }
      }
    }
    yield `${text}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>\n`;
  },
});

function headOf(columns: readonly Column[]): string {
  const fields = columns.map(({ name, type }) =>
    `<FIELD name="${escaped(name)}" ${DATATYPES[type]}/>\n`
  );
  return '<?xml version="1.0" encoding="UTF-8"?>\n' +
    '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">\n' +
    '<RESOURCE type="results"><INFO name="QUERY_STATUS" value="OK"/>\n' +
    `<TABLE>\n${fields.join("")}<DATA><TABLEDATA>\n`;
}

function textOf(cell: Cell, type: ColumnType): string {
  if (cell === null) return "";
  if (type === "time") return isoTime(cell as number);
  switch (typeof cell) {
    case "string":
      return escaped(cell);
    case "number":
      if (Number.isFinite(cell)) return floatText(cell);
      return Number.isNaN(cell) ? "NaN" : cell > 0 ? "+Inf" : "-Inf";
    case "object":
      return cell.toBase64();
    default:
      return String(cell);
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  // A reader would make line feeds of them, or blanks within a name.
  "\r": "&#13;",
  "\n": "&#10;",
  "\t": "&#9;",
};

/** What no XML may hold is told by the sign for what can't be shown. */
function escaped(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex
    /[&<>"\r\n\t\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g,
    (character) => ESCAPES[character] ?? "\u{FFFD}",
  );
}
