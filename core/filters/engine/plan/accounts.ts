/**
 * What filters cost beyond what they may. One that can't be paid for is set aside: it isn't run again
 * until its author changes it, however often the other filters change meanwhile.
 */
import type { ActiveFilter } from "../../../contract/passed.ts";
import { canonicalText } from "../canonical.ts";
import { BudgetError } from "../errors.ts";

/** What a filter may do for one alert: some 50 ms. */
export const STEPS_MAX = 1_000_000;
/** A filter that went beyond it so often is set aside. */
const STRIKES_MAX = 3;
/** What it may do for each alert for ever, some 0.5 ms; light curves take a few hundred steps. */
const STEPS_PER_ALERT = 10_000;
/** What it may save for alerts that cost more. */
const SAVINGS_MAX = STRIKES_MAX * STEPS_MAX;

export class Account {
  readonly #filter: ActiveFilter;
  #strikes = 0;
  #savings = SAVINGS_MAX;
  /** The alert that it last paid for. */
  #paidAt = 0;
  #aside: { readonly reason: string; readonly pipeline: string } | undefined;

  constructor(filter: ActiveFilter) {
    this.#filter = filter;
  }

  /** Why the filter isn't run any more. */
  get aside(): string | undefined {
    return this.#aside?.reason;
  }

  /** Whether this is still what was too expensive. */
  isOf(filter: ActiveFilter): boolean {
    return this.#aside === undefined || this.#aside.pipeline === canonicalText(filter.pipeline);
  }

  /** It did more than it may. */
  strike(reason: string): void {
    if (++this.#strikes === STRIKES_MAX) {
      this.setAside(`it was too expensive ${STRIKES_MAX} times, the last time: ${reason}`);
    }
  }

  /** For the alert `tick`, counted from 1 anew by each plan. */
  pay(steps: number, tick: number): void {
    const alerts = tick - (tick < this.#paidAt ? 0 : this.#paidAt);
    this.#paidAt = tick;
    // What was refused wasn't spent.
    const cost = Math.min(steps, STEPS_MAX);
    this.#savings = Math.min(SAVINGS_MAX, this.#savings + alerts * STEPS_PER_ALERT) - cost;
    if (this.#savings < 0) {
      this.setAside(`it is too expensive, as its steps must be <= ${STEPS_PER_ALERT} an alert`);
    }
  }

  setAside(reason: string): void {
    this.#aside ??= {
      reason: `Cannot run the filter until it is changed: ${reason}`,
      pipeline: canonicalText(this.#filter.pipeline),
    };
  }
}

/** Those of all filters of a survey. */
export class Accounts {
  #known = new Map<string, Account>();

  /** What is known of these filters; the others are forgotten. */
  keep(filters: readonly ActiveFilter[]): void {
    this.#known = new Map(filters.map((filter) => [keyOf(filter), this.of(filter)]));
  }

  of(filter: ActiveFilter): Account {
    const key = keyOf(filter);
    const known = this.#known.get(key);
    if (known?.isOf(filter)) return known;
    const account = new Account(filter);
    this.#known.set(key, account);
    return account;
  }
}

function keyOf({ filterId, fid }: ActiveFilter): string {
  return `${filterId} ${fid}`;
}

/** A budget that is spent, a text or an array that is too long, or calls that are nested too deep. */
export function isTooExpensive(error: unknown): error is BudgetError | RangeError {
  return error instanceof BudgetError || error instanceof RangeError;
}
