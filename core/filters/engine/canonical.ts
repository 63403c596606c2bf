/** One text for each value, by which equal parts of filters are found to be equal. */
import { hashKey, isObject, typeOf } from "./values.ts";

/**
 * The same for values that are the same in type, value and order of fields. (`hashKey` takes 1 and
 * 1.0 for equal, which some operators don't.)
 */
export function canonicalText(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`;
  if (isObject(value)) {
    const fields = Object.entries(value).filter(([, inner]) => inner !== undefined);
    const texts = fields.map(([name, inner]) => `${JSON.stringify(name)}:${canonicalText(inner)}`);
    return `{${texts.join()}}`;
  }
  const key = hashKey(value);
  const sign = Object.is(value, -0) ? "-" : "";
  return `${typeOf(value)}:${sign}${typeof key === "string" ? JSON.stringify(key) : String(key)}`;
}
