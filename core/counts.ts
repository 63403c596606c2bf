/** Adds up what batches report: what `deno task run` shows, and what it prints at its end. */
import type { IngestReport } from "./contract/ingest.ts";

export const COUNTED = [
  "read",
  "stored",
  "known",
  "rejected",
  "scored",
  "matched",
  "passed",
] as const;
export type Counted = (typeof COUNTED)[number];

export class Counts {
  readonly totals = Object.fromEntries(COUNTED.map((name) => [name, 0])) as Record<Counted, number>;
  #firstMs: number | undefined;
  #lastMs = 0;

  /** From the first packet read to the last one stored, s. */
  get seconds(): number {
    return this.#firstMs === undefined ? 0 : Math.max(0, this.#lastMs - this.#firstMs) / 1_000;
  }

  /** The source gives its first packets. */
  begin(): void {
    this.#firstMs ??= performance.now();
  }

  add(reports: readonly IngestReport[]): void {
    for (const report of reports) {
      for (const name of COUNTED) this.totals[name] += report[name];
    }
    this.#lastMs = performance.now();
  }
}
