/**
 * Conditions that can't hold together: of one field, in one `$match` or in several, until the field is
 * computed anew. Only of fields that have one value, as different items of an array may fulfil each.
 */
import { StreamContext } from "../engine/context.ts";
import { NotCompiled } from "../engine/errors.ts";
import { compileQuery } from "../engine/match/query.ts";
import { compare, typePlace } from "../engine/values.ts";
import { type FieldCondition, placeText, type QueryNode } from "../query_tree.ts";
import { askText } from "../words/condition_text.ts";
import type { Findings } from "./findings.ts";
import { lookUp, type Shape } from "./shape.ts";

/** More conditions on one field are no filter, and would be compared with each other. */
const DEMANDS_MAX = 20;

interface Demand {
  readonly condition: FieldCondition;
  readonly stage: number;
}

/** What is asked of each path so far. */
export class Demands {
  readonly #byPath: Map<string, readonly Demand[]>;
  /** One way of several: the others may be open. */
  readonly #isOneWay: boolean;

  constructor(byPath: Iterable<readonly [string, readonly Demand[]]> = [], isOneWay = false) {
    this.#byPath = new Map(byPath);
    this.#isOneWay = isOneWay;
  }

  /** A stage has given these fields other values. */
  forget(names: ReadonlySet<string> | "all"): void {
    for (const path of this.#byPath.keys()) {
      if (names === "all" || names.has(path.split(".")[0]!)) this.#byPath.delete(path);
    }
  }

  /** All that a query asks for, too; tells what can't be had together. */
  add(node: QueryNode, stage: number, root: Shape, findings: Findings): void {
    switch (node.kind) {
      case "all":
        for (const part of node.parts) this.add(part, stage, root, findings);
        return;
      case "field":
        return this.#addField({ condition: node, stage }, root, findings);
      case "any":
        // Each way by itself, together with what is asked for in any case.
        for (const part of node.parts) {
          const isOneWay = this.#isOneWay || node.parts.length > 1;
          new Demands(this.#byPath, isOneWay).add(part, stage, root, findings);
        }
    }
  }

  #addField(demand: Demand, root: Shape, findings: Findings): void {
    const { condition: { path, operator, operand, place }, stage } = demand;
    if (!DECISIVE.has(operator)) return;
    const found = lookUp(root, path.split("."), "query");
    if (!("shape" in found) || found.many || found.shape.kind !== "value") return;
    const before = this.#byPath.get(path) ?? [];
    if (before.length >= DEMANDS_MAX) return;
    const other = before.find((each) => excludes(each.condition, demand.condition)) ??
      (isEmpty([...before, demand].map(({ condition }) => condition)) ? before.at(-1) : undefined);
    if (other !== undefined) {
      const { condition } = other;
      findings.add(
        this.#isOneWay ? "warning" : "error",
        stage,
        place,
        `nothing can pass${this.#isOneWay ? " this way" : ""}, as ${path} ${
          askText(operator, operand, true)
        } here and ` +
          `${askText(condition.operator, condition.operand, true)} by ` +
          placeText(other.stage, condition.place),
      );
    }
    this.#byPath.set(path, [...before, demand]);
  }
}

const DECISIVE = new Set(["$eq", "$gt", "$gte", "$lt", "$lte", "$in", "$ne", "$nin"]);
const LOWER = new Set(["$gt", "$gte"]);
const UPPER = new Set(["$lt", "$lte"]);

/** Whether no value is within both limits. */
function excludes(a: FieldCondition, b: FieldCondition): boolean {
  const [lower, upper] = LOWER.has(a.operator) ? [a, b] : [b, a];
  if (!LOWER.has(lower.operator) || !UPPER.has(upper.operator)) return false;
  // Limits of different types are limits for values of different types.
  if (typePlace(lower.operand) !== typePlace(upper.operand)) return true;
  const order = compare(lower.operand, upper.operand);
  return order > 0 || order === 0 && (lower.operator === "$gt" || upper.operator === "$lt");
}

/** Whether of the values that one of them names none fulfils all. */
function isEmpty(conditions: readonly FieldCondition[]): boolean {
  const listed = conditions.find(({ operator }) => operator === "$eq" || operator === "$in");
  if (listed === undefined || conditions.length < 2) return false;
  const values = listed.operator === "$in" ? listed.operand : [listed.operand];
  if (!Array.isArray(values)) return false;
  try {
    const context = StreamContext.root(() => new Date());
    const tests = conditions.flatMap(({ operator, operand }) =>
      compileQuery({ value: { [operator]: operand } }, context)
    );
    return !values.some((value) => tests.every((each) => each.test({ value })));
  } catch (error) {
    if (!(error instanceof NotCompiled)) throw error;
    return false;
  }
}
