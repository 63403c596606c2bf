/** Tries and pauses; no test waits for more than a few milliseconds. */
import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { backoffMs, canRetry, pause, PermanentError, retry, sleep } from "./retry.ts";

const FAST = { firstMs: 1, maxMs: 2 };

describe("retry()", () => {
  it("tries until it succeeds, and tells of each failure", async () => {
    const told: number[] = [];
    const answer = await retry(
      (tries) => tries < 4 ? Promise.reject(new Error("away")) : yes(tries),
      {
        ...FAST,
        onRetry: (_error, tries) => told.push(tries),
      },
    );
    assert.equal(answer, 4);
    assert.deepEqual(told, [1, 2, 3]);
  });

  it("gives up when trying again can't help, or after so many tries", async () => {
    let tries = 0;
    const fail = (error: Error) => () => Promise.reject((tries++, error));
    await assert.rejects(retry(fail(new PermanentError("wrong")), FAST), /wrong/);
    assert.equal(tries, 1);
    await assert.rejects(retry(fail(new Error("away")), { ...FAST, triesMax: 3 }), /away/);
    assert.equal(tries, 4);
  });

  it("an abort ends a pause, and no more is tried", async () => {
    const abort = new AbortController();
    let tries = 0;
    const work = () => Promise.reject(new Error(`failed ${++tries}`));
    const onRetry = () => abort.abort(new Error("enough"));
    await assert.rejects(
      retry(work, { firstMs: 3_600_000, maxMs: 3_600_000, signal: abort.signal, onRetry }),
      /enough/,
    );
    assert.equal(tries, 1);
  });
});

describe("canRetry()", () => {
  it("asks the error", () => {
    assert.ok(canRetry(new Error("away")));
    assert.ok(canRetry("anything"));
    assert.ok(!canRetry(new PermanentError("wrong")));
    assert.ok(!canRetry(Object.assign(new Error("wrong"), { retriable: false })));
  });
});

describe("backoffMs()", () => {
  it("doubles up to its limit, and is never below half of it", () => {
    const limits = { firstMs: 100, maxMs: 1000 };
    fc.assert(fc.property(fc.integer({ min: 1, max: 2000 }), fc.nat(99), (tries, chance) => {
      const wholeMs = Math.min(1000, 100 * 2 ** (tries - 1));
      const ms = backoffMs(tries, limits, () => chance / 100);
      assert.ok(ms >= wholeMs / 2 && ms <= wholeMs, `${tries}: ${ms}`);
    }));
  });
});

describe("sleep()", () => {
  it("returns at once when the signal is aborted before, or in the middle", async () => {
    await sleep(3_600_000, AbortSignal.abort());
    const abort = new AbortController();
    const sleeping = pause(20, abort.signal, { firstMs: 3_600_000, maxMs: 3_600_000 });
    abort.abort();
    await sleeping;
  });
});

function yes<T>(value: T): Promise<T> {
  return Promise.resolve(value);
}
