/** How a filter runs: where, on which fields, what is asked first, and what is odd about it. */
import type { Document } from "../../contract/document.ts";
import type { FilterSchema } from "../../contract/filter_fields.ts";
import type { Finding } from "../../contract/filters.ts";
import { sideBySide } from "../batch_pipeline.ts";
import { checkFilter } from "../checks/check_filter.ts";
import { StreamContext } from "../engine/context.ts";
import { NotCompiled } from "../engine/errors.ts";
import { compileQuery } from "../engine/match/query.ts";
import { isObject } from "../engine/values.ts";
import { type FieldCondition, placeText, type QueryNode, readQuery } from "../query_tree.ts";
import { askText } from "../words/condition_text.ts";
import { expressionText } from "../words/expression_text.ts";
import { routeOf, type StageRoute } from "./stage_routes.ts";

export interface Explanation {
  readonly runs: StageRoute["runs"];
  readonly reason?: string;
  readonly stages: readonly {
    readonly stage: number;
    readonly name: string;
    readonly runs: StageRoute["runs"];
    readonly place?: string;
    readonly reason?: string;
  }[];
  /** Fields of the alert; null: it may look at all of it. */
  readonly reads: readonly string[] | null;
  readonly leading: readonly Leading[];
  readonly findings: readonly Finding[];
}

/** A condition that is asked of the alert as it comes in. */
export interface Leading {
  readonly place: string;
  readonly asks: string;
  /** One look-up tells of all filters that limit this number which ones it lets through. */
  readonly indexed: boolean;
}

export function explainFilter(
  pipeline: readonly Document[],
  schema: FilterSchema | undefined,
): Explanation {
  const routes = routeOf(pipeline);
  const { findings, reads } = checkFilter(pipeline, schema);
  const other = routes.find(({ runs }) => runs === "in MongoDB");
  return {
    runs: other ? "in MongoDB" : "in process",
    ...other && { reason: reasonOf(other, pipeline) },
    stages: routes.map(({ stage, name, runs, place, reason, failure }) => ({
      stage,
      name,
      runs,
      ...runs === "in MongoDB" && {
        place: placeText(stage, place),
        reason: failure ?? reason ?? "",
      },
    })),
    reads,
    leading: leadingOf(pipeline),
    findings,
  };
}

function reasonOf(
  { stage, place, reason, failure }: StageRoute,
  pipeline: readonly Document[],
): string {
  const what = `${placeText(stage, place)}: ${failure ?? reason}`;
  return sideBySide(pipeline) === null
    ? `${what}; it runs there for each alert by itself`
    : `${what}; it runs there once for all alerts of a batch`;
}

/** Conditions of the first stages, as far as they are on fields that no stage has changed. */
function leadingOf(pipeline: readonly Document[]): Leading[] {
  const changed = new Set<string>();
  const leading: Leading[] = [];
  for (const [i, stage] of pipeline.entries()) {
    const [[name, specification]] = Object.entries(stage) as [[string, unknown]];
    if (name === "$match") {
      leading.push(
        ...conditionsOf(readQuery(specification, [name]))
          .filter((node) => node.kind !== "field" || !changed.has(node.path.split(".")[0]!))
          .filter((node) => node.kind === "field" || changed.size === 0)
          .map((node) => toLeading(node, i + 1)),
      );
    } else if (name === "$addFields" || name === "$set" || name === "$project") {
      for (const [path, shown] of Object.entries(isObject(specification) ? specification : {})) {
        if (typeof shown === "string" || isObject(shown)) changed.add(path.split(".")[0]!);
      }
    } else if (name === "$unset") {
      for (const path of [specification].flat()) changed.add(String(path).split(".")[0]!);
    } else break;
  }
  return leading.slice(0, LEADING_MAX);
}

/** More than anybody reads. */
const LEADING_MAX = 100;

/** Those that must all hold. */
function conditionsOf(node: QueryNode): QueryNode[] {
  return node.kind === "all" ? node.parts.flatMap(conditionsOf) : [node];
}

function toLeading(node: QueryNode, stage: number): Leading {
  return {
    place: placeText(stage, node.place),
    asks: asksOf(node),
    indexed: node.kind === "field" && isIndexed(node),
  };
}

function asksOf(node: QueryNode): string {
  switch (node.kind) {
    case "field":
      return `${node.path} ${askText(node.operator, node.operand, true)}`;
    case "expression":
      return `${expressionText(node.expression)} must be true`;
    case "not":
      return `not: ${asksOf(node.inner)}`;
    case "other":
      return `${Object.keys(node.query)[0]} must hold`;
    case "all":
      return node.parts.map(asksOf).join(", and ");
    case "any":
      return `one of: ${node.parts.map(asksOf).join("; ")}`;
    case "none":
      return `none of: ${node.parts.map(asksOf).join("; ")}`;
  }
}

function isIndexed({ query }: FieldCondition): boolean {
  try {
    return compileQuery(query, StreamContext.root(() => new Date()))
      .every(({ bound }) => bound !== undefined);
  } catch (error) {
    if (!(error instanceof NotCompiled)) throw error;
    return false;
  }
}
