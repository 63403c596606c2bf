/** Empties the outbox: each sink in a loop of its own, so that one that is down delays only itself. */
import type { Log } from "./base/log.ts";
import { pause } from "./base/retry.ts";
import type { Passed, Sink } from "./contract/passed.ts";

export interface OutboxStore {
  /** Passes that a sink doesn't have, oldest first. */
  pending(sink: string, limit: number): Promise<Passed[]>;
  /** Says that a sink has them. */
  delivered(sink: string, ids: readonly string[]): Promise<void>;
  /** Yields when there may be new passes. Ends with the signal. */
  changed(signal: AbortSignal): AsyncIterable<void>;
}

export interface OutboxDeps {
  readonly store: OutboxStore;
  readonly sinks: readonly Sink[];
  readonly signal: AbortSignal;
  readonly log: Log;
  onDelivered(sink: string, count: number): void;
  onFailed(sink: string): void;
}

/** Passes that are delivered at once. */
const DELIVERY_MAX = 200;

/** Runs until the signal is aborted. What wasn't delivered by then is delivered after the next start. */
export async function runOutbox(deps: OutboxDeps): Promise<void> {
  await Promise.all(deps.sinks.map((sink) => runSink(deps, sink)));
}

async function runSink(deps: OutboxDeps, sink: Sink): Promise<void> {
  const { store, signal } = deps;
  for await (const _ of store.changed(signal)) {
    for (let tries = 0; !signal.aborted;) {
      try {
        const passed = await store.pending(sink.name, DELIVERY_MAX);
        if (passed.length === 0) break;
        await sink.deliver(passed, signal);
        await store.delivered(sink.name, passed.map(({ _id }) => _id));
        deps.onDelivered(sink.name, passed.length);
        tries = 0;
      } catch (error) {
        if (signal.aborted) return;
        deps.onFailed(sink.name);
        deps.log.warn("passes wait for a sink", { sink: sink.name, error: String(error) });
        await pause(tries++, signal).catch(() => {});
      }
    }
  }
}
