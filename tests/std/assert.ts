/** Stands in for `@std/assert` where JSR can't be reached: the same names over `node:assert`. */
import strict from "node:assert/strict";

export function assert(value: unknown, message?: string): asserts value {
  strict.ok(value, message);
}

export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  strict.deepEqual(actual, expected, message);
}

export function assertThrows(
  fn: () => unknown,
  // deno-lint-ignore no-explicit-any
  errorClass: new (...args: any[]) => Error = Error,
  includes = "",
): void {
  strict.throws(fn, (error) => {
    strict.ok(error instanceof errorClass, String(error));
    strict.ok(error.message.includes(includes), error.message);
    return true;
  });
}

export async function assertRejects(
  fn: () => Promise<unknown>,
  // deno-lint-ignore no-explicit-any
  errorClass: new (...args: any[]) => Error = Error,
  includes = "",
): Promise<void> {
  await strict.rejects(fn, (error) => {
    strict.ok(error instanceof errorClass, String(error));
    strict.ok(error.message.includes(includes), error.message);
    return true;
  });
}

export function assertAlmostEquals(actual: number, expected: number, tolerance = 1e-7): void {
  strict.ok(
    Math.abs(actual - expected) <= tolerance,
    `${actual} is not within ${tolerance} of ${expected}`,
  );
}
