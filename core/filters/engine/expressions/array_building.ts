/** What makes arrays of arrays, and documents of arrays. */
import type { Document } from "../../../contract/document.ts";
import { spend } from "../budget.ts";
import { NotCompiled } from "../errors.ts";
import { sortByPattern, type SortPattern, sortPatternOf } from "../sort_pattern.ts";
import { fieldOf } from "../paths.ts";
import { isNullish, isObject } from "../values.ts";
import {
  fail,
  joining,
  namedArguments,
  type Operator,
  type Operators,
  typeName,
  unary,
} from "./define.ts";
import { computed } from "./expression.ts";
import { putField } from "./fields.ts";

export const ARRAY_BUILDING: Operators = {
  $concatArrays: joining({ commutative: false }, (operands) => (root, frame) => {
    const all: unknown[] = [];
    for (const operand of operands) {
      const array = operand(root, frame);
      if (isNullish(array)) return null;
      if (!Array.isArray(array)) {
        fail(28664, `$concatArrays only supports arrays, not ${typeName(array)}`);
      }
      spend(array.length);
      for (const item of array) all.push(item);
    }
    return all;
  }),
  $objectToArray: unary(toPairs),
  $arrayToObject: unary(fromPairs),
  $sortArray: compileSort(),
  $zip: compileZip(),
};

function toPairs(value: unknown): unknown {
  if (isNullish(value)) return null;
  if (!isObject(value)) {
    fail(40390, `$objectToArray requires a document input, found: ${typeName(value)}`);
  }
  const pairs = Object.entries(value).filter(([, v]) => v !== undefined).map(([k, v]) => ({
    k,
    v,
  }));
  spend(pairs.length);
  return pairs;
}

function fromPairs(array: unknown): unknown {
  if (isNullish(array)) return null;
  if (!Array.isArray(array)) {
    fail(40386, `$arrayToObject requires an array input, found: ${typeName(array)}`);
  }
  spend(array.length);
  const made: Document = {};
  if (array.length === 0) return made;
  const areArrays = Array.isArray(array[0]);
  if (!areArrays && !isObject(array[0])) {
    fail(40398, `Unrecognised input type format for $arrayToObject: ${typeName(array[0])}`);
  }
  for (const each of array) {
    const [name, value] = areArrays ? pairOfArray(each) : pairOfObject(each);
    if (typeof name !== "string") {
      fail(
        areArrays ? 40395 : 40394,
        `$arrayToObject requires keys to be strings: ${typeName(name)}`,
      );
    }
    if (name.includes("\0")) fail(4940400, "Key field cannot contain an embedded null byte");
    putField(made, name, value);
  }
  return made;
}

function pairOfArray(pair: unknown): readonly unknown[] {
  if (!Array.isArray(pair)) {
    fail(40396, `$arrayToObject requires all elements to be arrays, found: ${typeName(pair)}`);
  }
  if (pair.length !== 2) {
    fail(40397, `$arrayToObject requires arrays of size 2, found: ${pair.length}`);
  }
  return [pair[0], pair[1] ?? null];
}

function pairOfObject(pair: unknown): readonly unknown[] {
  if (!isObject(pair)) {
    fail(40391, `$arrayToObject requires all elements to be objects, found: ${typeName(pair)}`);
  }
  const names = Object.keys(pair).filter((name) => pair[name] !== undefined);
  if (names.length !== 2) fail(40392, `$arrayToObject requires 'k' and 'v', found: ${names}`);
  const [k, v] = [fieldOf(pair, "k"), fieldOf(pair, "v")];
  if (k === undefined || v === undefined) {
    fail(40393, `$arrayToObject requires 'k' and 'v', found: ${names}`);
  }
  return [k, v];
}

function compileSort(): Operator {
  const named = {
    unknown: 2942501,
    notObject: 2942500,
    names: { input: 2942502, sortBy: 2942503 },
  };
  return (argument, scope, name) => {
    const given = namedArguments(argument, scope, name, named);
    const pattern = sortPatternOf(given.sortBy, scope.at("sortBy").place);
    const input = scope.compile(given.input, "input");
    const { origin } = input;
    return computed(
      [input],
      (root, frame) => sorted(input.evaluate(root, frame), pattern),
      origin === undefined ? {} : { origin },
    );
  };
}

function sorted(array: unknown, pattern: SortPattern): unknown {
  if (isNullish(array)) return null;
  if (!Array.isArray(array)) {
    fail(2942504, `The input to $sortArray must be an array, but was of type: ${typeName(array)}`);
  }
  if (array.length < 2) return array;
  spend(array.length * Math.ceil(Math.log2(array.length)));
  return sortByPattern(array, pattern);
}

function compileZip(): Operator {
  const named = {
    unknown: 34464,
    notObject: 34460,
    names: { inputs: 34465, defaults: null, useLongestLength: null },
  };
  return (argument, scope, name) => {
    const { inputs, defaults = [], useLongestLength = false } = namedArguments(
      argument,
      scope,
      name,
      named,
    );
    if (!Array.isArray(inputs)) {
      throw scope.error(34461, `inputs must be an array of expressions, found ${typeName(inputs)}`);
    }
    if (!Array.isArray(defaults)) {
      throw scope.error(34462, `defaults must be an array, found ${typeName(defaults)}`);
    }
    if (typeof useLongestLength !== "boolean") {
      throw scope.error(34463, `useLongestLength must be a bool: ${typeName(useLongestLength)}`);
    }
    if (inputs.length === 0) throw scope.error(34465, "$zip requires at least one input array");
    if (defaults.length > 0 && !useLongestLength) {
      throw scope.error(34466, "cannot specify defaults unless useLongestLength is true");
    }
    if (defaults.length > 0 && defaults.length !== inputs.length) {
      throw scope.error(34467, "defaults and inputs must have the same length");
    }
    const arrays = inputs.map((each, i) => scope.compile(each, "inputs", i));
    const others = defaults.map((each, i) => scope.compile(each, "defaults", i));
    return computed([...arrays, ...others], (root, frame) => {
      const values: unknown[][] = [];
      for (const { evaluate } of arrays) {
        const array = evaluate(root, frame);
        if (isNullish(array)) return null;
        if (!Array.isArray(array)) {
          fail(34468, `$zip found a non-array expression in input: ${typeName(array)}`);
        }
        values.push(array);
      }
      const lengths = values.map(({ length }) => length);
      const [shortest, longest] = [Math.min(...lengths), Math.max(...lengths)];
      const filling = shortest === longest
        ? []
        : others.map(({ evaluate }) => evaluate(root, frame));
      // There it leaves a hole in the array, which is only seen by some operators.
      if (useLongestLength && filling.includes(undefined)) {
        throw new NotCompiled("$zip with a default that is missing");
      }
      const length = useLongestLength ? longest : shortest;
      spend(length * values.length);
      return Array.from(
        { length },
        (_, row) =>
          values.map((column, i) => row < column.length ? column[row] : filling[i] ?? null),
      );
    });
  };
}
