/**
 * Expressions that double what they make at each step. MongoDB limits neither the memory of an expression
 * nor, within one document, its time: forty steps would end the server.
 */
import type { Document } from "../contract/document.ts";
import { isPlainObject } from "../contract/extended_json.ts";

/** They make something as long as all of their operands together. */
const JOINING = new Set(["$concatArrays", "$concat", "$zip"]);

/** Whether a `$reduce` joins the value so far with itself. */
export function doublesItself({ in: step }: Document): boolean {
  return joinsTwice(step, new Set(["value"]));
}

/** `names`: of variables that hold the value so far, or what is made of it. */
function joinsTwice(expression: unknown, names: ReadonlySet<string>): boolean {
  if (Array.isArray(expression)) return expression.some((each) => joinsTwice(each, names));
  if (!isPlainObject(expression)) return false;
  return Object.entries(expression).some(([name, operand]) => {
    if (JOINING.has(name) && mentions(operand, names) > 1) return true;
    return joinsTwice(operand, name === "$let" ? withAliases(operand, names) : names);
  });
}

function withAliases(operand: unknown, names: ReadonlySet<string>): ReadonlySet<string> {
  const vars = isPlainObject(operand) && isPlainObject(operand.vars) ? operand.vars : {};
  const aliases = Object.keys(vars).filter((name) => mentions(vars[name], names) > 0);
  return new Set([...names, ...aliases]);
}

function mentions(expression: unknown, names: ReadonlySet<string>): number {
  if (typeof expression === "string") {
    const [, name] = /^\$\$([^.]+)/.exec(expression) ?? [];
    return name !== undefined && names.has(name) ? 1 : 0;
  }
  const inner = Array.isArray(expression)
    ? expression
    : isPlainObject(expression)
    ? Object.values(expression)
    : [];
  return inner.reduce<number>((sum, each) => sum + mentions(each, names), 0);
}
