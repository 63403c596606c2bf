/** What a `$match` asked of a document, condition by condition: what was found, and how far off it is. */
import type { Document } from "../../contract/document.ts";
import type { ConditionReport, MadeOf } from "../../contract/filter_reports.ts";
import { placeText, type QueryNode } from "../query_tree.ts";
import type { Judge } from "./judge.ts";
import { fieldReport } from "./field_condition.ts";
import { expressionReport } from "./expression_condition.ts";

/** What conditions are told with. */
export interface Witness {
  /** From 1. */
  readonly stage: number;
  readonly document: Document;
  readonly judge: Judge;
  /** The unit of a field of the alert, if it has one and is what it was. */
  unitOf(path: string): string | undefined;
  /** What the value at a path was computed from, if it was. */
  madeOf(path: string): MadeOf | undefined;
  /** What an expression of the stage itself is computed from. */
  madeFrom(expression: unknown): MadeOf | undefined;
}

/**
 * All conditions, negations carried down to them: "none of a and b" is told as "not a, and not b".
 * `wanted` is false where the node must not hold.
 */
export async function conditionReports(
  node: QueryNode,
  witness: Witness,
  wanted = true,
): Promise<ConditionReport[]> {
  switch (node.kind) {
    case "field":
      return [await fieldReport(node, witness, wanted)];
    case "expression":
      return await expressionReport(node.expression, node.place, witness, wanted);
    case "other":
      return [await otherReport(node, witness, wanted)];
    case "not":
      return await conditionReports(node.inner, witness, !wanted);
    case "none":
      return await conditionReports({ ...node, kind: "any" }, witness, !wanted);
  }
  const parts: ConditionReport[][] = [];
  for (const part of node.parts) parts.push(await conditionReports(part, witness, wanted));
  if ((node.kind === "all") === wanted) return parts.flat();
  return [oneOf(placeText(witness.stage, node.place), parts.map(allOf))];
}

/** At least one of the ways has to hold. */
export function oneOf(place: string, ways: readonly ConditionReport[]): ConditionReport {
  if (ways.length === 1) return ways[0]!;
  const holds = ways.some((each) => each.holds)
    ? true
    : ways.some((each) => each.holds === null)
    ? null
    : false;
  return { place, asks: "at least one of these must hold", holds, parts: ways, choice: true };
}

/** As one, where they are one way of several. */
export function allOf(parts: readonly ConditionReport[]): ConditionReport {
  if (parts.length === 1) return parts[0]!;
  const asks = "all of these must hold";
  return { place: parts[0]?.place ?? "", asks, holds: allHold(parts), parts };
}

/** Null where one can't be told and no other decides. */
function allHold(parts: readonly ConditionReport[]): boolean | null {
  if (parts.some(({ holds }) => holds === false)) return false;
  return parts.some(({ holds }) => holds === null) ? null : true;
}

async function otherReport(
  { place, query }: QueryNode & { kind: "other" },
  { stage, judge, document }: Witness,
  wanted: boolean,
): Promise<ConditionReport> {
  const told = await judge.holds(query, document);
  const asks = `${Object.keys(query)[0] ?? "it"} must${wanted ? "" : " not"} hold`;
  const here = { place: placeText(stage, place), asks };
  return "failure" in told
    ? { ...here, holds: null, failure: told.failure }
    : { ...here, holds: told.value === wanted };
}
