/** An aggregation expression, compiled: what it computes, and what is known of it beforehand. */
import { BudgetError, FilterError } from "../errors.ts";
import type { Document } from "../../../contract/document.ts";

/**
 * The values of variables, each at the slot that its scope gave it. One for a whole pipeline will do.
 */
export type Frame = unknown[];

/** `undefined` is a missing value. Throws `FilterError`, `NotCompiled` or `BudgetError`. */
export type Evaluate = (root: Document, frame: Frame) => unknown;

export interface Expression {
  readonly evaluate: Evaluate;
  /** There where the value is the same for every document, known when compiled. */
  readonly constant?: { readonly value: unknown };
  /** What MongoDB raises before it looks at any document, as a constant part can't be computed. */
  readonly failure?: FilterError;
  /** Slots that it reads and that are filled outside of it. */
  readonly free: ReadonlySet<number>;
  /** Not the same each time (`$rand`): not to be evaluated once for several filters. */
  readonly volatile: boolean;
  /** For operators that can be joined with those they stand in, as sums of sums. */
  readonly joined?: { readonly name: string; readonly operands: readonly Expression[] };
  /**
   * The path of the document that its value comes from, if it is one; items of an array have the
   * array's.
   */
  readonly origin?: string;
}

const NONE: ReadonlySet<number> = new Set();
const NO_DOCUMENT: Document = {};
const NO_FRAME: Frame = [];

export function constant(value: unknown): Expression {
  return { evaluate: () => value, constant: { value }, free: NONE, volatile: false };
}

/** An expression that reads these, and binds variables at these slots for them. */
export function computed(
  parts: readonly Expression[],
  evaluate: Evaluate,
  more: Partial<Expression> & { readonly binds?: readonly number[] } = {},
): Expression {
  const { binds = [], ...known } = more;
  const free = new Set(parts.flatMap((part) => [...part.free]));
  for (const slot of binds) free.delete(slot);
  return withFailureOf(parts, {
    evaluate,
    free: free.size === 0 ? NONE : free,
    volatile: parts.some((part) => part.volatile),
    ...known,
  });
}

/** The expression, with the failure of the first of these parts that has one. */
export function withFailureOf(parts: readonly Expression[], expression: Expression): Expression {
  const failed = parts.find((part) => part.failure !== undefined);
  if (failed === undefined) return expression;
  const { constant: _, ...rest } = expression; // Not to be computed with: it is never reached.
  return { ...rest, failure: failed.failure! };
}

/** The same, where MongoDB doesn't look for constants in it: it fails for a document, if at all. */
export function unforeseen({ failure: _, ...expression }: Expression): Expression {
  return expression;
}

/** As `computed`, and evaluated at once where all parts are constant. */
export function folded(
  parts: readonly Expression[],
  evaluate: Evaluate,
  more: Partial<Expression> = {},
): Expression {
  if (!areConstant(parts)) return computed(parts, evaluate, more);
  try {
    return constant(evaluate(NO_DOCUMENT, NO_FRAME));
  } catch (failure) {
    if (failure instanceof BudgetError) return computed(parts, evaluate, more);
    if (!(failure instanceof FilterError)) throw failure;
    return failing(failure);
  }
}

/**
 * What MongoDB finds to be wrong once it looks for constants, so not in branches that it drops before.
 */
export function failing(failure: FilterError): Expression {
  const evaluate = () => {
    throw failure;
  };
  return { evaluate, free: NONE, volatile: false, failure };
}

export function areConstant(parts: readonly Expression[]): boolean {
  return parts.every((part) => part.constant !== undefined);
}
