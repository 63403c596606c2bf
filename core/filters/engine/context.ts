/** What a stage is compiled in: its place in the pipeline, and how its expressions are compiled. */
import type { Document } from "../../contract/document.ts";
import { compileExpression, rootScope } from "./expressions/compile.ts";
import type { Frame } from "./expressions/expression.ts";
import { NOW_SLOT, type Scope } from "./expressions/scope.ts";

/** What an expression gives for a document. Throws `FilterError`, `NotCompiled` or `BudgetError`. */
export type Compute = (document: Document) => unknown;

/** The same for a document within one, which `$$CURRENT` and paths are about. */
export type ComputeAt = (root: Document, current: Document) => unknown;

export interface Context {
  /** As `stage 3, $map.in`. */
  readonly place: string;
  /** A place within this one. */
  at(...parts: readonly (string | number)[]): Context;
  /** Throws `FilterError` or `NotCompiled`. */
  compile(expression: unknown): Compute;
  /** With constants as variables. */
  compileAt(expression: unknown, constants: Readonly<Record<string, unknown>>): ComputeAt;
}

/** For documents that come one after the other: each expression is evaluated for each. */
export class StreamContext implements Context {
  readonly #scope: Scope;
  readonly #now: () => Date;

  private constructor(scope: Scope, now: () => Date) {
    this.#scope = scope;
    this.#now = now;
  }

  /** `now` tells what `$$NOW` is. */
  static root(now: () => Date): StreamContext {
    return new StreamContext(rootScope(), now);
  }

  at(...parts: readonly (string | number)[]): StreamContext {
    return new StreamContext(this.#scope.at(...parts), this.#now);
  }

  get place(): string {
    return this.#scope.place;
  }

  compile(expression: unknown): Compute {
    const { evaluate, constant } = compileExpression(expression, this.#scope);
    if (constant !== undefined) return () => constant.value;
    let frame: Frame | undefined;
    return (document) => {
      frame ??= this.#scope.newFrame();
      frame[NOW_SLOT] = this.#now();
      return evaluate(document, frame);
    };
  }

  compileAt(expression: unknown, constants: Readonly<Record<string, unknown>>): ComputeAt {
    const { scope, slot } = this.#scope.withConstants(constants).bind("CURRENT");
    const { evaluate } = compileExpression(expression, scope);
    let frame: Frame | undefined;
    return (root, current) => {
      frame ??= this.#scope.newFrame();
      frame[NOW_SLOT] = this.#now();
      frame[slot] = current;
      return evaluate(root, frame);
    };
  }
}
