/** Tries again what may succeed later, with longer and longer pauses; and knows what will not. */

export interface Backoff {
  /** The pause after the first failure, ms; each one after is twice as long. */
  readonly firstMs: number;
  readonly maxMs: number;
}

export interface RetryOptions extends Partial<Backoff> {
  /** How often it is tried at most; without end by default. */
  readonly triesMax?: number;
  readonly signal?: AbortSignal | undefined;
  /** Told of each failure that is followed by another try. */
  readonly onRetry?: (error: unknown, tries: number, pauseMs: number) => void;
}

const BACKOFF: Backoff = { firstMs: 200, maxMs: 30_000 };

/** Trying again can't help: the same would fail in the same way. */
export class PermanentError extends Error {
  override name = "PermanentError";
}

/** Whether trying again can help. An error says that it can't by `retriable: false`. */
export function canRetry(error: unknown): boolean {
  if (error instanceof PermanentError) return false;
  return !(error instanceof Error && "retriable" in error && error.retriable === false);
}

/**
 * What `work` gives, however often it must be tried. Throws its last error when that can't be helped,
 * or when it has been tried often enough, and the signal's reason when that is aborted.
 */
export async function retry<T>(
  work: (tries: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const { triesMax = Infinity, signal, onRetry } = options;
  for (let tries = 1;; tries++) {
    signal?.throwIfAborted();
    try {
      return await work(tries);
    } catch (error) {
      if (!canRetry(error) || tries >= triesMax || signal?.aborted) throw error;
      const pauseMs = backoffMs(tries, options);
      onRetry?.(error, tries, pauseMs);
      await sleep(pauseMs, signal);
    }
  }
}

/**
 * The pause after so many failures, ms: half of it by chance, so that those who failed together
 * don't come again together.
 */
export function backoffMs(
  tries: number,
  { firstMs = BACKOFF.firstMs, maxMs = BACKOFF.maxMs }: Partial<Backoff> = {},
  random: () => number = Math.random,
): number {
  const wholeMs = Math.min(maxMs, firstMs * 2 ** (tries - 1));
  return wholeMs / 2 + random() * wholeMs / 2;
}

/** The pause after so many failures; it ends at once when the signal is aborted, and doesn't throw. */
export async function pause(tries: number, signal?: AbortSignal, limits?: Backoff): Promise<void> {
  await sleep(backoffMs(tries, limits), signal);
}

/** Resolves after `ms`, or at once when the signal is aborted. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const wake = () => resolve();
  signal?.addEventListener("abort", wake);
  await promise;
  clearTimeout(timer);
  // A signal that lives as long as the program would gather one listener for each pause.
  signal?.removeEventListener("abort", wake);
}
