/** The limits that filters have for one number, in order: a value divides them at one place. */
import type { Comparison } from "../match/comparisons.ts";
import { BitSet } from "./bits.ts";

export interface Limit {
  readonly filter: number;
  readonly operator: Comparison;
  readonly limit: number;
}

export class Limits {
  /** The filters that have any. */
  readonly members: BitSet;
  readonly #others: BitSet;
  readonly #lower: Side;
  readonly #upper: Side;

  /** `size` counts all filters. */
  constructor(limits: readonly Limit[], size: number) {
    this.members = BitSet.none(size);
    for (const { filter } of limits) this.members.add(filter);
    this.#others = this.members.complement();
    const sides = limits.map(({ filter, operator, limit }) => ({
      filter,
      limit,
      isLower: operator !== "$lt" && operator !== "$lte",
      isUpper: operator !== "$gt" && operator !== "$gte",
      strict: operator === "$gt" || operator === "$lt",
    }));
    this.#lower = new Side(sides.filter(({ isLower }) => isLower), size);
    // An upper limit of x is a lower limit of -x.
    this.#upper = new Side(
      sides.filter(({ isUpper }) => isUpper).map((each) => ({ ...each, limit: -each.limit })),
      size,
    );
  }

  /** Takes away the filters whose limits don't hold for the value; NaN is within none. */
  narrow(alive: BitSet, value: number): void {
    if (Number.isNaN(value)) return alive.keepOnly(this.#others);
    this.#lower.narrow(alive, value);
    this.#upper.narrow(alive, -value);
  }
}

interface LowerLimit {
  readonly filter: number;
  readonly limit: number;
  readonly strict: boolean;
}

/** Between two sets that are kept ready, the limits are gone through one by one. */
const LIMITS_PER_SET = 16;

class Side {
  /** One for each filter, ascending, inclusive ones before strict ones. */
  readonly #limits: Float64Array;
  readonly #strict: Uint8Array;
  readonly #filters: Int32Array;
  /** After each `LIMITS_PER_SET` limits: the filters whose limit is before, and those without one. */
  readonly #sets: readonly BitSet[];
  readonly #kept = new Int32Array(LIMITS_PER_SET);

  constructor(limits: readonly LowerLimit[], size: number) {
    const inOrder = limits.toSorted((a, b) =>
      a.limit - b.limit || Number(a.strict) - Number(b.strict)
    );
    // Of several limits of a filter the last one says it all.
    const last = new Map(inOrder.map((each) => [each.filter, each]));
    const kept = inOrder.filter((each) => last.get(each.filter) === each);
    this.#limits = Float64Array.from(kept, ({ limit }) => limit);
    this.#strict = Uint8Array.from(kept, ({ strict }) => Number(strict));
    this.#filters = Int32Array.from(kept, ({ filter }) => filter);
    const members = BitSet.none(size);
    for (const { filter } of kept) members.add(filter);
    const held = members.complement();
    const sets = [held.copy()];
    kept.forEach(({ filter }, i) => {
      held.add(filter);
      if ((i + 1) % LIMITS_PER_SET === 0) sets.push(held.copy());
    });
    this.#sets = sets;
  }

  narrow(alive: BitSet, value: number): void {
    if (this.#limits.length === 0) return;
    const count = this.#countHeld(value);
    const set = Math.floor(count / LIMITS_PER_SET);
    const kept = this.#kept;
    let keptCount = 0;
    for (let i = set * LIMITS_PER_SET; i < count; i++) {
      const filter = this.#filters[i]!;
      if (alive.has(filter)) kept[keptCount++] = filter;
    }
    alive.keepOnly(this.#sets[set]!);
    for (let i = 0; i < keptCount; i++) alive.add(kept[i]!);
  }

  /** How many of the limits, from the first on, hold for the value. */
  #countHeld(value: number): number {
    const [limits, strict] = [this.#limits, this.#strict];
    let low = 0;
    let high = limits.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const limit = limits[middle]!;
      if (limit < value || limit === value && strict[middle] === 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
