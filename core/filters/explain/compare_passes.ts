/** What two versions of a filter make of the same alerts. */
import { canonicalText } from "../engine/canonical.ts";
import type { Document } from "../../contract/document.ts";

export interface Pass {
  readonly candid: number | bigint;
  readonly data: Document;
}

export interface PassComparison {
  readonly alerts: number;
  readonly both: number;
  readonly neither: number;
  /** Alerts that only the version in question passes, and those that only the other one does. */
  readonly gained: readonly (number | bigint)[];
  readonly lost: readonly (number | bigint)[];
  /** Alerts that pass both, with something else coming out. */
  readonly changed: number;
}

export function comparePasses(
  alerts: number,
  ours: readonly Pass[],
  theirs: readonly Pass[],
): PassComparison {
  const [mine, others] = [byCandid(ours), byCandid(theirs)];
  const both = [...mine.keys()].filter((candid) => others.has(candid));
  const [gained, lost] = [missing(mine, others), missing(others, mine)];
  return {
    alerts,
    both: both.length,
    neither: alerts - both.length - gained.length - lost.length,
    gained,
    lost,
    changed:
      both.filter((candid) =>
        canonicalText(mine.get(candid)!.data) !== canonicalText(others.get(candid)!.data)
      ).length,
  };
}

function byCandid(passes: readonly Pass[]): Map<string, Pass> {
  return new Map(passes.map((pass) => [String(pass.candid), pass]));
}

function missing(some: Map<string, Pass>, others: Map<string, Pass>): (number | bigint)[] {
  return [...some].filter(([key]) => !others.has(key)).map(([, { candid }]) => candid);
}
