/** What an `$expr` asked of a document: its logic taken apart, both sides of each comparison told. */
import type { ConditionReport } from "../../contract/filter_reports.ts";
import { isObject, isTruthy } from "../engine/values.ts";
import { type Place, placeText } from "../query_tree.ts";
import { SIGNS } from "../words/condition_text.ts";
import { expressionText } from "../words/expression_text.ts";
import { brief, valueText } from "../words/value_text.ts";
import { allOf, oneOf, type Witness } from "./conditions.ts";
import { isLimiting, type Limiting, opposite, shortfall } from "./shortfall.ts";

export async function expressionReport(
  expression: unknown,
  place: Place,
  witness: Witness,
  wanted: boolean,
): Promise<ConditionReport[]> {
  const operator = operatorOf(expression);
  if (operator === undefined) return [await valueReport(expression, place, witness, wanted)];
  const { name, operands } = operator;
  const here = [...place, name];
  switch (name) {
    case "$and":
    case "$or": {
      const parts: ConditionReport[][] = [];
      for (const [i, each] of operands.entries()) {
        parts.push(await expressionReport(each, [...here, i], witness, wanted));
      }
      if ((name === "$and") === wanted) return parts.flat();
      return [oneOf(placeText(witness.stage, here), parts.map(allOf))];
    }
    case "$not":
      return await expressionReport(operands[0], here, witness, !wanted);
    case "$expr":
      return await expressionReport(operands[0], here, witness, wanted);
  }
  if (isLimiting(name) && operands.length === 2) {
    return [await comparisonReport(name, operands, { expression, place: here, witness, wanted })];
  }
  return [await valueReport(expression, here, witness, wanted)];
}

function operatorOf(expression: unknown): { name: string; operands: unknown[] } | undefined {
  if (!isObject(expression)) return undefined;
  const [name, ...others] = Object.keys(expression);
  if (name === undefined || others.length > 0 || !name.startsWith("$")) return undefined;
  const operand = expression[name];
  return { name, operands: Array.isArray(operand) ? operand : [operand] };
}

interface Asked {
  readonly expression: unknown;
  readonly place: Place;
  readonly witness: Witness;
  readonly wanted: boolean;
}

async function comparisonReport(
  name: Limiting,
  [left, right]: readonly unknown[],
  { expression, place, witness, wanted }: Asked,
): Promise<ConditionReport> {
  const { judge, document, stage } = witness;
  const asked = wanted ? name : opposite(name);
  const here = {
    place: placeText(stage, place),
    asks: `${expressionText(left)} must be ${SIGNS[asked]} ${expressionText(right)}`,
  };
  const [a, b, whole] = [
    await judge.value(left, document),
    await judge.value(right, document),
    await judge.value(expression, document),
  ];
  for (const each of [a, b, whole]) {
    if ("failure" in each) return { ...here, holds: null, failure: each.failure };
  }
  const [found, limit] = [a, b].map((each) => "value" in each ? each.value : undefined);
  const holds = "value" in whole && isTruthy(whole.value) === wanted;
  const short = holds ? undefined : shortfall(asked, limit, [found]);
  const path = pathOf(left);
  const made = path === undefined ? witness.madeFrom(left) : witness.madeOf(path);
  return {
    ...here,
    holds,
    found: isPlain(right)
      ? `it is ${valueText(found)}`
      : `it is ${valueText(found)}, and the other is ${valueText(limit)}`,
    values: [brief(found), brief(limit)].map((value) => value ?? null),
    ...short && { short },
    ...made && { made_of: made },
  };
}

async function valueReport(
  expression: unknown,
  place: Place,
  witness: Witness,
  wanted: boolean,
): Promise<ConditionReport> {
  const { judge, document, stage } = witness;
  const here = {
    place: placeText(stage, place),
    asks: `${expressionText(expression)} must be ${wanted ? "true" : "false"}`,
  };
  const told = await judge.value(expression, document);
  if ("failure" in told) return { ...here, holds: null, failure: told.failure };
  const { value } = told;
  const made = witness.madeFrom(expression);
  return {
    ...here,
    holds: isTruthy(value) === wanted,
    found: `it is ${valueText(value)}`,
    values: [brief(value ?? null)],
    ...made && { made_of: made },
  };
}

/** What needs no explaining: a number, a text. */
function isPlain(expression: unknown): boolean {
  return typeof expression === "string" ? !expression.startsWith("$") : !isObject(expression);
}

function pathOf(expression: unknown): string | undefined {
  return typeof expression === "string" && /^\$[^$]/.test(expression)
    ? expression.slice(1)
    : undefined;
}
