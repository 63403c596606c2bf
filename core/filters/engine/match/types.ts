/** `$type` of queries, and the codes and names that it takes. */
import { NotCompiled } from "../errors.ts";
import { isNumber, plainNumber, Type, TYPE_NAMES, typeOf } from "../values.ts";
import type { Test } from "./elements.ts";

const NUMBERS: readonly number[] = [Type.double, Type.int, Type.long, Type.decimal];
const CODES = new Map(
  [...TYPE_NAMES].filter(([code]) => code !== Type.missing).map(([code, name]) => [name, code]),
);

export function compileType(operand: unknown): Test {
  const operands = Array.isArray(operand) ? operand : [operand];
  if (operands.length === 0) throw new NotCompiled("$type must name a type");
  const codes = new Set<number>(operands.flatMap(codesOf));
  return (value) => codes.has(typeOf(value));
}

function codesOf(operand: unknown): readonly number[] {
  if (operand === "number") return NUMBERS;
  const code = typeof operand === "string"
    ? CODES.get(operand)
    : isNumber(operand)
    ? Number(plainNumber(operand))
    : undefined;
  if (code === undefined || !TYPE_NAMES.has(code) || code === Type.missing) {
    throw new NotCompiled(`$type doesn't know the type ${String(operand)}`);
  }
  return [code];
}
