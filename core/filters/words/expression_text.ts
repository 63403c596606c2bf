/** Expressions of MongoDB as people would write them: `candidate.jd - candidate.jdstarthist`. */
import { isObject } from "../engine/values.ts";
import { SIGNS } from "./condition_text.ts";
import { valueText } from "./value_text.ts";

const INFIX: Readonly<Record<string, string>> = {
  $add: "+",
  $subtract: "-",
  $multiply: "*",
  $divide: "/",
  $mod: "%",
  ...SIGNS,
  $and: "and",
  $or: "or",
  $in: "in",
};
const LENGTH_MAX = 240;

/** Cut where it is too long to be read. */
export function expressionText(expression: unknown): string {
  const text = write(expression);
  return text.length > LENGTH_MAX ? `${text.slice(0, LENGTH_MAX)}...` : text;
}

function write(expression: unknown): string {
  if (typeof expression === "string") {
    return expression.startsWith("$") ? pathText(expression) : valueText(expression);
  }
  if (Array.isArray(expression)) return `[${expression.map(write).join(", ")}]`;
  if (!isObject(expression)) return valueText(expression);
  const [name, ...others] = Object.keys(expression);
  if (name === undefined || !name.startsWith("$") || others.length > 0) {
    return `{${
      Object.entries(expression).map(([key, each]) => `${key}: ${write(each)}`).join(", ")
    }}`;
  }
  return writeOperator(name, expression[name]);
}

function writeOperator(name: string, operand: unknown): string {
  const infix = INFIX[name];
  if (infix !== undefined && Array.isArray(operand) && operand.length > 1) {
    return operand.map(writeOperand).join(` ${infix} `);
  }
  const plain = name.slice(1);
  if (name === "$literal" || name === "$const") return valueText(operand);
  if (name === "$not") return `not ${writeOperand(Array.isArray(operand) ? operand[0] : operand)}`;
  if (Array.isArray(operand)) return `${plain}(${operand.map(write).join(", ")})`;
  if (!isObject(operand) || Object.keys(operand)[0]?.startsWith("$")) {
    return `${plain}(${write(operand)})`;
  }
  const named = Object.entries(operand).map(([key, each]) => `${key}: ${write(each)}`);
  return `${plain}(${named.join(", ")})`;
}

/** Within others, what is written with signs needs brackets. */
function writeOperand(operand: unknown): string {
  const text = write(operand);
  const name = isObject(operand) ? Object.keys(operand)[0] : undefined;
  return name !== undefined && INFIX[name] !== undefined && text.includes(" ") ? `(${text})` : text;
}

function pathText(path: string): string {
  return path.startsWith("$$")
    ? path.replace(/^\$\$(ROOT|CURRENT)\./, "").replace(/^\$\$/, "")
    : path.slice(1);
}
