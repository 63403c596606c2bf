/**
 * Where an expression stands while it is compiled: its place in the filter, and the variables it may
 * read.
 */
import { FilterError, NotCompiled } from "../errors.ts";
import { constant, type Expression, type Frame } from "./expression.ts";

/** What a variable is: at a slot of the frame, or known. */
type Variable = { readonly slot: number; readonly origin?: string | undefined } | {
  readonly constant: unknown;
};

/** A path of the document that a filter reads, and where it does. */
export interface ReadPath {
  /** Empty for the whole document. */
  readonly path: string;
  readonly place: string;
}

/** Makes one expression of several that are equal: called for operators that read no variables. */
export type Share = (json: unknown, expression: Expression) => Expression;

/** What all scopes of one pipeline have in common. */
interface Program {
  slots: number;
  readonly paths: ReadPath[];
  readonly share: Share;
  readonly compile: Compile;
}

export type Compile = (json: unknown, scope: Scope) => Expression;

export const NOW_SLOT = 0;

export class Scope {
  /** As `stage 3, $map.in`. */
  readonly place: string;
  readonly #variables: ReadonlyMap<string, Variable>;
  readonly #program: Program;
  /** MongoDB leaves what stands here in the order in which it was written. */
  readonly isAsWritten: boolean;

  private constructor(
    place: string,
    variables: ReadonlyMap<string, Variable>,
    program: Program,
    isAsWritten = false,
  ) {
    this.place = place;
    this.#variables = variables;
    this.#program = program;
    this.isAsWritten = isAsWritten;
  }

  /** Of a whole pipeline. `place` says which, if there are several. */
  static root(compile: Compile, place = "", share: Share = (_, expression) => expression): Scope {
    const program = { slots: NOW_SLOT + 1, paths: [], share, compile };
    return new Scope(place, new Map(), program);
  }

  /** Room for the variables of everything compiled so far; `$$NOW` is set. */
  newFrame(now: Date = new Date()): Frame {
    const frame: Frame = new Array(this.#program.slots).fill(undefined);
    frame[NOW_SLOT] = now;
    return frame;
  }

  /** What was read of the document so far, by everything compiled in this pipeline. */
  get paths(): readonly ReadPath[] {
    return this.#program.paths;
  }

  /** A place within this one: `stage 3`, then `$map`, then `in`. */
  at(...parts: readonly (string | number)[]): Scope {
    if (parts.length === 0) return this;
    const inner = parts.join(".");
    const glue = this.place === "" ? "" : /^\$|, /.test(this.place) ? "." : ", ";
    return this.#with({ place: `${this.place}${glue}${inner}` });
  }

  /** The same scope, for what MongoDB doesn't rearrange. */
  asWritten(): Scope {
    return this.#with({ isAsWritten: true });
  }

  compile(json: unknown, ...parts: readonly (string | number)[]): Expression {
    return this.#program.compile(json, this.at(...parts));
  }

  share(json: unknown, expression: Expression): Expression {
    const isShared = !this.isAsWritten && expression.free.size === 0 && !expression.volatile;
    return !isShared || expression.constant !== undefined
      ? expression
      : this.#program.share(json, expression);
  }

  /** The same scope with one more variable, whose value is to be put into the frame at `slot`. */
  bind(name: string, origin?: string): { readonly scope: Scope; readonly slot: number } {
    const slot = this.#program.slots++;
    const variables = new Map(this.#variables).set(name, { slot, origin });
    return { scope: this.#with({ variables }), slot };
  }

  /** The same scope with variables whose values are known. */
  withConstants(values: Readonly<Record<string, unknown>>): Scope {
    const variables = new Map(this.#variables);
    for (const [name, value] of Object.entries(values)) variables.set(name, { constant: value });
    return this.#with({ variables });
  }

  #with(
    { place = this.place, variables = this.#variables, isAsWritten = this.isAsWritten },
  ): Scope {
    return new Scope(place, variables, this.#program, isAsWritten);
  }

  /** The variable of this name: a slot, a constant, or the document itself. */
  variable(
    name: string,
  ): Expression | { readonly slot: number; readonly origin?: string | undefined } | "root" {
    const own = this.#variables.get(name);
    if (own !== undefined) return "slot" in own ? own : constant(own.constant);
    switch (name) {
      case "ROOT":
      case "CURRENT":
        return "root";
      case "REMOVE":
        return constant(undefined);
      case "NOW":
        return { slot: NOW_SLOT };
      case "CLUSTER_TIME":
      case "USER_ROLES":
      case "SEARCH_META":
        throw new NotCompiled(`$$${name} is known to the server only`, this.place);
      default:
        throw this.error(17276, `Use of undefined variable: ${name}`);
    }
  }

  reads(path: string): void {
    this.#program.paths.push({ path, place: this.place });
  }

  error(code: number, message: string): FilterError {
    return new FilterError(code, message, this.place);
  }

  notCompiled(reason: string): NotCompiled {
    return new NotCompiled(reason, this.place);
  }
}
