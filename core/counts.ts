/** Adds up what batches report: what `deno task run` shows, and what it prints at its end. */
import { type IngestReport, type Outcome, OUTCOMES } from "./contract/ingest.ts";

export class Counts {
  readonly totals = Object.fromEntries(OUTCOMES.map((name) => [name, 0])) as Record<
    Outcome,
    number
  >;
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
      for (const name of OUTCOMES) this.totals[name] += report[name];
    }
    this.#lastMs = performance.now();
  }
}
