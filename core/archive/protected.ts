/**
 * What the system keeps for itself: who isn't the admin can't name these in a query, whatever way. One
 * list for all who ask; its test finds what the archive keeps and isn't on it.
 */
export const PROTECTED_COLLECTIONS: ReadonlySet<string> = new Set([
  "users",
  "tokens",
  "audit",
  "filters",
  "filter_allocations",
  "filter_faults",
  /** Of the original: nothing writes it any more. */
  "queries",
  "outbox",
  "outbox_leases",
  "replays",
  "replay_objects",
  "rejected",
  "demo",
]);
