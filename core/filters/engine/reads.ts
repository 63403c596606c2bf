/** Which fields of the document an expression looks at, told from its text: rather too many than too few. */
import { isObject } from "./values.ts";

/** The top-level fields that something reads; null: it sees the whole document. */
export type Reads = ReadonlySet<string> | null;

export const NOTHING: Reads = new Set<string>();

export function union(reads: readonly Reads[]): Reads {
  const all = new Set<string>();
  for (const some of reads) {
    if (some === null) return null;
    for (const name of some) all.add(name);
  }
  return all;
}

/** Constants: what is below them isn't an expression. */
const QUOTES = new Set(["$literal", "$const"]);

export function readsOf(expression: unknown): Reads {
  if (typeof expression === "string") return readsOfText(expression);
  if (Array.isArray(expression)) return union(expression.map(readsOf));
  if (!isObject(expression)) return NOTHING;
  return union(
    Object.entries(expression).map(([name, operand]): Reads => {
      if (QUOTES.has(name)) return NOTHING;
      if (name === "$meta") return null;
      if (name === "$getField" && !(isObject(operand) && "input" in operand)) return null;
      return readsOf(operand);
    }),
  );
}

function readsOfText(text: string): Reads {
  if (!text.startsWith("$")) return NOTHING;
  const [first, second] = text.split(".");
  if (!text.startsWith("$$")) return new Set([first!.slice(1)]);
  if (first !== "$$ROOT" && first !== "$$CURRENT") return NOTHING;
  return second === undefined ? null : new Set([second]);
}
