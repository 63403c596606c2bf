import { floatText } from "../../contract/python_number.ts";
import { defineFormat } from "../format.ts";
import type { Cell, ColumnType } from "./_columns.ts";
import { isoTime, toTable } from "./_table.ts";

const PIECE_CHARS = 32_768;

/**
 * RFC 4180 with a line of names, and line feeds. Null is an empty field, an empty text is `""`, times
 * are ISO 8601, binary is base64, lists are JSON.
 */
export default defineFormat({
  name: "csv",
  mediaTypes: ["text/csv"],
  parameters: "charset=utf-8; header=present",
  async *write(answer) {
    await using table = await toTable(answer);
    const types = table.columns.map(({ type }) => type);
    let text = `${table.columns.map(({ name }) => quoted(name)).join(",")}\n`;
    for await (const { rows } of table.rows()) {
      for (const row of rows) {
        text += `${row.map((cell, i) => fieldOf(cell, types[i]!)).join(",")}\n`;
        if (text.length >= PIECE_CHARS) {
          yield text;
          text = "";
        }
      }
    }
    yield text;
  },
});

function fieldOf(cell: Cell, type: ColumnType): string {
  if (cell === null) return "";
  if (type === "time") return isoTime(cell as number);
  switch (typeof cell) {
    case "string":
      return quoted(cell);
    case "number":
      return Number.isFinite(cell) ? floatText(cell) : String(cell).replace("Infinity", "inf");
    case "object":
      return cell.toBase64();
    default:
      return String(cell);
  }
}

function quoted(text: string): string {
  return text === "" || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
