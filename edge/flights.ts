/**
 * Identical queries of one user that are in the air together are asked once. Clients send a query again
 * when it takes long (penquins after 5 s, up to four times, with pauses of 0, 2 and 4 s): who comes
 * again waits for the work that is being done already.
 */
import { held, isShort } from "./held.ts";

export interface Flights {
  /**
   * What `run` answers, or what it has been asked before with the same key and hasn't answered yet.
   * The work is ended when none of the clients is left that wait for it, and a moment has passed in
   * which they may come again; at once where they had been answered in part.
   */
  share(
    key: string,
    client: AbortSignal,
    run: (signal: AbortSignal) => Promise<Response>,
  ): Promise<Response>;
  /** Ends the work that nobody waits for. */
  close(): void;
}

/**
 * How long the work goes on without a client, by how often the query was sent: who has sent it again
 * once will do so after a longer pause.
 */
const ALONE_MS = [1_000, 3_000, 5_000];
/** What is sent again comes later than this; what comes sooner is another client's. */
const AGAIN_MS_MIN = 500;

export function createFlights(aloneMs: readonly number[] = ALONE_MS): Flights {
  const flights = new Map<string, Flight>();

  return {
    async share(key, client, run) {
      for (;;) {
        client.throwIfAborted();
        const flight = flights.get(key) ?? begin(key, run);
        const answer = await flight.join(client);
        if (answer !== null) return answer;
      }
    },
    close() {
      for (const flight of flights.values()) flight.leave();
    },
  };

  function begin(key: string, run: (signal: AbortSignal) => Promise<Response>): Flight {
    const flight: Flight = new Flight(run, aloneMs, () => {
      if (flights.get(key) === flight) flights.delete(key);
    });
    flights.set(key, flight);
    return flight;
  }
}

interface Waiting {
  readonly client: AbortSignal;
  /** Null: the answer is too long to be copied, and another has it. */
  readonly done: (answer: Response | null) => void;
  readonly failed: (error: unknown) => void;
}

class Flight {
  readonly #aloneMs: readonly number[];
  readonly #onEnd: () => void;
  readonly #work = new AbortController();
  readonly #waiting = new Set<Waiting>();
  /** The answer, where it came while nobody waited. */
  #landed: Response | null = null;
  /** For who comes again although it was answered, to a connection that it had left without a word. */
  #kept: (() => Response) | null = null;
  #isReading = false;
  readonly #begunMs = performance.now();
  #sent = 0;
  #alone: ReturnType<typeof setTimeout> | undefined;

  constructor(
    run: (signal: AbortSignal) => Promise<Response>,
    aloneMs: readonly number[],
    onEnd: () => void,
  ) {
    this.#aloneMs = aloneMs;
    this.#onEnd = onEnd;
    run(this.#work.signal).then((answer) => this.#land(answer), (error) => this.#fail(error));
  }

  join(client: AbortSignal): Promise<Response | null> {
    clearTimeout(this.#alone);
    if (this.#kept !== null) {
      this.#onEnd();
      return Promise.resolve(this.#kept());
    }
    this.#sent++;
    const { promise, resolve, reject } = Promise.withResolvers<Response | null>();
    const waiting = { client, done: resolve, failed: reject };
    this.#waiting.add(waiting);
    client.addEventListener("abort", () => {
      if (!this.#waiting.delete(waiting)) return;
      reject(client.reason);
      if (this.#waiting.size === 0) this.#stayAlone();
    }, { once: true });
    if (this.#landed !== null && !this.#isReading) this.#land(this.#landed);
    return promise;
  }

  /** Ends the work, if nobody waits for it. */
  leave(): void {
    if (this.#waiting.size > 0) return;
    clearTimeout(this.#alone);
    this.#onEnd();
    this.#work.abort();
    this.#landed?.body?.cancel().catch(() => {});
  }

  #stayAlone(): void {
    const ms = this.#aloneMs[Math.min(this.#sent, this.#aloneMs.length) - 1]!;
    this.#alone = setTimeout(() => this.leave(), ms);
  }

  #fail(error: unknown): void {
    clearTimeout(this.#alone);
    this.#onEnd();
    for (const { failed } of this.#waiting) failed(error);
    this.#waiting.clear();
  }

  async #land(answer: Response): Promise<void> {
    this.#landed = answer;
    if (this.#work.signal.aborted) return void answer.body?.cancel().catch(() => {});
    if (this.#waiting.size === 0) return;
    // penquins leaves a connection open while it pauses, so its last try may be dead already.
    const mayComeAgain = this.#sent > 1 && performance.now() - this.#begunMs > AGAIN_MS_MIN;
    if (!mayComeAgain) {
      this.#onEnd(); // Who comes now is too late for this one.
      if (this.#waiting.size === 1) return this.#give(answer);
    }
    this.#isReading = true;
    try {
      const begun = await held(answer);
      if (!isShort(begun)) {
        this.#onEnd();
        return this.#give(begun);
      }
      const { status, headers } = begun;
      const bytes = await begun.bytes();
      const copy = () => new Response(bytes, { status, headers });
      for (const { done } of this.#waiting) done(copy());
      this.#waiting.clear();
      if (!mayComeAgain) return;
      this.#kept = copy;
      this.#alone = setTimeout(() => this.#onEnd(), this.#aloneMs.at(-1));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** To who came last: those before may have given up already. The others have to ask for themselves. */
  #give(answer: Response): void {
    const last = [...this.#waiting].at(-1);
    this.#waiting.delete(last!);
    for (const { done } of this.#waiting) done(null);
    this.#waiting.clear();
    if (last === undefined) return this.leave();
    last.client.addEventListener("abort", () => this.#work.abort(), { once: true });
    last.done(answer);
  }
}
