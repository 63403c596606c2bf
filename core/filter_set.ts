/** The active filters of a survey, kept up to date: live within seconds of a change. */
import type { Db } from "mongodb";
import { type BadFilter, filterChanges, readActiveFilters } from "./archive/filters.ts";
import type { ActiveFilter } from "./contract/passed.ts";

/** All filters of one moment. The version changes with any of them. */
export interface FilterSet {
  readonly version: string;
  readonly filters: readonly ActiveFilter[];
}

/** Follows the filters of one collection of alerts until the signal is aborted. */
export class FilterWatch {
  #current: FilterSet | undefined;
  readonly #first = Promise.withResolvers<FilterSet>();
  /** Resolves when the watch has ended. */
  readonly ended: Promise<void>;

  constructor(
    db: Db,
    catalog: string,
    onRead: (set: FilterSet, bad: readonly BadFilter[]) => void,
    signal: AbortSignal,
  ) {
    signal.addEventListener("abort", () => this.#first.reject(signal.reason), { once: true });
    this.#first.promise.catch(() => {}); // Who waits for it is told.
    this.ended = this.#follow(db, catalog, onRead, signal);
  }

  /** The filters that were read first; waits while the archive is away. */
  first(): Promise<FilterSet> {
    return this.#first.promise;
  }

  /** The newest filters. */
  get current(): FilterSet {
    if (!this.#current) throw new Error("Cannot run filters before they are read: await first()");
    return this.#current;
  }

  async #follow(
    db: Db,
    catalog: string,
    onRead: (set: FilterSet, bad: readonly BadFilter[]) => void,
    signal: AbortSignal,
  ): Promise<void> {
    for await (const _ of filterChanges(db, signal)) {
      const { filters, bad } = await readActiveFilters(db, catalog);
      this.#current = { version: crypto.randomUUID(), filters };
      onRead(this.#current, bad);
      this.#first.resolve(this.#current);
    }
  }
}
