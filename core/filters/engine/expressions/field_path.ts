/** `$field.path` and `$$variable.path`. */
import { compileName, compilePath, getPath } from "../paths.ts";
import { constant, type Evaluate, type Expression } from "./expression.ts";
import type { Scope } from "./scope.ts";

const NAME = /^[a-z\u0080-\uffff][\w\u0080-\uffff]*$/;
const NAME_TO_READ = /^[A-Za-z\u0080-\uffff][\w\u0080-\uffff]*$/;
const NO_SLOTS: ReadonlySet<number> = new Set();

export function compileFieldPath(text: string, scope: Scope): Expression {
  if (text.length < 2) throw scope.error(16872, "'$' by itself is not a valid FieldPath");
  const isVariable = text[1] === "$";
  const [first, ...rest] = text.slice(isVariable ? 2 : 1).split(".") as [string, ...string[]];
  const name = isVariable ? first : "CURRENT";
  const path = isVariable ? rest : [first, ...rest];
  if (isVariable && !NAME_TO_READ.test(name)) {
    throw scope.error(16868, `'${name}' can't be the name of a variable`);
  }
  const variable = scope.variable(name);
  for (const part of path) checkPart(part, text, scope);
  if (variable === "root") return compileRootPath(path, scope);
  if (!("slot" in variable)) return constant(getPath(variable.constant?.value, path));
  const { slot, origin } = variable;
  const deeper = origin === undefined ? {} : { origin: [origin, ...path].join(".") };
  if (origin !== undefined) scope.reads(deeper.origin!);
  return {
    evaluate: readSlot(slot, path),
    free: new Set([slot]),
    volatile: false,
    ...deeper,
  };
}

function readSlot(slot: number, path: readonly string[]): Evaluate {
  const [first, second] = path;
  if (first === undefined) return (_, frame) => frame[slot];
  if (second !== undefined) return (_, frame) => getPath(frame[slot], path);
  const read = compileName(first);
  return (_, frame) => read(frame[slot]);
}

/** What a filter may call a variable of its own. */
export function checkVariableName(name: string, scope: Scope): void {
  if (name !== "CURRENT" && !NAME.test(name)) {
    throw scope.error(16867, `'${name}' can't be the name of a user's variable`);
  }
}

function compileRootPath(path: readonly string[], scope: Scope): Expression {
  const origin = path.join(".");
  scope.reads(origin);
  return {
    evaluate: path.length === 0 ? (root) => root : compilePath(path),
    free: NO_SLOTS,
    volatile: false,
    origin,
  };
}

function checkPart(part: string, text: string, scope: Scope): void {
  if (part === "") throw scope.error(15998, `FieldPath '${text}' must not have an empty part`);
  if (part.startsWith("$")) {
    throw scope.error(16410, `FieldPath field names may not start with '$': '${text}'`);
  }
  if (part.includes("\0")) {
    throw scope.error(16411, `FieldPath field names may not contain '\\0': '${text}'`);
  }
}
