/** Stands in for `@std/testing/time` where JSR can't be reached. */
import { mock } from "node:test";

/** A clock that moves only when told: `using time = new FakeTime(startMs)`. */
export class FakeTime implements Disposable {
  constructor(start: number | Date = Date.now()) {
    mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: Number(start) });
  }

  tick(ms: number): void {
    mock.timers.tick(ms);
  }

  restore(): void {
    mock.timers.reset();
  }

  [Symbol.dispose](): void {
    this.restore();
  }
}
