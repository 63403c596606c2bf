/** Stands in for `@std/testing/mock` where JSR can't be reached. */
import { mock } from "node:test";

/** A function that remembers its calls: `spy(fn).mock.calls`. */
export function spy<F extends (...args: never[]) => unknown>(original?: F) {
  return mock.fn(original as unknown as (...args: unknown[]) => unknown);
}

/** Puts `replacement` in the place of a method; `restore()` puts it back. */
export function stub<T extends object, K extends keyof T>(
  target: T,
  method: K,
  replacement: T[K],
): Disposable & { restore(): void } {
  const original = target[method];
  target[method] = replacement;
  const restore = () => void (target[method] = original);
  return { restore, [Symbol.dispose]: restore };
}
