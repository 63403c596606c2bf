/** What is computed at most once for each alert, when it is first asked for. */
import { BudgetError } from "../errors.ts";

/** Counts alerts: what was computed for another one is out of date. */
export class Clock {
  tick = 0;
}

let lastId = 0;

export class Memo<T> {
  /** No two have the same. */
  readonly id = ++lastId;
  readonly #clock: Clock;
  readonly #compute: () => T;
  #tick = -1;
  #value: T | undefined;
  #error: { readonly error: unknown } | undefined;

  constructor(clock: Clock, compute: () => T) {
    this.#clock = clock;
    this.#compute = compute;
  }

  /** Throws what computing it threw. */
  get(): T {
    if (this.#tick !== this.#clock.tick) this.#fill();
    if (this.#error !== undefined) throw this.#error.error;
    return this.#value as T;
  }

  #fill(): void {
    this.#error = undefined;
    try {
      this.#value = this.#compute();
    } catch (error) {
      // Another filter may have more left of its own budget.
      if (error instanceof BudgetError) throw error;
      this.#error = { error };
    }
    this.#tick = this.#clock.tick;
  }
}
