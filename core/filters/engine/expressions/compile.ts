/**
 * Compiles an aggregation expression of MongoDB to a closure. What is constant is computed at once,
 * with the errors that MongoDB gives then. All is as MongoDB 6.0 has it. (Newer ones add more than two
 * doubles in another way, which may show in the last digit.)
 */
import type { Document } from "../../../contract/document.ts";
import { giveBudget } from "../budget.ts";
import { NotCompiled } from "../errors.ts";
import { Type, TYPE_NAMES, typeOf } from "../values.ts";
import { constant, type Expression, folded } from "./expression.ts";
import { compileFieldPath } from "./field_path.ts";
import { putField } from "./fields.ts";
import { OPERATORS } from "./operators.ts";
import { Scope, type Share } from "./scope.ts";

/** Constants that take longer to compute aren't computed beforehand. */
const STEPS_MAX = 1_000_000;

/** The scope that a pipeline's expressions are compiled in. */
export function rootScope(place = "", share?: Share): Scope {
  return Scope.root(compile, place, share);
}

/**
 * Throws `FilterError` where MongoDB refuses the expression, and `NotCompiled` where it has to run
 * there.
 */
export function compileExpression(json: unknown, scope: Scope): Expression {
  giveBudget(STEPS_MAX); // For what is constant.
  const expression = compile(json, scope);
  if (expression.failure !== undefined) throw expression.failure;
  return expression;
}

function compile(json: unknown, scope: Scope): Expression {
  switch (typeOf(json)) {
    case Type.string:
      return (json as string).startsWith("$")
        ? compileFieldPath(json as string, scope)
        : constant(json);
    case Type.array:
      return compileArray(json as unknown[], scope);
    case Type.object:
      return compileObject(json as Document, scope);
    case Type.missing:
      throw new NotCompiled(`a value of type ${TYPE_NAMES.get(Type.missing)}`, scope.place);
    default:
      return constant(json);
  }
}

function compileArray(items: readonly unknown[], scope: Scope): Expression {
  const parts = items.map((item, i) => scope.compile(item ?? null, i));
  const evaluates = parts.map(({ evaluate }) => evaluate);
  return folded(parts, (root, frame) => {
    const array: unknown[] = new Array(evaluates.length);
    for (let i = 0; i < evaluates.length; i++) array[i] = evaluates[i]!(root, frame) ?? null;
    return array;
  });
}

function compileObject(object: Document, scope: Scope): Expression {
  const names = Object.keys(object);
  if (names[0]?.startsWith("$")) return compileOperator(object, names, scope);
  const parts = names.map((name) => {
    checkFieldName(name, scope);
    return scope.compile(object[name], name);
  });
  const fields = names.map((name, i) => ({ name, evaluate: parts[i]!.evaluate }));
  return folded(parts, (root, frame) => {
    const made: Document = {};
    for (const { name, evaluate } of fields) putField(made, name, evaluate(root, frame));
    return made;
  });
}

function compileOperator(object: Document, names: readonly string[], scope: Scope): Expression {
  const name = names[0]!;
  if (names.length > 1) {
    const found = names.join(", ");
    throw scope.error(
      15983,
      `An expression must be an object with one field, its operator: ${found}`,
    );
  }
  const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
  if (operator === undefined) throw scope.error(168, `Unrecognized expression '${name}'`);
  const inner = scope.at(name);
  const expression = operator(object[name], inner, name);
  const { failure } = expression;
  if (failure === undefined) return scope.share(object, expression);
  const placed = failure.place === "" ? inner.error(failure.code, failure.message) : failure;
  return { ...expression, failure: placed };
}

/** What a field of an object that an expression makes may be called. */
function checkFieldName(name: string, scope: Scope): void {
  if (name === "") throw scope.error(40353, "FieldPath field names may not be empty strings");
  if (name.startsWith("$")) {
    throw scope.error(16410, `FieldPath field names may not start with '$': ${name}`);
  }
  if (name.includes("\0")) throw scope.error(16411, "FieldPath field names may not contain '\\0'");
  if (name.includes(".")) {
    throw scope.error(16412, `FieldPath field names may not contain '.': ${name}`);
  }
}
