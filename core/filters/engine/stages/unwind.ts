/** `$unwind`: a document for each item of an array. */
import type { Document } from "../../../contract/document.ts";
import { spend } from "../budget.ts";
import { NotCompiled } from "../errors.ts";
import { fieldOf } from "../paths.ts";
import { isNullish, isObject } from "../values.ts";
import type { Flow } from "./stage.ts";

/** A document is copied for each item. */
const STEPS_PER_COPY = 5;

export function compileUnwind(specification: unknown): Flow {
  const { path, includeArrayIndex, preserveNullAndEmptyArrays = false, ...unknown } =
    typeof specification === "string"
      ? { path: specification } as Document
      : isObject(specification)
      ? specification
      : {};
  if (Object.keys(unknown).length > 0 || typeof preserveNullAndEmptyArrays !== "boolean") {
    throw new NotCompiled("$unwind with these options");
  }
  if (typeof path !== "string" || !/^\$[^$]/.test(path)) {
    throw new NotCompiled("$unwind needs the path of a field");
  }
  const names = toNames(path.slice(1));
  const index = includeArrayIndex === undefined ? undefined : toNames(includeArrayIndex);
  return (documents) => {
    const result: Document[] = [];
    for (const document of documents) {
      const value = valueAt(document, names);
      const put = (item: unknown, at: bigint | null, isItem = true) => {
        spend(STEPS_PER_COPY);
        const changed = isItem ? withValue(document, names, item) : document;
        result.push(index === undefined ? changed : withValue(changed, index, at));
      };
      if (!Array.isArray(value)) {
        if (!isNullish(value) || preserveNullAndEmptyArrays) put(value, null, false);
      } else if (value.length === 0) {
        if (preserveNullAndEmptyArrays) put(undefined, null);
      } else value.forEach((item, i) => put(item ?? null, BigInt(i)));
    }
    return result;
  };
}

function toNames(path: unknown): string[] {
  const names = typeof path === "string" ? path.split(".") : [""];
  if (names.some((name) => name === "" || name.startsWith("$"))) {
    throw new NotCompiled(`${String(path)} as a path in $unwind`);
  }
  return names;
}

/** Through documents only: an array on the way has no such field. */
function valueAt(document: Document, names: readonly string[]): unknown {
  let value: unknown = document;
  for (const name of names) value = isObject(value) ? fieldOf(value, name) : undefined;
  return value;
}

/** The document with another value there; documents on the way are made where there are none. */
function withValue(document: Document, names: readonly string[], value: unknown): Document {
  const [name, ...rest] = names as [string, ...string[]];
  const inner = document[name];
  const next = rest.length === 0 ? value : withValue(isObject(inner) ? inner : {}, rest, value);
  return { ...document, [name]: next };
}
