/**
 * Operators of expressions that aren't computed here: MongoDB computes some, and nobody may use others.
 */
import { type Operator, type Operators } from "./define.ts";

const NEWER = "only newer versions of MongoDB have it";
const SERVER = "it tells what only the server knows";

/** By name: why MongoDB is to compute it. */
export const IN_MONGODB: Readonly<Record<string, string>> = {
  $bitAnd: NEWER,
  $bitNot: NEWER,
  $bitOr: NEWER,
  $bitXor: NEWER,
  $median: NEWER,
  $meta: SERVER,
  $percentile: NEWER,
  $toHashedIndexKey: SERVER,
  $toUUID: NEWER,
};

/** They run a script, or would. */
export const REFUSED: readonly string[] = ["$accumulator", "$function", "$where"];

export const ELSEWHERE: Operators = Object.fromEntries([
  ...Object.entries(IN_MONGODB).map(([name, reason]): [string, Operator] => [name, (_, scope) => {
    throw scope.notCompiled(`${name}, as ${reason}`);
  }]),
  ...REFUSED.map((name): [string, Operator] => [name, (_, scope) => {
    throw scope.error(9, `${name} is not allowed in a filter`);
  }]),
]);
