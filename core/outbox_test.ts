/** What happens to passes when sinks are down, slow, picky or killed. */
import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import type { Log } from "./base/log.ts";
import type { Passed, Sink } from "./contract/passed.ts";
import { until } from "../tests/support/until.ts";
import { type OutboxDeps, type OutboxStore, runOutbox } from "./outbox.ts";

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => quiet };

/** The contract of the store, in memory; it outlives a dispatcher as the archive does. */
class MemoryStore implements OutboxStore {
  readonly passes: Passed[] = [];
  readonly done = new Map<string, Set<string>>();
  readonly holders = new Map<string, object>();
  #ring = Promise.withResolvers<void>();

  put(...ids: string[]): void {
    this.passes.push(...ids.map((_id) => ({ _id }) as Passed));
    this.#ring.resolve();
    this.#ring = Promise.withResolvers();
  }
  has(sink: string): string[] {
    return [...this.done.get(sink) ?? []];
  }
  pending(sink: string, limit: number, without: readonly string[] = []): Promise<Passed[]> {
    const done = this.done.get(sink);
    const waiting = this.passes.filter(({ _id }) => !done?.has(_id) && !without.includes(_id));
    return Promise.resolve(waiting.slice(0, limit));
  }
  waiting = async (sink: string) => (await this.pending(sink, Infinity)).length;

  delivered(sink: string, ids: readonly string[]): Promise<void> {
    const done = this.done.get(sink) ?? new Set();
    this.done.set(sink, done);
    for (const id of ids) done.add(id);
    return Promise.resolve();
  }
  claim(_sink: string): Promise<boolean> {
    return Promise.resolve(true);
  }
  release(_sink: string): Promise<void> {
    return Promise.resolve();
  }
  async *changed(signal: AbortSignal): AsyncIterable<void> {
    const stopped = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => stopped.resolve());
    while (!signal.aborted) {
      const tick = Promise.withResolvers<void>();
      const timer = setTimeout(tick.resolve, 20);
      yield;
      await Promise.race([this.#ring.promise, stopped.promise, tick.promise]);
      clearTimeout(timer);
    }
  }
}

class FakeSink implements Sink {
  readonly got: string[] = [];
  deliveries = 0;
  /** Throws for what it doesn't take. */
  check: (passed: readonly Passed[]) => Promise<void> | void = () => {};

  constructor(readonly name: string) {}

  async deliver(passed: readonly Passed[]): Promise<void> {
    this.deliveries++;
    await this.check(passed);
    this.got.push(...passed.map(({ _id }) => _id));
  }
  [Symbol.asyncDispose]() {
    return Promise.resolve();
  }
}

function start(store: OutboxStore, sinks: Sink[], more: Partial<OutboxDeps> = {}) {
  const stop = new AbortController();
  const failures: string[] = [];
  const states: string[] = [];
  const running = runOutbox({
    store,
    sinks,
    signal: stop.signal,
    log: quiet,
    onDelivered() {},
    onFailed: (sink) => failures.push(sink),
    onState: (sink, state) => states.push(`${sink} ${state}`),
    backoff: { firstMs: 1, maxMs: 10 },
    ...more,
  });
  return {
    failures,
    states,
    async stop() {
      stop.abort();
      await running;
    },
  };
}

const down = () => {
  throw new Error("down");
};

describe("runOutbox()", () => {
  it("delivers what waits, in order and once, and what comes later", async () => {
    const store = new MemoryStore();
    store.put("1", "2");
    const sink = new FakeSink("a");
    const outbox = start(store, [sink]);
    await until(() => store.has("a").length === 2);
    store.put("3");
    await until(() => store.has("a").length === 3);
    await outbox.stop();
    assert.deepEqual(sink.got, ["1", "2", "3"]);
  });

  it("a sink that is down delays only itself, and gets everything when it is back", async () => {
    const store = new MemoryStore();
    const [good, bad] = [new FakeSink("good"), new FakeSink("bad")];
    bad.check = down;
    const outbox = start(store, [bad, good]);
    store.put("1", "2");
    await until(() => store.has("good").length === 2 && bad.deliveries > 5);
    assert.deepEqual(store.has("bad"), []);
    bad.check = () => {};
    await until(() => store.has("bad").length === 2);
    await outbox.stop();
    assert.deepEqual(bad.got.toSorted(), ["1", "2"]);
    assert.deepEqual(new Set(outbox.failures), new Set(["bad"]));
    assert.deepEqual(outbox.states, ["bad down", "bad up"]);
  });

  it("a pass that the sink never takes doesn't hold up the others", async () => {
    const store = new MemoryStore();
    const sink = new FakeSink("a");
    sink.check = (passed) => {
      if (passed.some(({ _id }) => _id.startsWith("huge"))) down();
    };
    // More of them in front than are tried before the sink is taken for down.
    store.put(...Array.from({ length: 10 }, (_, i) => `huge${i}`), "1", "2");
    const outbox = start(store, [sink]);
    await until(() => store.has("a").length === 2);
    store.put("3");
    await until(() => store.has("a").length === 3);
    await outbox.stop();
    assert.deepEqual(sink.got.toSorted(), ["1", "2", "3"]);
  });

  it("a sink that never answers is given up, and tried again", async () => {
    const store = new MemoryStore();
    const sink = new FakeSink("a");
    let hangs = true;
    sink.check = () => hangs ? new Promise(() => {}) : undefined;
    store.put("1");
    const outbox = start(store, [sink], { deliveryMsMax: 5 });
    await until(() => outbox.failures.length > 1);
    hangs = false;
    await until(() => store.has("a").length === 1);
    await outbox.stop();
  });

  it("what was delivered and not noted down is delivered again, and nothing is lost", async () => {
    const store = new MemoryStore();
    const sink = new FakeSink("a");
    const delivered = store.delivered.bind(store);
    store.delivered = () => Promise.reject(new Error("killed"));
    store.put("1", "2");
    const first = start(store, [sink]);
    await until(() => sink.got.length >= 2);
    await first.stop();
    store.delivered = delivered;
    sink.got.length = 0;
    const second = start(store, [sink]);
    await until(() => store.has("a").length === 2);
    await second.stop();
    assert.deepEqual(sink.got, ["1", "2"]);
  });

  it("goes on when the archive was away", async () => {
    const store = new MemoryStore();
    const sink = new FakeSink("a");
    const { pending, changed } = store;
    store.pending = () => Promise.reject(new Error("no server"));
    store.changed = async function* () {
      yield await Promise.reject(new Error("no server"));
    };
    store.put("1");
    const outbox = start(store, [sink]);
    await until(() => outbox.failures.length > 2);
    Object.assign(store, { pending, changed });
    await until(() => store.has("a").length === 1);
    await outbox.stop();
  });

  it("leaves a sink alone that another core delivers to, until that is gone", async () => {
    const store = new MemoryStore();
    const sink = new FakeSink("a");
    let isOurs = false;
    let claims = 0;
    store.claim = () => Promise.resolve(++claims > 0 && isOurs);
    store.put("1");
    const outbox = start(store, [sink]);
    await until(() => claims > 2);
    assert.equal(sink.deliveries, 0);
    isOurs = true;
    await until(() => store.has("a").length === 1);
    await outbox.stop();
  });
});
