/** The way of one filter through the documents that are made of an alert. */
import type { Document } from "../../../contract/document.ts";
import { canonicalText } from "../canonical.ts";
import { type Context, StreamContext } from "../context.ts";
import {
  asFlow,
  compileStage,
  isOneToOne,
  isOverruled,
  refuseSortByIndex,
} from "../stages/compile_stage.ts";
import type { Stage } from "../stages/stage.ts";
import { Memo } from "./memo.ts";
import {
  type Check,
  type DocumentNode,
  type InputNode,
  ProjectedNode,
  ReplacedNode,
} from "./nodes.ts";

/** All must hold, then exactly one document must come out. */
export interface Route {
  /** Cheap ones that can't fail first; those that can, in the order of their stages. */
  readonly checks: readonly Check[];
  readonly documents: Memo<readonly Document[]>;
}

/** Makes the routes of all filters that see the same documents. */
export class Router {
  readonly #input: InputNode;
  readonly #now: () => Date;
  /** Streams of documents, by what made them. */
  readonly #streams = new Map<string, Memo<readonly Document[]>>();

  constructor(input: InputNode, now: () => Date) {
    this.#input = input;
    this.#now = now;
  }

  /** Throws `NotCompiled` or `FilterError` where MongoDB has to run it. */
  route(pipeline: readonly Document[]): Route {
    let node: DocumentNode = this.#input;
    const checks: Check[] = [];
    for (const [i, stage] of pipeline.entries()) {
      if (!isOneToOne(stage)) return this.#streamed(node, inOrder(checks), pipeline, i);
      const compiled = compileStage(stage, node.context(`stage ${i + 1}`));
      if (compiled.kind === "match") {
        checks.push(...compiled.predicates.map((predicate) => node.check(predicate)));
      } else if (compiled.kind !== "flow") node = this.#child(node, stage, compiled);
    }
    return { checks: inOrder(checks), documents: this.#single(node) };
  }

  #child(
    node: DocumentNode,
    stage: Document,
    compiled: Stage & { kind: "project" | "replace" },
  ): DocumentNode {
    const text = canonicalText(stage);
    const known = node.children.get(text);
    if (known) return known;
    const child = compiled.kind === "project"
      ? new ProjectedNode(node, compiled.projection, this.#now)
      : new ReplacedNode(node, node.expression(compiled.expression, ["newRoot"]), this.#now);
    node.children.set(text, child);
    return child;
  }

  #single(node: DocumentNode): Memo<readonly Document[]> {
    return this.#known(`${node.id}`, () => {
      node.settle();
      return [node.whole()];
    });
  }

  /** From the stage `from` on there may be any number of documents. */
  #streamed(
    node: DocumentNode,
    checks: readonly Check[],
    pipeline: readonly Document[],
    from: number,
  ): Route {
    const context: Context = StreamContext.root(this.#now);
    const stages = pipeline.slice(from);
    refuseSortByIndex(stages, context);
    // It makes a document of none.
    const isAlways = stages.some((stage) => "$facet" in stage);
    let documents = isAlways ? this.#ifPassed(node, checks) : this.#single(node);
    for (const [i, stage] of stages.entries()) {
      if (isOverruled(stages, i)) continue;
      const source = documents;
      const flow = asFlow(compileStage(stage, context.at(`stage ${from + i + 1}`)));
      documents = this.#known(`${source.id} ${canonicalText(stage)}`, () => flow(source.get()));
    }
    return { checks: isAlways ? [] : checks, documents };
  }

  #ifPassed(node: DocumentNode, checks: readonly Check[]): Memo<readonly Document[]> {
    const single = this.#single(node);
    return this.#known(
      `${node.id} if ${checks.map(({ id }) => id).join()}`,
      () => checks.every((check) => check.get()) ? single.get() : [],
    );
  }

  #known(key: string, compute: () => readonly Document[]): Memo<readonly Document[]> {
    const known = this.#streams.get(key);
    if (known) return known;
    const made = new Memo(this.#input.clock, compute);
    this.#streams.set(key, made);
    return made;
  }
}

/**
 * A check that can fail stays behind all those that it is guarded by: a filter may ask for an array
 * before it computes its size.
 */
function inOrder(checks: readonly Check[]): Check[] {
  const distinct = [...new Set(checks)];
  return [
    ...distinct.filter(({ canFail }) => !canFail).toSorted((a, b) => a.cost - b.cost),
    ...distinct.filter(({ canFail }) => canFail),
  ];
}
