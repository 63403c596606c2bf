/**
 * All filters that see the same form of an alert, as one evaluation: what they have in common is done
 * once, and an alert looks only at those that it can pass.
 */
import type { Document } from "../../../contract/document.ts";
import type { ActiveFilter } from "../../../contract/passed.ts";
import { giveBudget, spent } from "../budget.ts";
import { FilterError, NotCompiled } from "../errors.ts";
import { type Account, Accounts, isTooExpensive, STEPS_MAX } from "./accounts.ts";
import { CandidateIndex } from "./candidate_index.ts";
import { Clock } from "./memo.ts";
import { InputNode } from "./nodes.ts";
import { type Route, Router } from "./route.ts";

export interface Outcome {
  /** The one document that came out. */
  readonly passes: { readonly filter: ActiveFilter; readonly data: Document }[];
  readonly failures: { readonly filter: ActiveFilter; readonly reason: string }[];
  /** What only MongoDB can tell. */
  readonly undecided: ActiveFilter[];
}

interface Planned extends Pick<Route, "checks"> {
  readonly filter: ActiveFilter;
  readonly account: Account;
  readonly documents: { get(): readonly Document[] };
  /** That it is set aside was told since `now` was set. */
  isTold: boolean;
}

/** Of a filter that is set aside. */
const NO_ROUTE = { checks: [], documents: { get: () => [] } };

export class FilterPlan {
  /** Filters that MongoDB has to run, and why. */
  readonly uncompiled = new Map<ActiveFilter, string>();
  readonly #clock = new Clock();
  readonly #input: InputNode;
  readonly #filters: Planned[] = [];
  readonly #index: CandidateIndex;
  #now = new Date();

  constructor(filters: readonly ActiveFilter[], accounts = new Accounts()) {
    const now = () => this.#now;
    this.#input = new InputNode(this.#clock, now);
    const router = new Router(this.#input, now);
    for (const filter of filters) {
      const account = accounts.of(filter);
      giveBudget(STEPS_MAX); // Constants are computed at once.
      try {
        const route = account.aside ? NO_ROUTE : router.route(filter.pipeline);
        this.#filters.push({ filter, account, isTold: false, ...route });
      } catch (error) {
        if (isTooExpensive(error)) {
          account.setAside(error.message);
          this.#filters.push({ filter, account, isTold: false, ...NO_ROUTE });
        } else if (error instanceof NotCompiled || error instanceof FilterError) {
          this.uncompiled.set(filter, error.message);
        } else throw error;
      }
    }
    this.#index = new CandidateIndex(this.#filters.map(({ checks }) => checks));
  }

  /** For the alerts that follow, which are a batch: of a filter that is set aside it is told once. */
  set now(now: Date) {
    this.#now = now;
    for (const planned of this.#filters) planned.isTold = false;
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
    const { filter, account, checks, documents } = planned;
    if (account.aside !== undefined) {
      if (!planned.isTold) failures.push({ filter, reason: account.aside });
      planned.isTold = true;
      return;
    }
    giveBudget(STEPS_MAX);
    try {
      for (const check of checks) {
        if (!check.get()) return;
      }
      const results = documents.get();
      if (results.length === 1) passes.push({ filter, data: results[0]! });
    } catch (error) {
      if (isTooExpensive(error)) {
        account.strike(error.message);
        failures.push({ filter, reason: account.aside ?? error.message });
      } else if (error instanceof FilterError) failures.push({ filter, reason: error.message });
      else undecided.push(filter); // NotCompiled, or a fault of ours: MongoDB knows.
    } finally {
      account.pay(spent(), this.#clock.tick);
    }
  }
}
