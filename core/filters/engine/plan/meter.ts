/**
 * What a filter that MongoDB runs would cost. MongoDB looks at `maxTimeMS` between documents only and
 * doesn't limit what an expression allocates: one that doubles an array again and again ends the server.
 * So its stages are run here first, as far as they are known, on what a filter may spend for an alert.
 */
import type { Document } from "../../../contract/document.ts";
import { giveBudget } from "../budget.ts";
import { StreamContext } from "../context.ts";
import { FilterError, NotCompiled } from "../errors.ts";
import { asFlow, compileStage } from "../stages/compile_stage.ts";
import type { Flow } from "../stages/stage.ts";
import { isTooExpensive, STEPS_MAX } from "./accounts.ts";

/** Throws `BudgetError` or `RangeError` where the filter, or what it does for the document, is too expensive. */
export type Meter = (document: Document) => void;

export function meterOf(pipeline: readonly Document[]): Meter {
  let flows: Flow[];
  try {
    flows = pipeline.flatMap((stage) => flowOf(stage) ?? []);
  } catch (error) {
    return () => {
      throw error;
    };
  }
  return (document) => {
    giveBudget(STEPS_MAX);
    try {
      flows.reduce<readonly Document[]>((documents, flow) => flow(documents), [document]);
    } catch (error) {
      if (isTooExpensive(error)) throw error;
      // Whatever else it is, MongoDB will tell.
    }
  };
}

/** Undefined where the stage isn't known here. */
function flowOf(stage: Document): Flow | undefined {
  giveBudget(STEPS_MAX); // Constants are computed at once.
  try {
    return asFlow(compileStage(stage, StreamContext.root(() => new Date())));
  } catch (error) {
    if (error instanceof NotCompiled || error instanceof FilterError) return undefined;
    throw error;
  }
}
