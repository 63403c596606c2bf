/**
 * The documents that filters make of an alert, one after the other: a node for each. Filters that do
 * the same to a document share the node of what comes out; equal expressions on it are evaluated
 * once; and one that reads only what an earlier document had already is evaluated there. Nothing is
 * computed before it is asked for.
 */
import type { Document } from "../../../contract/document.ts";
import { canonicalText } from "../canonical.ts";
import type { Compute, Context } from "../context.ts";
import { compileExpression, rootScope } from "../expressions/compile.ts";
import type { Expression, Frame } from "../expressions/expression.ts";
import { NOW_SLOT, type Scope } from "../expressions/scope.ts";
import { NotCompiled } from "../errors.ts";
import type { Predicate } from "../match/query.ts";
import { compilePath } from "../paths.ts";
import { type Reads, readsOf } from "../reads.ts";
import type { Projection } from "../stages/projection.ts";
import { newRootOf } from "../stages/stage.ts";
import { isObject } from "../values.ts";
import { type Clock, Memo } from "./memo.ts";

/** A value that is the same wherever it is asked for. */
export interface Slot {
  readonly id: number;
  get(): unknown;
  /** About, in comparisons. */
  readonly cost: number;
  /** Computing it may fail: what only reads never does. */
  readonly canFail: boolean;
}

/** A predicate on a node's document. */
export interface Check {
  readonly id: number;
  get(): boolean;
  readonly cost: number;
  readonly canFail: boolean;
  readonly predicate: Predicate;
  /** Where it tests one value: that value. */
  readonly slot?: Slot;
}

/** Expressions of fewer operators cost less than to remember them. */
const SHARED_OPERATORS_MIN = 3;
/** What an operator costs, in comparisons; one that goes through an array, as many times more. */
const OPERATOR_COST = 3;
const LOOP_COST = 100;
const LOOPS = new Set(["$map", "$filter", "$reduce", "$sortArray", "$function", "$range", "$zip"]);

export abstract class DocumentNode {
  readonly id: number;
  readonly clock: Clock;
  readonly children = new Map<string, DocumentNode>();
  readonly #now: () => Date;
  readonly #expressions = new Map<string, Memo<unknown> & Slot>();
  readonly #parts = new Map<string, Expression>();
  readonly #checks = new Map<string, Check>();
  readonly #scope: Scope;
  #frame: Frame | undefined;

  constructor(clock: Clock, now: () => Date) {
    this.clock = clock;
    this.#now = now;
    this.id = new Memo(clock, () => 0).id;
    this.#scope = rootScope("", (json, expression) => this.#share(json, expression));
  }

  /** The whole document. */
  abstract whole(): Document;
  /** Computes all that MongoDB would have computed by here, used or not: it may fail. */
  abstract settle(): void;
  /** The document, of which only fields that `require` named may be asked for. */
  protected abstract readonly view: Document;
  abstract require(names: Iterable<string>): void;
  abstract field(name: string): Slot;
  /** The node before this one, if all of these fields are the same there. */
  protected abstract before(names: ReadonlySet<string>): DocumentNode | undefined;

  /** The earliest node where something that reads these gives the same. */
  home(reads: Reads): DocumentNode {
    const before = reads === null ? undefined : this.before(reads);
    return before === undefined ? this : before.home(reads);
  }

  /** The document as something that reads these may see it. */
  documentFor(reads: Reads): () => Document {
    if (reads === null) return () => this.whole();
    this.require(reads);
    return () => this.view;
  }

  /** What stages of this node's document are compiled in. */
  context(...place: readonly (string | number)[]): Context {
    return new NodeContext(this, place);
  }

  /** An expression on this document, wherever it is evaluated. */
  expression(expression: unknown, place: readonly (string | number)[]): Slot {
    const reads = readsOf(expression);
    return this.home(reads).#ownExpression(expression, reads, place);
  }

  #ownExpression(expression: unknown, reads: Reads, place: readonly (string | number)[]): Slot {
    const text = canonicalText(expression);
    const known = this.#expressions.get(text);
    if (known) return known;
    const { evaluate, constant, volatile } = compileExpression(
      expression,
      this.#scope.at(...place.slice(0, 1)).at(...place.slice(1)),
    );
    const document = this.documentFor(reads);
    const compute = constant === undefined
      ? () => evaluate(document(), this.#variables())
      : () => constant.value;
    const { cost, canFail } = describe(expression);
    const slot = Object.assign(new Memo(this.clock, compute), { cost, canFail });
    if (!volatile) this.#expressions.set(text, slot);
    return slot;
  }

  #variables(): Frame {
    const frame = this.#frame ??= this.#scope.newFrame();
    frame[NOW_SLOT] = this.#now();
    return frame;
  }

  /** Parts of expressions that are equal become one. */
  #share(json: unknown, expression: Expression): Expression {
    if (operatorsIn(json) < SHARED_OPERATORS_MIN) return expression;
    const text = canonicalText(json);
    const known = this.#parts.get(text);
    if (known) return known;
    const document = this.documentFor(readsOf(json));
    const memo = new Memo(
      this.clock,
      () => expression.evaluate(document(), this.#variables()),
    );
    const shared: Expression = { ...expression, evaluate: () => memo.get() };
    this.#parts.set(text, shared);
    return shared;
  }

  check(predicate: Predicate): Check {
    return this.home(predicate.reads).#ownCheck(predicate);
  }

  #ownCheck(predicate: Predicate): Check {
    const slot = predicate.field && this.field(predicate.field.name);
    const key = slot ? `${slot.id}:${predicate.field!.key}` : predicate.key;
    const known = this.#checks.get(key);
    if (known) return known;
    const document = this.documentFor(predicate.reads);
    const memo = new Memo(
      this.clock,
      slot ? () => predicate.field!.test(slot.get()) : () => predicate.test(document()),
    );
    const check = Object.assign(memo, {
      cost: predicate.cost + (slot?.cost ?? this.#costOf(predicate.reads)),
      canFail: predicate.expression !== undefined ||
        (slot?.canFail ?? this.#canFail(predicate.reads)),
      predicate,
      ...slot && { slot },
    });
    this.#checks.set(key, check);
    return check;
  }

  #costOf(reads: Reads): number {
    return [...reads ?? []].reduce((sum, name) => sum + this.field(name).cost, 0);
  }

  #canFail(reads: Reads): boolean {
    return reads === null || [...reads].some((name) => this.field(name).canFail);
  }
}

/** The alert as it comes in. */
export class InputNode extends DocumentNode {
  input: Document = {};
  readonly #fields = new Map<string, Slot>();

  override whole(): Document {
    return this.input;
  }

  override settle(): void {}

  protected override get view(): Document {
    return this.input;
  }

  override require(): void {}

  protected override before(): undefined {}

  override field(name: string): Slot {
    const known = this.#fields.get(name);
    if (known) return known;
    const { id } = new Memo(this.clock, () => 0);
    const read = compilePath([name]);
    const slot = { id, get: () => read(this.input), cost: 0, canFail: false };
    this.#fields.set(name, slot);
    return slot;
  }
}

/** What a projection makes of the document before. */
export class ProjectedNode extends DocumentNode {
  protected override readonly view: Document = {};
  readonly #parent: DocumentNode;
  readonly #projection: Projection;
  readonly #whole: Memo<Document>;
  readonly #fields = new Map<string, Slot>();

  constructor(parent: DocumentNode, projection: Projection, now: () => Date) {
    super(parent.clock, now);
    this.#parent = parent;
    this.#projection = projection;
    this.#whole = new Memo(
      parent.clock,
      () => projection.assemble(parent.whole(), (name) => this.field(name).get()),
    );
  }

  override whole(): Document {
    return this.#whole.get();
  }

  override settle(): void {
    this.#parent.settle();
    for (const name of this.#projection.computed) this.field(name).get();
  }

  override require(names: Iterable<string>): void {
    for (const name of names) {
      if (Object.hasOwn(this.view, name)) continue;
      const slot = this.field(name);
      Object.defineProperty(this.view, name, { get: () => slot.get(), enumerable: true });
    }
  }

  protected override before(names: ReadonlySet<string>): DocumentNode | undefined {
    const isKept = (name: string) => this.#projection.source(name).kind === "kept";
    return [...names].every(isKept) ? this.#parent : undefined;
  }

  override field(name: string): Slot {
    const known = this.#fields.get(name);
    if (known) return known;
    const slot = this.#makeField(name);
    this.#fields.set(name, slot);
    return slot;
  }

  #makeField(name: string): Slot {
    const source = this.#projection.source(name);
    switch (source.kind) {
      case "kept":
        return this.#parent.field(name);
      case "dropped":
        return ABSENT;
    }
    if (source.expression !== undefined) return this.#parent.expression(source.expression, [name]);
    const document = this.#parent.documentFor(source.reads);
    const memo = new Memo(this.clock, () => source.compute(document()));
    return Object.assign(memo, { cost: LOOP_COST, canFail: true });
  }
}

/** A document that takes the place of the one before. */
export class ReplacedNode extends DocumentNode {
  readonly #parent: DocumentNode;
  readonly #whole: Memo<Document>;
  readonly #fields = new Map<string, Slot>();
  readonly #cost: number;

  constructor(parent: DocumentNode, slot: Slot, now: () => Date) {
    super(parent.clock, now);
    this.#parent = parent;
    this.#cost = slot.cost;
    this.#whole = new Memo(parent.clock, () => newRootOf(slot.get()));
  }

  override whole(): Document {
    return this.#whole.get();
  }

  override settle(): void {
    this.#parent.settle();
    this.#whole.get();
  }

  protected override get view(): Document {
    return this.#whole.get();
  }

  override require(): void {}

  protected override before(): undefined {}

  override field(name: string): Slot {
    const known = this.#fields.get(name);
    if (known) return known;
    const read = compilePath([name]);
    const memo = new Memo(this.clock, () => read(this.whole()));
    const slot = Object.assign(memo, { cost: this.#cost, canFail: true });
    this.#fields.set(name, slot);
    return slot;
  }
}

const ABSENT: Slot = { id: 0, get: () => undefined, cost: 0, canFail: false };

/** Compiles expressions for one node's document; what they give doesn't depend on who is asking. */
class NodeContext implements Context {
  readonly #node: DocumentNode;
  readonly #place: readonly (string | number)[];

  constructor(node: DocumentNode, place: readonly (string | number)[]) {
    this.#node = node;
    this.#place = place;
  }

  get place(): string {
    const [stage, ...parts] = this.#place;
    return parts.length === 0 ? `${stage ?? ""}` : `${stage}, ${parts.join(".")}`;
  }

  at(...parts: readonly (string | number)[]): NodeContext {
    return new NodeContext(this.#node, [...this.#place, ...parts]);
  }

  compile(expression: unknown): Compute {
    const slot = this.#node.expression(expression, this.#place);
    return () => slot.get();
  }

  compileAt(): never {
    throw new NotCompiled("documents within one, one by one", this.place);
  }
}

function describe(expression: unknown): { cost: number; canFail: boolean } {
  const operators = operatorsIn(expression);
  return {
    cost: 1 + OPERATOR_COST * operators + LOOP_COST * loopsIn(expression),
    canFail: operators > 0,
  };
}

function operatorsIn(expression: unknown): number {
  return countNames(expression, (name) => name.startsWith("$"));
}

function loopsIn(expression: unknown): number {
  return countNames(expression, (name) => LOOPS.has(name));
}

function countNames(value: unknown, isCounted: (name: string) => boolean): number {
  if (Array.isArray(value)) {
    return value.reduce((sum, item) => sum + countNames(item, isCounted), 0);
  }
  if (!isObject(value)) return 0;
  return Object.entries(value).reduce(
    (sum, [name, inner]) => sum + (isCounted(name) ? 1 : 0) + countNames(inner, isCounted),
    0,
  );
}
