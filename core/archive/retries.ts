/**
 * Answers to requests that a client sends again because it waited no longer: the Python client gives
 * up after 5 s and asks up to three times more, while the first request may still be at work.
 */
export interface Retries {
  /**
   * Does the work, or gives what the same work gave a moment ago, or is about to give. `about` is what
   * it changes, `request` all that tells it from other requests. What fails is forgotten at once.
   */
  once<T>(about: string, request: string, work: () => Promise<T>): Promise<T>;
  /**
   * Somebody has looked at it since, so has seen what came of the request: the same again is meant.
   */
  seen(about: string): void;
}

/** The client's next try comes within its time-out and 4 s. */
const WINDOW_MS = 15_000;
/** Answers are small; more of them within the window are no people's. */
const ANSWERS_MAX = 1_000;

interface Answer {
  readonly request: string;
  readonly result: Promise<unknown>;
  /** When it was given; undefined: the work goes on. */
  doneMs?: number;
}

export function retries(now: () => number = Date.now): Retries {
  /** The last request about each thing. */
  const answers = new Map<string, Answer>();

  return {
    async once<T>(about: string, request: string, work: () => Promise<T>): Promise<T> {
      const digest = await digestOf(request);
      const last = answers.get(about);
      if (last?.request === digest && !isOld(last)) return await last.result as T;
      const answer: Answer = { request: digest, result: work() };
      answers.delete(about);
      answers.set(about, answer);
      if (answers.size > ANSWERS_MAX) answers.delete(answers.keys().next().value!);
      try {
        const result = await answer.result;
        answer.doneMs = now();
        return result as T;
      } catch (error) {
        if (answers.get(about) === answer) answers.delete(about);
        throw error;
      }
    },
    seen(about) {
      if (answers.get(about)?.doneMs !== undefined) answers.delete(about);
    },
  };

  function isOld({ doneMs }: Answer): boolean {
    return doneMs !== undefined && now() - doneMs > WINDOW_MS;
  }
}

/** A request may be a megabyte, which isn't kept. */
async function digestOf(request: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(request));
  return new Uint8Array(hash).toHex();
}
