/**
 * What one evaluation of a filter may still spend. Evaluation is synchronous, so there is one budget a
 * thread: who evaluates sets it first, and each loop over items or characters pays for itself.
 */
import { BudgetError } from "./errors.ts";

/** A step is an item looked at or made, about; some 10 to 100 ns. */
const STEPS_DEFAULT = 5_000_000;

let left = STEPS_DEFAULT;
let given = STEPS_DEFAULT;

export function giveBudget(steps: number = STEPS_DEFAULT): void {
  left = steps;
  given = steps;
}

/** Steps that were spent since the budget was given. */
export function spent(): number {
  return given - left;
}

/** Throws `BudgetError` where there is no more to spend. */
export function spend(steps: number): void {
  left -= steps;
  if (left < 0) {
    throw new BudgetError(`Cannot go on as a filter's steps for one alert must be <= ${given}`);
  }
}
