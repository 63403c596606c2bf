/** Stands in for `@std/testing/mock` where JSR can't be reached. */
import { mock } from "node:test";

/** A function that remembers its calls: `spy(fn).mock.calls`. */
export function spy<F extends (...args: never[]) => unknown>(original?: F) {
  return mock.fn(original as unknown as (...args: unknown[]) => unknown);
}
