/** Of several alerts, the one that came nearest to passing. */
import type { WhyReport } from "../../contract/filter_reports.ts";
import { lack } from "./field_condition.ts";

/** One that passes; else one that came through more stages; else one that lacked less. */
export function closest<T>(items: readonly T[], reportOf: (item: T) => WhyReport): T | undefined {
  let best: T | undefined;
  for (const item of items) {
    if (best === undefined || isCloser(reportOf(item), reportOf(best))) best = item;
  }
  return best;
}

function isCloser(a: WhyReport, b: WhyReport): boolean {
  if (a.passes || b.passes) return a.passes && !b.passes;
  if (a.stopped_at !== b.stopped_at) return a.stopped_at! > b.stopped_at!;
  return lackOf(a) < lackOf(b);
}

function lackOf({ stages, stopped_at }: WhyReport): number {
  const { conditions, failure } = stages[stopped_at! - 1]!;
  return failure === undefined && conditions ? lack(conditions) : Infinity;
}
