/** Arrays as sets. Unions and intersections come sorted. */
import { spend } from "../budget.ts";
import { compare, hashKey, isNullish, isTruthy } from "../values.ts";
import {
  binary,
  compileArguments,
  fail,
  joining,
  type Operator,
  type Operators,
  typeName,
  unary,
} from "./define.ts";
import { computed, failing, folded } from "./expression.ts";

export const SETS: Operators = {
  $allElementsTrue: unary((value) => toArray("$allElementsTrue", 17040, value).every(isTruthy)),
  $anyElementTrue: unary((value) => toArray("$anyElementTrue", 17041, value).some(isTruthy)),
  $setUnion: joining({ commutative: true }, (operands) => (root, frame) => {
    const all: unknown[] = [];
    for (const operand of operands) {
      const array = operand(root, frame);
      if (isNullish(array)) return null;
      for (const item of toArray("$setUnion", 17043, array)) all.push(item ?? null);
    }
    return sortedSet(all);
  }),
  $setIntersection: joining({ commutative: true }, (operands) => (root, frame) => {
    let kept: unknown[] | undefined;
    for (const operand of operands) {
      const array = operand(root, frame);
      if (isNullish(array)) return null;
      const items = toArray("$setIntersection", 17047, array);
      kept = kept === undefined ? sortedSet(items) : intersect(kept, items);
    }
    return kept ?? [];
  }),
  $setDifference: binary((a, b) => {
    if (isNullish(a) || isNullish(b)) return null;
    const left = toArray("$setDifference", 17048, a);
    const seen = keysOf(toArray("$setDifference", 17049, b));
    return left.filter((item) => addKey(seen, item));
  }),
  $setIsSubset: compileSubset(),
  $setEquals: compileEquals(),
};

type Keys = Set<ReturnType<typeof hashKey>>;

function toArray(name: string, code: number, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) fail(code, `${name} needs arrays, but one is ${typeName(value)}`);
  spend(value.length);
  return value;
}

function keysOf(items: readonly unknown[]): Keys {
  return new Set(items.map((item) => hashKey(item ?? null)));
}

/** False where it was there already. */
function addKey(keys: Keys, item: unknown): boolean {
  const { size } = keys;
  return keys.add(hashKey(item ?? null)).size > size;
}

/** Of items that are equal, the first one stays. */
function sortedSet(items: readonly unknown[]): unknown[] {
  const seen: Keys = new Set();
  return items.filter((item) => addKey(seen, item)).sort(compare);
}

/** Sorted. Equal items are those of the smaller set; of two as large, of the first. */
function intersect(kept: readonly unknown[], items: readonly unknown[]): unknown[] {
  const next = sortedSet(items);
  if (kept.length === 0) return [];
  const [smaller, larger] = kept.length > next.length ? [next, kept] : [kept, next];
  const keys = keysOf(larger);
  return smaller.filter((item) => keys.has(hashKey(item)));
}

function compileSubset(): Operator {
  return (argument, scope, name) => {
    const parts = compileArguments(argument, scope, name, 2);
    const [left, right] = [parts[0]!.evaluate, parts[1]!.evaluate];
    const areIn = (value: unknown, keys: Keys) =>
      toArray(name, 17046, value).every((item) => keys.has(hashKey(item ?? null)));
    const list = parts[1]!.constant?.value;
    if (parts[0]!.constant || parts[1]!.constant === undefined) {
      return folded(parts, (root, frame) => {
        const [value, array] = [left(root, frame), right(root, frame)];
        toArray(name, 17046, value); // Is found to be wrong first.
        return areIn(value, keysOf(toArray(name, 17042, array)));
      });
    }
    if (!Array.isArray(list)) {
      const found = typeName(list);
      return failing(scope.error(17311, `both operands of $setIsSubset must be arrays: ${found}`));
    }
    const keys = keysOf(list);
    return computed(parts, (root, frame) => areIn(left(root, frame), keys));
  };
}

function compileEquals(): Operator {
  return (argument, scope, name) => {
    const parts = compileArguments(argument, scope, name, 0, Infinity);
    if (parts.length < 2) {
      throw scope.error(17045, `$setEquals needs at least two arguments had: ${parts.length}`);
    }
    for (const { constant } of parts) {
      if (constant !== undefined && !Array.isArray(constant.value)) {
        return failing(scope.error(5887502, "All operands of $setEquals must be arrays"));
      }
    }
    // The constant one is compared with the others, in their order: which shows in errors.
    const first = Math.max(0, parts.findIndex(({ constant }) => constant !== undefined));
    const sorted = [parts[first]!, ...parts.toSpliced(first, 1)].map(({ evaluate }) => evaluate);
    return computed(parts, (root, frame) => {
      let keys: Keys | undefined;
      for (const evaluate of sorted) {
        const others = keysOf(toArray("$setEquals", 17044, evaluate(root, frame)));
        if (keys === undefined) keys = others;
        else if (keys.size !== others.size || !keys.isSubsetOf(others)) return false;
      }
      return true;
    });
  };
}
