/** `$cond`, `$switch`, `$ifNull`. */
import { isNullish, isObject, isTruthy } from "../values.ts";
import {
  compileArguments,
  compileNamed,
  namedArguments,
  type Operator,
  type Operators,
  typeName,
} from "./define.ts";
import {
  areConstant,
  computed,
  type Evaluate,
  type Expression,
  failing,
  folded,
  withFailureOf,
} from "./expression.ts";
import type { Scope } from "./scope.ts";

export const CONDITIONALS: Operators = {
  $cond: compileCondition(),
  $switch: compileSwitch(),
  $ifNull: compileIfNull(),
};

function compileCondition(): Operator {
  const named = {
    unknown: 17083,
    notObject: 17083,
    names: { if: 17080, then: 17081, else: 17082 },
  };
  return (argument, scope, name) => {
    let condition, then, otherwise: Expression | undefined;
    if (isObject(argument)) {
      ({ if: condition, then, else: otherwise } = compileNamed(argument, scope, name, named));
    } else [condition, then, otherwise] = compileArguments(argument, scope, name, 3);
    const parts = [condition!, then!, otherwise!];
    if (condition!.constant) {
      return withFailureOf(parts, isTruthy(condition!.constant.value) ? then! : otherwise!);
    }
    const [test, whenTrue, whenFalse] = parts.map((part) => part.evaluate) as Evaluate[];
    return computed(
      parts,
      (root, frame) =>
        isTruthy(test!(root, frame)) ? whenTrue!(root, frame) : whenFalse!(root, frame),
    );
  };
}

interface Branch {
  readonly test: Expression;
  readonly then: Expression;
}

function compileSwitch(): Operator {
  const named = {
    unknown: 40067,
    notObject: 40060,
    names: { branches: 40068, default: null },
  };
  return (argument, scope, name) => {
    const { branches, default: otherwise } = namedArguments(argument, scope, name, named);
    if (!Array.isArray(branches)) {
      throw scope.error(
        40061,
        `$switch expected an array for 'branches', found ${typeName(branches)}`,
      );
    }
    if (branches.length === 0) throw scope.error(40068, "$switch requires at least one branch.");
    const compiled = branches.map((each, i) => compileBranch(each, scope.at("branches", i)));
    const last = otherwise === undefined ? undefined : scope.compile(otherwise, "default");
    return settle(compiled, last, scope);
  };
}

function compileBranch(branch: unknown, scope: Scope): Branch {
  const named = { unknown: 40063, notObject: 40062, names: { case: 40064, then: 40065 } };
  const { case: test, then } = compileNamed(branch, scope, "a branch of $switch", named);
  return { test: test!, then: then! };
}

/** Leaves out the branches that are known not to be taken. */
function settle(
  branches: readonly Branch[],
  otherwise: Expression | undefined,
  scope: Scope,
): Expression {
  const isTaken = ({ test }: Branch) => test.constant && isTruthy(test.constant.value);
  const taken = branches.findIndex(isTaken);
  const last = taken < 0 ? otherwise : branches[taken]!.then;
  const open = branches.slice(0, taken < 0 ? undefined : taken).filter(({ test }) =>
    !test.constant
  );
  // The default is computed beforehand even where another branch takes its place.
  const beforehand = otherwise === undefined ? [] : [otherwise];
  if (open.length === 0) {
    if (last !== undefined) return withFailureOf(beforehand, last);
    return failing(
      scope.error(40069, "All cases of $switch are false, and there is no default"),
    );
  }
  const cases = open.map(({ test, then }) => ({ test: test.evaluate, then: then.evaluate }));
  const parts = [...open.flatMap(({ test, then }) => [test, then]), ...last ? [last] : []];
  return withFailureOf(
    beforehand,
    computed(parts, (root, frame) => {
      for (const { test, then } of cases) {
        if (isTruthy(test(root, frame))) return then(root, frame);
      }
      if (last !== undefined) return last.evaluate(root, frame);
      throw scope.error(40066, "$switch could not find a matching branch, and there is no default");
    }),
  );
}

function compileIfNull(): Operator {
  return (argument, scope, name) => {
    const parts = compileArguments(argument, scope, name, 0, Infinity);
    if (parts.length < 2) {
      throw scope.error(1257300, `$ifNull needs at least two arguments, had: ${parts.length}`);
    }
    if (areConstant(parts)) return folded(parts, firstOf(parts));
    const kept: Expression[] = [];
    for (const [i, part] of parts.entries()) {
      const isLast = i === parts.length - 1;
      if (!isLast && part.constant && isNullish(part.constant.value)) continue;
      kept.push(part);
      if (part.constant) break; // Nothing behind it is ever asked for.
    }
    const { origin } = kept[0]!;
    const chosen = kept.length === 1
      ? kept[0]!
      : computed(kept, firstOf(kept), origin ? { origin } : {});
    return withFailureOf(parts, chosen);
  };
}

function firstOf(parts: readonly Expression[]): Evaluate {
  const evaluates = parts.map(({ evaluate }) => evaluate);
  const last = evaluates.length - 1;
  return (root, frame) => {
    for (let i = 0; i < last; i++) {
      const value = evaluates[i]!(root, frame);
      if (!isNullish(value)) return value;
    }
    return evaluates[last]!(root, frame);
  };
}
