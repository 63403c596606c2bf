/**
 * All filters that see the same form of an alert, as one evaluation: what they have in common is done
 * once, and an alert looks only at those that it can pass.
 */
import type { Document } from "../../../contract/document.ts";
import type { ActiveFilter } from "../../../contract/passed.ts";
import { giveBudget } from "../budget.ts";
import { BudgetError, FilterError, NotCompiled } from "../errors.ts";
import { CandidateIndex } from "./candidate_index.ts";
import { Clock } from "./memo.ts";
import { InputNode } from "./nodes.ts";
import { type Route, Router } from "./route.ts";

/** What a filter may do for one alert: some 50 ms. */
const STEPS_MAX = 1_000_000;
/** A filter that went beyond it so often isn't run again until it is changed. */
const STRIKES_MAX = 3;

export interface Outcome {
  /** The one document that came out. */
  readonly passes: { readonly filter: ActiveFilter; readonly data: Document }[];
  readonly failures: { readonly filter: ActiveFilter; readonly reason: string }[];
  /** What only MongoDB can tell. */
  readonly undecided: ActiveFilter[];
}

interface Planned extends Route {
  readonly filter: ActiveFilter;
  strikes: number;
}

export class FilterPlan {
  /** Filters that MongoDB has to run, and why. */
  readonly uncompiled = new Map<ActiveFilter, string>();
  readonly #clock = new Clock();
  readonly #input: InputNode;
  readonly #filters: Planned[] = [];
  readonly #index: CandidateIndex;
  #now = new Date();

  constructor(filters: readonly ActiveFilter[]) {
    const now = () => this.#now;
    this.#input = new InputNode(this.#clock, now);
    const router = new Router(this.#input, now);
    for (const filter of filters) {
      giveBudget(STEPS_MAX);
      try {
        this.#filters.push({ filter, strikes: 0, ...router.route(filter.pipeline) });
      } catch (error) {
        if (!isKnown(error)) throw error;
        this.uncompiled.set(filter, error.message);
      }
    }
    this.#index = new CandidateIndex(this.#filters.map(({ checks }) => checks));
  }

  /** For the alerts that follow. */
  set now(now: Date) {
    this.#now = now;
  }

  run(input: Document): Outcome {
    const outcome: Outcome = { passes: [], failures: [], undecided: [] };
    this.#input.input = input;
    this.#clock.tick++;
    giveBudget(STEPS_MAX);
    for (const at of this.#index.candidates()) this.#runOne(this.#filters[at]!, outcome);
    return outcome;
  }

  #runOne(planned: Planned, { passes, failures, undecided }: Outcome): void {
    const { filter, checks, documents } = planned;
    giveBudget(STEPS_MAX);
    try {
      if (planned.strikes >= STRIKES_MAX) {
        throw new BudgetError(`Cannot run the filter: it was too expensive ${STRIKES_MAX} times`);
      }
      for (const check of checks) {
        if (!check.get()) return;
      }
      const results = documents.get();
      if (results.length === 1) passes.push({ filter, data: results[0]! });
    } catch (error) {
      if (error instanceof FilterError) failures.push({ filter, reason: error.message });
      else if (error instanceof BudgetError || error instanceof RangeError) {
        // A range: a text or an array that is too long, calls that are nested too deep.
        planned.strikes++;
        failures.push({ filter, reason: (error as Error).message });
      } else undecided.push(filter); // NotCompiled, or a fault of ours: MongoDB knows.
    }
  }
}

function isKnown(error: unknown): error is Error {
  return error instanceof NotCompiled || error instanceof FilterError ||
    error instanceof BudgetError || error instanceof RangeError;
}
