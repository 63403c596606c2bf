/** Empties the outbox: each sink in a loop of its own, so that one that is down delays only itself. */
import type { Log } from "./base/log.ts";
import { type Backoff, backoffMs, pause } from "./base/retry.ts";
import type { Passed, Sink } from "./contract/passed.ts";

export interface OutboxStore {
  /** Passes that a sink doesn't have, oldest first, without those named. */
  pending(sink: string, limit: number, without?: readonly string[]): Promise<Passed[]>;
  /** How many passes a sink doesn't have. */
  waiting(sink: string): Promise<number>;
  /** Says that a sink has them. */
  delivered(sink: string, ids: readonly string[]): Promise<void>;
  /** Whether it is for us to deliver to a sink, for a while: of several cores one does. */
  claim(sink: string): Promise<boolean>;
  /** Leaves a sink to the others. */
  release(sink: string): Promise<void>;
  /** Yields when there may be new passes, and every few seconds. Ends with the signal. */
  changed(signal: AbortSignal): AsyncIterable<void>;
}

export interface OutboxDeps {
  readonly store: OutboxStore;
  readonly sinks: readonly Sink[];
  readonly signal: AbortSignal;
  readonly log: Log;
  onDelivered(sink: string, count: number): void;
  onFailed(sink: string): void;
  /** Told when nothing can be delivered to a sink any more, and when something is again. */
  onState?(sink: string, state: "up" | "down"): void;
  readonly backoff?: Backoff;
  /** A delivery that takes longer has failed. */
  readonly deliveryMsMax?: number;
}

/** Passes that are delivered at once. */
const DELIVERY_MAX = 200;
const DELIVERY_MS_MAX = 120_000;
const BACKOFF: Backoff = { firstMs: 200, maxMs: 60_000 };
/** When the first passes of a batch fail alone, too, it is the sink that is down. */
const ALONE_MAX = 3;
/** A pass that failed alone steps back for so long, so that others go before it. */
const HELD: Backoff = { firstMs: 1_000, maxMs: 600_000 };
/** The most that are named to the store as stepping back. */
const HELD_MAX = 1_000;

/** Runs until the signal is aborted. What wasn't delivered by then is delivered after the next start. */
export async function runOutbox(deps: OutboxDeps): Promise<void> {
  const loops = deps.sinks.map((sink) => new SinkLoop(deps, sink));
  await Promise.all([ringAll(deps, loops), ...loops.map((loop) => loop.run())]);
}

async function ringAll(
  { store, signal, log, backoff }: OutboxDeps,
  loops: readonly SinkLoop[],
): Promise<void> {
  for (let tries = 1; !signal.aborted; tries++) {
    try {
      for await (const _ of store.changed(signal)) {
        tries = 1;
        for (const loop of loops) loop.ring();
      }
    } catch (error) {
      log.warn("new passes can't be waited for", { error: String(error) });
    }
    for (const loop of loops) loop.ring();
    await pause(tries, signal, backoff ?? BACKOFF);
  }
}

class SinkLoop {
  readonly #deps: OutboxDeps;
  readonly #sink: Sink;
  readonly #backoff: Backoff;
  readonly #held = new Map<string, { readonly tries: number; readonly untilMs: number }>();
  #rung = Promise.withResolvers<void>();
  #state: "up" | "down" = "up";

  constructor(deps: OutboxDeps, sink: Sink) {
    this.#deps = deps;
    this.#sink = sink;
    this.#backoff = deps.backoff ?? BACKOFF;
    deps.signal.addEventListener("abort", () => this.ring());
  }

  ring(): void {
    this.#rung.resolve();
  }

  async run(): Promise<void> {
    const { signal, store, log, onFailed } = this.#deps;
    const sink = this.#sink.name;
    for (let tries = 0; !signal.aborted;) {
      try {
        // Before we look: what comes while we look rings again.
        const rung = this.#rung = Promise.withResolvers();
        if (await store.claim(sink) && await this.#deliverNext()) rung.resolve();
        tries = 0;
        if (!signal.aborted) await rung.promise;
      } catch (error) {
        if (signal.aborted) break;
        onFailed(sink);
        this.#become("down");
        log.warn("passes wait for a sink", { sink, error: String(error) });
        await pause(++tries, signal, this.#backoff);
      }
    }
    await store.release(sink).catch(() => {}); // It is free after a while in any case.
  }

  /** Whether there was something to deliver. Throws when none of it could be. */
  async #deliverNext(): Promise<boolean> {
    const { store, onDelivered } = this.#deps;
    const sink = this.#sink.name;
    const now = Date.now();
    const held = [...this.#held].filter(([, { untilMs }]) => untilMs > now).map(([id]) => id);
    const passed = await store.pending(sink, DELIVERY_MAX, held.slice(0, HELD_MAX));
    if (passed.length === 0) return false;
    const delivered = await this.#deliver(passed);
    await store.delivered(sink, delivered);
    for (const id of delivered) this.#held.delete(id);
    onDelivered(sink, delivered.length);
    this.#become("up");
    return true;
  }

  /** The ids of those that the sink has taken. */
  async #deliver(passed: readonly Passed[]): Promise<string[]> {
    try {
      await this.#inTime(passed);
      return passed.map(({ _id }) => _id);
    } catch (error) {
      if (passed.length === 1 || this.#deps.signal.aborted) throw error;
      // One of them may be what the sink never takes: the others needn't wait for it.
      return await this.#deliverAlone(passed);
    }
  }

  async #deliverAlone(passed: readonly Passed[]): Promise<string[]> {
    const { signal, log } = this.#deps;
    const delivered: string[] = [];
    let failed = 0;
    let last: unknown;
    for (const each of passed) {
      if (signal.aborted || (delivered.length === 0 && failed === ALONE_MAX)) break;
      try {
        await this.#inTime([each]);
        delivered.push(each._id);
      } catch (error) {
        failed++;
        last = error;
        const tries = (this.#held.get(each._id)?.tries ?? 0) + 1;
        this.#held.set(each._id, { tries, untilMs: Date.now() + backoffMs(tries, HELD) });
      }
    }
    if (delivered.length === 0) throw last;
    if (failed > 0) {
      log.warn("a sink takes some passes and not others", {
        sink: this.#sink.name,
        failed,
        error: String(last),
      });
    }
    return delivered;
  }

  async #inTime(passed: readonly Passed[]): Promise<void> {
    const limitMs = this.#deps.deliveryMsMax ?? DELIVERY_MS_MAX;
    const late = Promise.withResolvers<never>();
    const abandon = new AbortController();
    const timer = setTimeout(() => {
      const error = new Error(`Cannot deliver to ${this.#sink.name} in ${limitMs} ms`);
      abandon.abort(error);
      late.reject(error);
    }, limitMs);
    const signal = AbortSignal.any([this.#deps.signal, abandon.signal]);
    try {
      await Promise.race([this.#sink.deliver(passed, signal), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #become(state: "up" | "down"): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#deps.onState?.(this.#sink.name, state);
  }
}
