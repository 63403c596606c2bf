/** Asks single conditions and expressions of a document: in process, or in MongoDB where they aren't compiled. */
import type { Document } from "../../contract/document.ts";
import type { StageReport } from "../../contract/filter_reports.ts";
import { QueryError } from "../../contract/query.ts";
import { giveBudget } from "../engine/budget.ts";
import { StreamContext } from "../engine/context.ts";
import { BudgetError, FilterError, NotCompiled } from "../engine/errors.ts";
import { compileQuery } from "../engine/match/query.ts";
import { asFlow, compileStage } from "../engine/stages/compile_stage.ts";

/** Runs one stage on documents in MongoDB. Rejects with what MongoDB says. */
export type RunElsewhere = (
  documents: readonly Document[],
  stage: Document,
) => Promise<readonly Document[]>;

/** What was asked, or why it can't be told. */
export type Told<T> = { readonly value: T } | { readonly failure: string };

/** What one condition or stage may do here: as much as a filter may for an alert. */
const STEPS_MAX = 1_000_000;

/** What came of a stage. */
export interface Step {
  readonly documents: readonly Document[];
  readonly ran: StageReport["ran"];
  readonly failure?: string;
}

export class Judge {
  readonly #elsewhere: RunElsewhere;
  readonly #context: StreamContext;
  readonly #endMs: number;

  /** After `timeMsMax` nothing more is looked at: a filter may be as expensive as anybody likes. */
  constructor(elsewhere: RunElsewhere, now: Date, timeMsMax: number) {
    this.#elsewhere = elsewhere;
    this.#context = StreamContext.root(() => now);
    this.#endMs = performance.now() + timeMsMax;
  }

  /** What the stage makes of the documents, and where it did. */
  async run(stage: Document, at: number, documents: readonly Document[]): Promise<Step> {
    const context = this.#context.at(`stage ${at}`);
    const told = await this.#ask(
      (): Step => ({
        documents: asFlow(compileStage(stage, context))(documents),
        ran: "in process",
      }),
      async (): Promise<Step> => ({
        documents: await this.#elsewhere(documents, stage),
        ran: "in MongoDB",
      }),
    );
    return "value" in told ? told.value : { documents: [], ran: "in process", ...told };
  }

  /** Whether the document fulfils the query. */
  holds(query: Document, document: Document): Promise<Told<boolean>> {
    return this.#ask(
      () => compileQuery(query, this.#context).every((each) => each.test(document)),
      async () => (await this.#elsewhere([document], { $match: query })).length === 1,
    );
  }

  /** The value of an expression; undefined: it is missing. */
  value(expression: unknown, document: Document): Promise<Told<unknown>> {
    return this.#ask(
      () => this.#context.compile(expression)(document),
      async () => {
        const [made] = await this.#elsewhere([document], { $replaceWith: { value: expression } });
        return made!.value;
      },
    );
  }

  async #ask<T>(here: () => T, there: () => Promise<T>): Promise<Told<T>> {
    if (performance.now() > this.#endMs) return { failure: "there was no time left to look at it" };
    try {
      giveBudget(STEPS_MAX);
      return { value: here() };
    } catch (error) {
      if (!(error instanceof NotCompiled)) return { failure: failureOf(error) };
    }
    try {
      return { value: await there() };
    } catch (error) {
      return { failure: failureOf(error) };
    }
  }
}

/** What went wrong with a filter, in words; what is wrong with the program is thrown on. */
function failureOf(error: unknown): string {
  const isOfFilter = error instanceof FilterError || error instanceof BudgetError ||
    error instanceof NotCompiled || error instanceof RangeError || error instanceof QueryError;
  if (!isOfFilter) throw error;
  return error.message;
}
