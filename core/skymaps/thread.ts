/**
 * Reads skymaps in threads of their own, one for each: strangers' files are parsed there, and contours
 * take seconds of computing. A thread that needs too much time or memory is ended, and nothing else.
 */
import { Worker } from "node:worker_threads";
import { JsonError } from "../contract/json.ts";
import { QueryError, UnavailableError } from "../contract/query.ts";
import type { MadeContours, ReadSkymap, SkymapReader } from "../contract/skymaps.ts";

export interface SkymapReaderOptions {
  /** Names of hosts that maps may be fetched from. */
  readonly hosts: readonly string[];
  readonly timeMsMax?: number;
  readonly heapMbMax?: number;
}

/** The first message to a thread, and those that follow. */
export interface SkymapThreadStart {
  readonly body: string;
  readonly hosts: readonly string[];
}
export type SkymapThreadJob = { readonly levels: readonly number[] };
export type SkymapThreadReply =
  | { readonly result: Pick<ReadSkymap, "identity" | "levels"> | MadeContours }
  | { readonly name: string; readonly message: string };

/** A map at nside 1024, fetched from afar, takes 15 s. */
const TIME_MS_MAX = 60_000;
/** Of JavaScript's own objects; the arrays of a map are bounded by what may be read of it. */
const HEAP_MB_MAX = 768;
/** Each takes a core of the machine and up to a gigabyte. */
const THREADS_MAX = 2;
const WAITING_MAX = 8;

export function createSkymapReader(options: SkymapReaderOptions): SkymapReader {
  const waiting: (() => void)[] = [];
  let running = 0;

  async function begin(signal: AbortSignal): Promise<void> {
    if (running < THREADS_MAX) {
      running++;
      return;
    }
    if (waiting.length >= WAITING_MAX) {
      throw new UnavailableError(`Cannot read the skymap: ${WAITING_MAX} are waiting`);
    }
    // Whoever ends hands its place on.
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = () => {
      waiting.splice(waiting.indexOf(resolve), 1);
      reject(signal.reason);
    };
    waiting.push(resolve);
    signal.addEventListener("abort", giveUp, { once: true });
    await promise;
    signal.removeEventListener("abort", giveUp);
  }

  function end(): void {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }

  return {
    async open(body, signal) {
      signal.throwIfAborted();
      await begin(signal);
      const thread = new SkymapThread(options, signal, end);
      try {
        const start: SkymapThreadStart = { body, hosts: options.hosts };
        const opened = await thread.ask(start) as Pick<ReadSkymap, "identity" | "levels">;
        return {
          ...opened,
          contours: async (levels) => await thread.ask({ levels }) as MadeContours,
          [Symbol.dispose]: () => thread[Symbol.dispose](),
        };
      } catch (error) {
        thread[Symbol.dispose]();
        throw error;
      }
    },
  };
}

class SkymapThread implements Disposable {
  readonly #worker: Worker;
  readonly #signal: AbortSignal;
  readonly #deadline: ReturnType<typeof setTimeout>;
  readonly #ended: () => void;
  #answer = Promise.withResolvers<SkymapThreadReply>();
  #isOver = false;

  constructor(options: SkymapReaderOptions, signal: AbortSignal, ended: () => void) {
    const { timeMsMax = TIME_MS_MAX, heapMbMax = HEAP_MB_MAX } = options;
    this.#ended = ended;
    this.#signal = signal;
    this.#worker = new Worker(new URL("../../workers/skymap_worker.ts", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: heapMbMax },
    });
    this.#worker.on("message", (reply: SkymapThreadReply) => this.#answer.resolve(reply));
    const tooLarge = new QueryError(`Cannot use the skymap as it must take <= ${heapMbMax} MB`);
    this.#worker.on(
      "error",
      (error: Error & { code?: string }) =>
        this.#fail(error.code === "ERR_WORKER_OUT_OF_MEMORY" ? tooLarge : error),
    );
    // One that dies of its memory outside of its first turn says only that it has ended.
    this.#worker.on("exit", () => this.#fail(tooLarge));
    this.#deadline = setTimeout(
      () => this.#fail(new QueryError(`Cannot use the skymap as it must take <= ${timeMsMax} ms`)),
      timeMsMax,
    );
    signal.addEventListener("abort", this.#onAbort, { once: true });
    this.#answer.promise.catch(() => {}); // Told to whoever asks.
  }

  /** One question at a time. */
  async ask(message: SkymapThreadStart | SkymapThreadJob): Promise<unknown> {
    if (!this.#isOver) this.#worker.postMessage(message);
    const reply = await this.#answer.promise;
    this.#answer = Promise.withResolvers();
    this.#answer.promise.catch(() => {});
    if ("result" in reply) return reply.result;
    throw toError(reply);
  }

  [Symbol.dispose](): void {
    this.#fail(new Error("The thread has ended"));
  }

  readonly #onAbort = () => this.#fail(this.#signal.reason);

  #fail(error: unknown): void {
    this.#answer.reject(error);
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#deadline);
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#worker.terminate();
    this.#ended();
  }
}

function toError({ name, message }: { name: string; message: string }): Error {
  if (name === "JsonError") return new JsonError(message);
  if (name === "QueryError") return new QueryError(message);
  // Lists and nesting beyond what the machine takes: the file's doing.
  if (name === "RangeError") return new QueryError("Cannot use the skymap as it is too large");
  return new Error(`${name}: ${message}`);
}
