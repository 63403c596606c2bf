/**
 * JSON as Python writes it, byte for byte: clients compare the text of a pipeline with what their own
 * `bson.json_util.dumps` gives.
 */
import { isDouble } from "./document.ts";
import { floatText } from "./python_number.ts";

/** The text of a value that `parseExact` has read: `1`, `1.0` and ids of 64 bits stay what they were. */
export function toPythonJson(value: unknown): string {
  switch (typeof value) {
    case "string":
      return quoted(value);
    case "number":
      // By the convention of `document.ts`, whatever isn't an int32 is a double.
      return (value | 0) === value && !Object.is(value, -0) ? String(value) : double(value);
    case "object":
      if (value === null) return "null";
      if (isDouble(value)) return double(value.value);
      if (Array.isArray(value)) return `[${value.map(toPythonJson).join(", ")}]`;
      return `{${
        Object.entries(value)
          .map(([key, inner]) => `${quoted(key)}: ${toPythonJson(inner)}`).join(", ")
      }}`;
    default: // A boolean, or a bigint.
      return String(value);
  }
}

function double(value: number): string {
  return Number.isFinite(value) ? floatText(value) : `{"$numberDouble": "${value}"}`;
}

/** Python escapes all that isn't printable ASCII; JavaScript leaves what is above it. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
