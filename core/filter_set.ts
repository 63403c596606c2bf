/** The active filters of a survey, kept up to date: live within seconds of a change. */
import type { ActiveFilter } from "./contract/passed.ts";

/** All filters of one moment. The version changes with any of them. */
export interface FilterSet {
  readonly version: string;
  readonly filters: readonly ActiveFilter[];
}

export const NO_FILTERS: FilterSet = { version: "none", filters: [] };
