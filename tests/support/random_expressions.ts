/**
 * Random aggregation expressions of each operator, mostly with operands of the kinds that it is for.
 */
import type { Random } from "./random.ts";
import { FIELDS, type Kind, POINT_FIELDS, randomOf } from "./random_documents.ts";
import { type Template, TEMPLATES } from "./random_operators.ts";

/** How often an operand is of any kind, whatever it should be. */
const ODD = 0.06;
const KINDS: readonly Kind[] = [
  "number",
  "integer",
  "string",
  "bool",
  "date",
  "object",
  "array",
  "any",
];

/** `names`: the operators to take, all by default. */
export function randomExpression(
  random: Random,
  depth: number,
  names?: readonly string[],
): unknown {
  const maker = new Maker(random, depth);
  const chosen = names === undefined
    ? random.pick(TEMPLATES)
    : random.pick(TEMPLATES.filter(([name]) => names.includes(name)));
  return maker.operator(chosen);
}

interface Variable {
  readonly path: string;
  readonly kind: Kind;
}

export class Maker {
  readonly random: Random;
  #depth: number;
  #variables: readonly Variable[] = [];

  constructor(random: Random, depth: number) {
    this.random = random;
    this.#depth = depth;
  }

  operator([name, , make]: Template): unknown {
    this.#depth--;
    const operand = make(this);
    this.#depth++;
    return { [name]: operand };
  }

  /** An expression that is mostly of this kind. */
  of(kind: Kind): unknown {
    const { random } = this;
    const wanted = random.chance(ODD) ? random.pick(KINDS) : kind;
    if (this.#depth <= 0 || random.chance(0.35)) return this.#leaf(wanted);
    const fitting = wanted === "any"
      ? TEMPLATES
      : BY_KIND.get(wanted === "integer" && random.chance(0.5) ? "number" : wanted)!;
    return this.operator(random.pick(fitting));
  }

  #leaf(kind: Kind): unknown {
    const { random } = this;
    const fitting = this.#variables.filter((each) => each.kind === kind || kind === "any");
    if (fitting.length > 0 && random.chance(0.5)) return `$$${random.pick(fitting).path}`;
    if (random.chance(0.55)) {
      const names = FIELDS[kind];
      return random.chance(0.01) ? "$$ROOT" : `$${random.pick(names)}`;
    }
    if (random.chance(0.02)) return "$$REMOVE";
    return { $literal: randomOf(random, kind) };
  }

  /** With a variable within. */
  with(name: string, kind: Kind, make: () => unknown): unknown {
    const before = this.#variables;
    const own: Variable[] = [{ path: name, kind }];
    if (kind === "object") {
      for (const [field, each] of Object.entries(POINT_FIELDS)) {
        own.push({ path: `${name}.${field}`, kind: each });
      }
    }
    this.#variables = [...before, ...own];
    const made = make();
    this.#variables = before;
    return made;
  }

  list(kind: Kind, min: number, max: number): unknown[] {
    return Array.from({ length: min + this.random.below(max - min + 1) }, () => this.of(kind));
  }

  /** Given half of the time. */
  maybe(name: string, make: () => unknown): Record<string, unknown> {
    return this.random.chance(0.5) ? { [name]: make() } : {};
  }

  pick<T>(...list: readonly T[]): T {
    return this.random.pick(list);
  }
}

const BY_KIND = Map.groupBy(TEMPLATES, ([, kind]) => kind);

/** The names of all operators that are made here. */
export const RANDOM_OPERATORS: ReadonlySet<string> = new Set(TEMPLATES.map(([name]) => name));
