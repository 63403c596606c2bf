/** Making documents whose fields stay in the order in which they were put. */
import type { Document } from "../../../contract/document.ts";
import { NotCompiled } from "../errors.ts";

/** Puts a value, if there is one, where the field is or at the end. Throws `NotCompiled`. */
export function putField(document: Document, name: string, value: unknown): void {
  if (value === undefined) return;
  const first = name.charCodeAt(0);
  if (first < 58 && first > 47) checkOrder(document, name);
  else if (name === "__proto__") throw new NotCompiled("a field of the name __proto__");
  document[name] = value;
}

/** A copy to put fields into; fields that are gone (`undefined`) keep their places. */
export function copyOf(document: Document): Document {
  return { ...document };
}

/** JavaScript puts fields named as indexes before all others, in their own order. */
function checkOrder(document: Document, name: string): void {
  if (!isIndex(name) || Object.hasOwn(document, name)) return;
  for (const other in document) {
    if (!isIndex(other) || Number(other) > Number(name)) {
      throw new NotCompiled(`a field '${name}' after others`);
    }
  }
}

function isIndex(name: string): boolean {
  return /^(0|[1-9]\d{0,9})$/.test(name) && Number(name) < 0xffff_ffff;
}
