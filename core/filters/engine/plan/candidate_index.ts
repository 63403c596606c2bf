/**
 * Which filters an alert may pass, from the checks that many of them make: comparisons of one number
 * are looked up among all limits that filters have for it, others are made once for all. It may let a
 * filter through that doesn't pass, never the other way round.
 */
import { isDouble } from "../../../contract/document.ts";
import { fieldOf } from "../paths.ts";
import { isObject } from "../values.ts";
import { BitSet } from "./bits.ts";
import type { Check, Slot } from "./nodes.ts";
import { type Limit, Limits } from "./limits.ts";

/** Fewer filters than this with a check in common look for themselves. */
const MEMBERS_MIN = 4;
/** So few that are left look for themselves at what has to be computed. */
const LEFT_MIN = 16;
/** Up to this cost, steps are taken as long as any filter is left, the most useful ones first. */
const CHEAP = 1;
/** How useful they are is looked at for one alert in so many. */
const ALERTS_PER_LOOK = 128;
/** After so many looks they are put in order. */
const LOOKS_PER_ORDER = 16;

interface Step {
  readonly cost: number;
  readonly members: BitSet;
  /** Takes away filters that can't pass. What it throws, the filters will find for themselves. */
  narrow(alive: BitSet): void;
}

interface CheapStep {
  readonly step: Step;
  /** How many filters it took away when it was looked at; the past counts less and less. */
  taken: number;
}

export class CandidateIndex {
  /** Filters that some step may take away, and those that none can. */
  readonly #all: BitSet;
  readonly #always: BitSet;
  readonly #alive: BitSet;
  readonly #cheap: CheapStep[];
  readonly #costly: readonly Step[];
  #alerts = 0;

  /** By filter: all of its checks. */
  constructor(checks: readonly (readonly Check[])[]) {
    const steps = stepsOf(checks);
    this.#all = BitSet.none(checks.length);
    for (const { members } of steps) this.#all.include(members);
    this.#always = this.#all.complement();
    this.#alive = this.#all.copy();
    this.#cheap = steps.filter(({ cost }) => cost <= CHEAP)
      .map((step) => ({ step, taken: step.members.count() }));
    this.#order();
    this.#costly = steps.filter(({ cost }) => cost > CHEAP).toSorted((a, b) => a.cost - b.cost);
  }

  /** For the alert that the checks see now. */
  candidates(): number[] {
    if (this.#alerts++ % ALERTS_PER_LOOK === 0) this.#look();
    const alive = this.#alive;
    alive.become(this.#all);
    this.#narrow(alive);
    alive.include(this.#always);
    return alive.list();
  }

  #narrow(alive: BitSet): void {
    for (const { step } of this.#cheap) {
      if (alive.isEmpty()) return;
      if (alive.meets(step.members)) take(step, alive);
    }
    for (const step of this.#costly) {
      if (alive.count() < LEFT_MIN) return;
      if (alive.meets(step.members)) take(step, alive);
    }
  }

  #look(): void {
    for (const each of this.#cheap) {
      this.#alive.become(this.#all);
      take(each.step, this.#alive);
      each.taken += this.#all.count() - this.#alive.count();
    }
    const looks = Math.ceil(this.#alerts / ALERTS_PER_LOOK);
    if (looks % LOOKS_PER_ORDER === 0) this.#order();
  }

  #order(): void {
    this.#cheap.sort((a, b) => b.taken - a.taken);
    for (const each of this.#cheap) each.taken /= 2;
  }
}

function take(step: Step, alive: BitSet): void {
  try {
    step.narrow(alive);
  } catch { /* Whether it matters depends on what a filter asks for before it. */ }
}

function stepsOf(checks: readonly (readonly Check[])[]): Step[] {
  const limits = new Map<string, { slot: Slot; path: readonly string[]; limits: Limit[] }>();
  const others = new Map<Check, number[]>();
  checks.forEach((all, filter) => {
    for (const check of all) {
      const { slot, predicate: { bound } } = check;
      if (slot === undefined || bound === undefined) {
        const filters = others.get(check);
        if (filters) filters.push(filter);
        else others.set(check, [filter]);
        continue;
      }
      const path = bound.path.slice(1);
      const key = JSON.stringify([slot.id, ...path]);
      const group = limits.get(key) ?? { slot, path, limits: [] };
      group.limits.push({ filter, operator: bound.operator, limit: bound.limit });
      limits.set(key, group);
    }
  });
  return [
    ...[...limits.values()].filter(({ limits }) => limits.length >= MEMBERS_MIN)
      .map((group) => limitStep(group.slot, group.path, new Limits(group.limits, checks.length))),
    ...[...others].filter(([, filters]) => filters.length >= MEMBERS_MIN)
      .map(([check, filters]) => checkStep(check, filters, checks.length)),
  ];
}

function limitStep(slot: Slot, path: readonly string[], limits: Limits): Step {
  return {
    cost: slot.cost,
    members: limits.members,
    narrow(alive) {
      const value = numberAt(slot.get(), path);
      if (value !== undefined) limits.narrow(alive, value);
    },
  };
}

function checkStep(check: Check, filters: readonly number[], size: number): Step {
  const members = BitSet.none(size);
  for (const filter of filters) members.add(filter);
  const others = members.complement();
  return {
    cost: check.cost,
    members,
    narrow(alive) {
      if (!check.get()) alive.keepOnly(others);
    },
  };
}

/** NaN for what no number compares with; undefined where it isn't plain what is compared. */
function numberAt(value: unknown, path: readonly string[]): number | undefined {
  for (const name of path) {
    if (value === undefined || value === null) return NaN;
    if (!isObject(value)) return undefined;
    value = fieldOf(value, name);
  }
  switch (typeof value) {
    case "number":
      return value;
    case "undefined":
    case "string":
    case "boolean":
      return NaN;
    case "bigint":
      return Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
    default:
      return value === null ? NaN : isDouble(value) ? value.value : undefined;
  }
}
