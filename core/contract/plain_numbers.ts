/**
 * What a client sent with JavaScript's own numbers, for schemas to look at: what is stored is what was
 * sent, since ids above 2^53 lose digits here.
 */
import { type Document, isDouble } from "./document.ts";

export function plainNumbers(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null) return value;
  if (isDouble(value)) return value.value;
  if (Array.isArray(value)) return value.map(plainNumbers);
  return Object.fromEntries(
    Object.entries(value as Document).map(([key, inner]) => [key, plainNumbers(inner)]),
  );
}
