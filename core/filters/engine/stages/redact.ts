/** `$redact`: keeps, prunes or goes down into a document and those within it. */
import type { Document } from "../../../contract/document.ts";
import { spend } from "../budget.ts";
import type { ComputeAt, Context } from "../context.ts";
import { FilterError } from "../errors.ts";
import { isObject } from "../values.ts";
import type { Flow } from "./stage.ts";

/** What MongoDB has for the values of these variables. */
const DECISIONS = { DESCEND: "descend", PRUNE: "prune", KEEP: "keep" };

export function compileRedact(expression: unknown, context: Context): Flow {
  const decide = context.compileAt(expression, DECISIONS);
  return (documents) =>
    documents.map((document) => redacted(document, document, decide))
      .filter((document) => document !== undefined);
}

function redacted(root: Document, document: Document, decide: ComputeAt): Document | undefined {
  spend(1);
  switch (decide(root, document)) {
    case DECISIONS.KEEP:
      return document;
    case DECISIONS.PRUNE:
      return undefined;
    case DECISIONS.DESCEND: {
      const result: Document = {};
      for (const name in document) {
        const value = redactedValue(root, document[name], decide);
        if (value !== undefined) result[name] = value;
      }
      return result;
    }
    default:
      throw new FilterError(17053, "$redact must give $$DESCEND, $$PRUNE or $$KEEP");
  }
}

function redactedValue(root: Document, value: unknown, decide: ComputeAt): unknown {
  if (isObject(value)) return redacted(root, value, decide);
  if (!Array.isArray(value)) return value;
  return value.map((item) => redactedValue(root, item ?? null, decide))
    .filter((item) => item !== undefined);
}
