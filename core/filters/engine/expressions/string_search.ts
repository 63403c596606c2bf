/** What looks for one text in another. */
import { spend } from "../budget.ts";
import { NotCompiled } from "../errors.ts";
import { byteLength, codePointLength, isAscii, toBytes } from "../text.ts";
import { isNullish } from "../values.ts";
import { toIndex } from "./arrays.ts";
import {
  binary,
  compileNamed,
  fail,
  given,
  type Operator,
  type Operators,
  ranged,
  typeName,
} from "./define.ts";
import { computed, type Evaluate, folded } from "./expression.ts";

export const STRING_SEARCH: Operators = {
  $indexOfBytes: ranged(
    2,
    4,
    (operands) => indexOf("$indexOfBytes", [40091, 40092], operands, byteLength, indexOfBytes),
  ),
  $indexOfCP: ranged(
    2,
    4,
    (operands) =>
      indexOf("$indexOfCP", [40093, 40094], operands, codePointLength, indexOfCodePoint),
  ),
  $split: binary(split),
  $replaceOne: replace((text, find, replacement) => {
    const at = text.indexOf(find);
    return at < 0 ? text : text.slice(0, at) + replacement + text.slice(at + find.length);
  }),
  $replaceAll: replace((text, find, replacement) => {
    if (find !== "") return text.split(find).join(replacement);
    if (!isAscii(text)) throw new NotCompiled("$replaceAll of nothing, which splits characters");
    return `${replacement}${[...text].map((each) => each + replacement).join("")}`;
  }),
  $trim: trim("both"),
  $ltrim: trim("left"),
  $rtrim: trim("right"),
};

type Search = (text: string, token: string, start: number, end: number) => number;

function indexOf(
  name: string,
  codes: readonly [number, number],
  [textOf, tokenOf, startOf, endOf]: readonly Evaluate[],
  lengthOf: (text: string) => number,
  search: Search,
): Evaluate {
  return (root, frame) => {
    const text = textOf!(root, frame);
    if (isNullish(text)) return null;
    if (typeof text !== "string") {
      fail(codes[0], `${name} requires a string as the first argument, found: ${typeName(text)}`);
    }
    const token = tokenOf!(root, frame);
    if (typeof token !== "string") {
      fail(codes[1], `${name} requires a string as the second argument, found: ${typeName(token)}`);
    }
    const start = startOf === undefined ? 0 : toIndex(name, startOf(root, frame));
    const length = lengthOf(text);
    spend(1 + (length >> 5));
    const end = endOf === undefined ? length : Math.min(length, toIndex(name, endOf(root, frame)));
    return end < start ? -1 : search(text, token, start, end);
  };
}

/** All of the token must come before the end. */
function indexOfBytes(text: string, token: string, start: number, end: number): number {
  if (isAscii(text)) {
    const at = text.indexOf(token, start);
    return at < 0 || at > text.length || at + token.length > end ? -1 : at;
  }
  const [bytes, sought] = [toBytes(text), toBytes(token)];
  for (let at = start; at + sought.length <= end; at++) {
    if (sought.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

/** The token must begin before the end. */
function indexOfCodePoint(text: string, token: string, start: number, end: number): number {
  if (text === "" && token === "") return 0;
  const characters = Array.from(text);
  let at = characters.slice(0, start).join("").length;
  for (let i = start; i < end; i++) {
    if (text.startsWith(token, at)) return i;
    at += characters[i]!.length;
  }
  return -1;
}

function split(text: unknown, separator: unknown): unknown {
  if (isNullish(text) || isNullish(separator)) return null;
  if (typeof text !== "string") {
    fail(40085, `$split requires a string as a first argument, found: ${typeName(text)}`);
  }
  if (typeof separator !== "string") {
    fail(40086, `$split requires a string as a second argument, found: ${typeName(separator)}`);
  }
  if (separator === "") fail(40087, "$split requires a non-empty separator");
  const parts = text.split(separator);
  spend(parts.length);
  return parts;
}

function replace(compute: (text: string, find: string, replacement: string) => string): Operator {
  const named = {
    unknown: 51750,
    notObject: 51751,
    names: { input: 51749, find: 51748, replacement: 51747 },
  };
  return (argument, scope, name) => {
    const parts = compileNamed(argument, scope, name, named);
    const list = [parts.input!, parts.find!, parts.replacement!];
    const evaluates = list.map(({ evaluate }) => evaluate);
    return computed(list, (root, frame) => {
      const values = evaluates.map((evaluate) => evaluate(root, frame));
      values.forEach((value, i) => {
        if (typeof value !== "string" && !isNullish(value)) {
          fail(51746 - i, `${name} requires strings, found: ${typeName(value)}`);
        }
      });
      if (values.some(isNullish)) return null;
      const [text, find, replacement] = values as [string, string, string];
      spend(1 + (text.length >> 3) * (1 + (replacement.length >> 3)));
      return compute(text, find, replacement);
    });
  };
}

/** What MongoDB takes for white space: fewer than JavaScript, and the zero. */
const WHITE_SPACE = new Set(
  "\0 \t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a",
);

function trim(side: "both" | "left" | "right"): Operator {
  const named = { unknown: 50694, notObject: 50696, names: { input: 50695, chars: null } };
  return (argument, scope, name) => {
    const { input, chars } = compileNamed(argument, scope, name, named);
    return folded(given(input, chars), (root, frame) => {
      const text = input!.evaluate(root, frame);
      if (isNullish(text)) return null;
      if (typeof text !== "string") {
        fail(50699, `${name} requires its input to be a string, got ${typeName(text)}`);
      }
      spend(1 + (text.length >> 5));
      if (chars === undefined) return trimmed(text, WHITE_SPACE, side);
      const set = chars.evaluate(root, frame);
      if (isNullish(set)) return null;
      if (typeof set !== "string") {
        fail(50700, `${name} requires 'chars' to be a string, got ${typeName(set)}`);
      }
      return trimmed(text, new Set(set), side);
    });
  };
}

function trimmed(text: string, set: ReadonlySet<string>, side: "both" | "left" | "right"): string {
  const characters = Array.from(text);
  let start = 0;
  let end = characters.length;
  if (side !== "right") { while (start < end && set.has(characters[start]!)) start++; }
  if (side !== "left") { while (end > start && set.has(characters[end - 1]!)) end--; }
  return characters.slice(start, end).join("");
}
