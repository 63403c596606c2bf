/** What a condition asks for, in words: `candidate.drb must be > 0.8`. */
import {
  isNumber,
  isObject,
  isTruthy,
  plainNumber,
  regexOf,
  Type,
  typeOf,
} from "../engine/values.ts";
import { valueText } from "./value_text.ts";

/** Behind what it is about. `wanted` is false where the condition must not hold. */
export function askText(operator: string, operand: unknown, wanted: boolean): string {
  const not = wanted ? "" : " not";
  switch (operator) {
    case "$eq":
      return `must${not} be ${valueText(operand)}`;
    case "$ne":
      return askText("$eq", operand, !wanted);
    case "$gt":
    case "$gte":
    case "$lt":
    case "$lte":
      return `must${not} be ${SIGNS[operator]} ${valueText(operand)}`;
    case "$in":
      return `must${not} be ${listText(operand)}`;
    case "$nin":
      return askText("$in", operand, !wanted);
    case "$exists":
      return isTruthy(operand) === wanted ? "must be there" : "must not be there";
    case "$size":
      return `must${not} have ${itemsText(operand)}`;
    case "$type":
      return `must${not} be of type ${valueText(operand)}`;
    case "$regex":
      return `must${not} match ${patternText(operand)}`;
    case "$all":
      return `must${not} hold all of ${valueText(operand)}`;
    case "$elemMatch":
      return wanted
        ? `must have an item with ${valueText(operand)}`
        : `must have no item with ${valueText(operand)}`;
    case "$mod":
      return `must${not} leave ${Array.isArray(operand) ? modText(operand) : valueText(operand)}`;
    case "$geoWithin":
      return `must${not} be within ${circleText(operand)}`;
    default:
      return `must${not} fulfil ${operator.slice(1)} ${valueText(operand)}`;
  }
}

export const SIGNS: Readonly<Record<string, string>> = {
  $eq: "=",
  $ne: "!=",
  $gt: ">",
  $gte: ">=",
  $lt: "<",
  $lte: "<=",
};

/** `it is 0.62`, of the elements that a condition looked at. */
export function foundText(values: readonly unknown[]): string {
  if (values.length === 0) return "it is missing";
  if (values.length > 1) return `its items are ${valueText(values).slice(1, -1)}`;
  const [value] = values;
  return `it is ${Array.isArray(value) && value.length === 0 ? "empty" : valueText(value)}`;
}

/** `1 item`, `2 items`. */
export function itemsText(count: unknown): string {
  const text = valueText(count);
  return `${text} item${text === "1" ? "" : "s"}`;
}

function listText(operand: unknown): string {
  return Array.isArray(operand) ? `one of ${valueText(operand)}` : valueText(operand);
}

function modText([divisor, rest]: readonly unknown[]): string {
  return `${valueText(rest)} when divided by ${valueText(divisor)}`;
}

function patternText(operand: unknown): string {
  if (typeOf(operand) !== Type.regex) return `/${String(operand)}/`;
  const { pattern, options } = regexOf(operand);
  return `/${pattern}/${options}`;
}

const DEGREES = 180 / Math.PI;

/** The place is as it is stored: right ascension - 180. */
function circleText(operand: unknown): string {
  const circle = isObject(operand) ? operand.$centerSphere : undefined;
  if (!Array.isArray(circle) || !isNumber(circle[1])) return valueText(operand);
  const radiusDeg = Number(plainNumber(circle[1])) * DEGREES;
  return `${valueText(Number(radiusDeg.toPrecision(6)))} deg of ${valueText(circle[0])}`;
}
