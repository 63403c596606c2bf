/**
 * Runs users' filters on a batch of alerts, on documents that need not be stored yet: in process where
 * they are compiled, the others in MongoDB.
 */
import type { Db } from "mongodb";
import type { Document } from "../contract/document.ts";
import type { ActiveFilter } from "../contract/passed.ts";
import { Accounts } from "../filters/engine/plan/accounts.ts";
import { FilterPlan } from "../filters/engine/plan/filter_plan.ts";
import { type FilterFailure, type Hit, type Input, MongoFilters } from "./mongo_filters.ts";

export type { FilterFailure, Hit } from "./mongo_filters.ts";

/** One alert as a filter of these permissions sees it. */
export type FilterInputs = (permissions: readonly number[]) => (Document | null)[];

/** Filters of the same permissions, which see the same. */
interface Group {
  readonly permissions: readonly number[];
  readonly plan: FilterPlan;
  readonly others: MongoFilters;
}

/** The filters of one version, compiled, and what was learned of them. */
export class FilterRunner {
  readonly #groups: readonly Group[];

  /** `accounts`: what was learned of filters in earlier versions. */
  constructor(db: Db, filters: readonly ActiveFilter[], accounts = new Accounts()) {
    accounts.keep(filters);
    const byPermissions = Map.groupBy(
      filters,
      ({ permissions }) => JSON.stringify([...new Set(permissions)].toSorted()),
    );
    this.#groups = [...byPermissions.values()].map((some) => {
      const plan = new FilterPlan(some, accounts);
      const others = new MongoFilters(db, [...plan.uncompiled.keys()], accounts);
      return { permissions: some[0]!.permissions, plan, others };
    });
  }

  /** Why MongoDB has to run it; undefined: it doesn't. */
  uncompiled(filter: ActiveFilter): string | undefined {
    for (const { plan } of this.#groups) {
      const reason = plan.uncompiled.get(filter);
      if (reason !== undefined) return reason;
    }
  }

  /**
   * The passes: where exactly one document came out for an alert. A filter that fails gives none and
   * is told of; what trying again may help (a server that is away) is thrown.
   */
  async run(inputsFor: FilterInputs): Promise<{ hits: Hit[]; failures: FilterFailure[] }> {
    const hits: Hit[] = [];
    const failures: FilterFailure[] = [];
    for (const { permissions, plan, others } of this.#groups) {
      const inputs = inputsFor(permissions).flatMap((document, alert): Input[] =>
        document === null ? [] : [{ alert, document }]
      );
      const undecided = runPlan(plan, inputs, hits, failures);
      hits.push(...await others.run(inputs, failures));
      for (const [filter, some] of undecided) {
        hits.push(...await others.runOne(filter, some, failures));
      }
    }
    return { hits, failures };
  }
}

/** Gives the alerts of which only MongoDB can tell whether they pass, by filter. */
function runPlan(
  plan: FilterPlan,
  inputs: readonly Input[],
  hits: Hit[],
  failures: FilterFailure[],
): Map<ActiveFilter, Input[]> {
  const undecided = new Map<ActiveFilter, Input[]>();
  const failed = new Set<ActiveFilter>();
  plan.now = new Date();
  for (const input of inputs) {
    const outcome = plan.run(input.document);
    for (const { filter, data } of outcome.passes) hits.push({ filter, alert: input.alert, data });
    for (const { filter, reason } of outcome.failures) {
      if (failed.has(filter)) continue; // Told of once for a batch.
      failed.add(filter);
      failures.push({ filterId: filter.filterId, fid: filter.fid, reason });
    }
    for (const filter of outcome.undecided) {
      undecided.set(filter, [...undecided.get(filter) ?? [], input]);
    }
  }
  return undecided;
}
