/**
 * What a filter that MongoDB runs would cost. MongoDB looks at `maxTimeMS` between documents only and
 * doesn't limit what an expression allocates: one that doubles an array again and again ends the server.
 * So its stages are run here first, on what a filter may spend for an alert; of those that aren't known,
 * the expressions that are.
 */
import type { Document } from "../../../contract/document.ts";
import { giveBudget } from "../budget.ts";
import { type Compute, StreamContext } from "../context.ts";
import { asFlow, compileStage } from "../stages/compile_stage.ts";
import type { Flow } from "../stages/stage.ts";
import { isObject } from "../values.ts";
import { isTooExpensive, STEPS_MAX } from "./accounts.ts";

/** Throws `BudgetError` or `RangeError` where the filter, or what it does for the document, is too expensive. */
export type Meter = (document: Document) => void;

export function meterOf(pipeline: readonly Document[]): Meter {
  let flows: Flow[];
  try {
    flows = pipeline.map(flowOf);
  } catch (error) {
    return () => {
      throw error;
    };
  }
  return (document) => {
    giveBudget(STEPS_MAX);
    known(() => flows.reduce<readonly Document[]>((some, flow) => flow(some), [document]));
  };
}

function flowOf(stage: Document): Flow {
  giveBudget(STEPS_MAX); // Constants are computed at once.
  const context = StreamContext.root(() => new Date());
  return known(() => asFlow(compileStage(stage, context))) ?? expressionsOnly(stage, context);
}

/** Computes what it finds in the stage, and gives the documents as they came. */
function expressionsOnly(stage: Document, context: StreamContext): Flow {
  const computes = expressionsIn(Object.values(stage), context);
  return (documents) => {
    for (const document of documents) {
      for (const compute of computes) known(() => compute(document));
    }
    return documents;
  };
}

/** The outermost ones that are known. */
function expressionsIn(value: unknown, context: StreamContext): Compute[] {
  if (!Array.isArray(value) && !isObject(value)) return [];
  const compute = known(() => context.compile(value));
  return compute === undefined
    ? Object.values(value).flatMap((inner) => expressionsIn(inner, context))
    : [compute];
}

/** Undefined where MongoDB will tell what it is, or what is wrong. Throws what is too expensive. */
function known<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isTooExpensive(error)) throw error;
    return undefined;
  }
}
