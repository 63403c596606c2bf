/** Ends a program in order, within a deadline, when it is told to (SIGTERM, Ctrl-C) or is done. */
import type { Log } from "./log.ts";

export interface ShutdownOptions {
  /** How long all closing together may take, ms. */
  readonly drainMs: number;
  readonly log: Log;
  /** Ends the process at once: for a second signal, or when the deadline has passed. */
  readonly exit?: (code: number) => void;
}

export interface Shutdown extends Disposable {
  /** Aborted when the end begins: what reads stops reading. */
  readonly signal: AbortSignal;
  /** What is opened last is closed first. After the end has begun, it is closed at once. */
  add(name: string, close: () => Promise<void> | void): void;
  /** Begins the end. Resolves with whether all has closed in order, and in time. */
  close(why: string): Promise<boolean>;
  /** Resolves with what `close` does, whoever begins it. */
  readonly closed: Promise<boolean>;
}

const SIGNALS = ["SIGTERM", "SIGINT"] as const;
/** What comes after something that hangs still gets so long, one by one. */
const LATE_MS = 500;

/** Listens for signals until it is disposed. A second signal ends the process at once. */
export function openShutdown(
  { drainMs, log, exit = Deno.exit }: ShutdownOptions,
): Shutdown {
  const abort = new AbortController();
  const closed = Promise.withResolvers<boolean>();
  const open: { name: string; close: () => Promise<void> | void }[] = [];
  const signals = onStopSignals((signal) => void close(signal), exit);

  function close(why: string): Promise<boolean> {
    if (!abort.signal.aborted) {
      log.info("shutting down", { why, drainMs });
      abort.abort();
      closeAll().then(closed.resolve);
    }
    return closed.promise;
  }

  async function closeAll(): Promise<boolean> {
    const endMs = performance.now() + drainMs;
    let isInOrder = true;
    for (let last = open.pop(); last !== undefined; last = open.pop()) {
      const leftMs = Math.max(LATE_MS, endMs - performance.now());
      isInOrder = await closeOne(last, leftMs) && isInOrder;
    }
    return isInOrder;
  }

  async function closeOne({ name, close }: (typeof open)[number], ms: number): Promise<boolean> {
    const late = Promise.withResolvers<"late">();
    const timer = setTimeout(() => late.resolve("late"), ms);
    try {
      const end = await Promise.race([close(), late.promise]);
      if (end === "late") log.error("did not close in time", { name, ms: Math.round(ms) });
      return end !== "late";
    } catch (error) {
      log.error("did not close in order", { name, error });
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    signal: abort.signal,
    closed: closed.promise,
    close,
    add(name, close) {
      if (!abort.signal.aborted) open.push({ name, close });
      else void closeOne({ name, close }, drainMs);
    },
    [Symbol.dispose]: () => signals[Symbol.dispose](),
  };
}

/** Told of the first SIGTERM or Ctrl-C; a second one ends the process at once. */
export function onStopSignals(
  onStop: (signal: Deno.Signal) => void,
  exit: (code: number) => void = Deno.exit,
): Disposable {
  let isTold = false;
  const removals = SIGNALS.map((signal) => {
    const listener = () => {
      if (isTold) exit(1);
      isTold = true;
      onStop(signal);
    };
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  });
  return { [Symbol.dispose]: () => removals.forEach((remove) => remove()) };
}
