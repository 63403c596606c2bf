/** All operators of expressions that are known here, by name. */
import { ACCUMULATORS } from "./accumulators.ts";
import { ARITHMETIC } from "./arithmetic.ts";
import { ARRAY_BUILDING } from "./array_building.ts";
import { ARRAYS } from "./arrays.ts";
import { COMPARISON, LOGIC } from "./comparison.ts";
import { CONDITIONALS } from "./conditionals.ts";
import { CONVERSION } from "./conversion.ts";
import { DATE_OPERATORS } from "./date_operators.ts";
import { DATES } from "./dates.ts";
import type { Operators } from "./define.ts";
import { OBJECTS } from "./objects.ts";
import { ELSEWHERE, IN_MONGODB, REFUSED } from "./elsewhere.ts";
import { POWERS, TRIGONOMETRY } from "./powers.ts";
import { REGEX } from "./regex.ts";
import { ROUNDING } from "./rounding.ts";
import { SETS } from "./sets.ts";
import { STRING_SEARCH } from "./string_search.ts";
import { STRINGS } from "./strings.ts";
import { VARIABLES } from "./variables.ts";

/** Those that are computed here. */
export const COMPILED: Operators = {
  ...ACCUMULATORS,
  ...ARITHMETIC,
  ...ARRAY_BUILDING,
  ...ARRAYS,
  ...COMPARISON,
  ...CONDITIONALS,
  ...CONVERSION,
  ...DATE_OPERATORS,
  ...DATES,
  ...LOGIC,
  ...OBJECTS,
  ...POWERS,
  ...REGEX,
  ...ROUNDING,
  ...SETS,
  ...STRING_SEARCH,
  ...STRINGS,
  ...TRIGONOMETRY,
  ...VARIABLES,
};

/** And those that are told of: MongoDB computes them, or they are refused. */
export const OPERATORS: Operators = { ...ELSEWHERE, ...COMPILED };

/** Where an operator of a filter is computed. */
export interface Coverage {
  readonly name: string;
  readonly where: "in process" | "in MongoDB" | "refused";
  readonly why?: string;
}

/** Of each operator of expressions, by name. */
export function expressionCoverage(): Coverage[] {
  const all: Coverage[] = [
    ...Object.keys(COMPILED).map((name) => ({ name, where: "in process" as const })),
    ...Object.entries(IN_MONGODB).map(([name, why]) => ({
      name,
      where: "in MongoDB" as const,
      why,
    })),
    ...REFUSED.map((name) => ({ name, where: "refused" as const, why: "it would run a script" })),
  ];
  return all.sort((a, b) => a.name < b.name ? -1 : 1);
}
