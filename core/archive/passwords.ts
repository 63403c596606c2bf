/**
 * Hashes and checks passwords in a thread of their own: bcrypt takes a quarter of a second by
 * intention, and queries are not to wait for it.
 *
 * bcrypt reads 72 bytes of a password, and none after a zero byte. So what it gets is a MAC of the
 * password, of whatever length that is, and hashes of this kind begin with a mark. The original's
 * don't, and are checked as it did.
 */
import { UnavailableError } from "../contract/query.ts";

export interface Passwords {
  /** A text to know the password by. */
  hash(password: string): Promise<string>;
  /** Against a hash of ours, or of the original's. */
  verify(password: string, hash: string): Promise<boolean>;
}

export type PasswordJob =
  | { readonly id: number; readonly password: string; readonly cost: number }
  | { readonly id: number; readonly password: string; readonly hash: string };

export type PasswordReply = {
  readonly id: number;
  readonly result?: string | boolean;
  readonly error?: string;
};

/** The cost of the original's hashes, and of ours. */
const COST = 12;
/** In front of the bcrypt hash of a password's MAC. */
export const MARK = "$hmac-sha256";
/** A quarter of a second each: who comes after these would wait for longer than clients do. */
const WAITING_MAX = 40;

/** Whether a hash is of the present kind; another is to be replaced when its password is at hand. */
export function isOurs(hash: string): boolean {
  return hash.startsWith(MARK);
}

/** Starts no thread before the first password comes. Dispose of it to end the thread. */
export function startPasswords({ cost = COST } = {}): Passwords & Disposable {
  return new PasswordThread(cost);
}

class PasswordThread implements Passwords, Disposable {
  readonly #cost: number;
  readonly #waiting = new Map<number, PromiseWithResolvers<string | boolean>>();
  #worker: Worker | undefined;
  #jobs = 0;

  constructor(cost: number) {
    this.#cost = cost;
  }

  async hash(password: string): Promise<string> {
    return await this.#run((id) => ({ id, password, cost: this.#cost })) as string;
  }

  async verify(password: string, hash: string): Promise<boolean> {
    return await this.#run((id) => ({ id, password, hash })) as boolean;
  }

  [Symbol.dispose](): void {
    this.#lose("The thread was ended");
  }

  #run(jobOf: (id: number) => PasswordJob): Promise<string | boolean> {
    if (this.#waiting.size >= WAITING_MAX) {
      return Promise.reject(
        new UnavailableError(`Cannot check a password: ${WAITING_MAX} are waiting`),
      );
    }
    const id = this.#jobs++;
    const answer = Promise.withResolvers<string | boolean>();
    this.#waiting.set(id, answer);
    this.#worker ??= this.#start();
    this.#worker.postMessage(jobOf(id));
    return answer.promise;
  }

  #start(): Worker {
    const worker = new Worker(import.meta.resolve("./passwords_worker.ts"), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<PasswordReply>) => {
      const answer = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if (data.result === undefined) answer?.reject(new Error(data.error));
      else answer?.resolve(data.result);
    };
    worker.onerror = (event) => {
      event.preventDefault(); // Without this, the worker takes the process with it.
      this.#lose(event.message);
    };
    return worker;
  }

  #lose(why: string): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const answer of this.#waiting.values()) {
      answer.reject(new UnavailableError(`Cannot check a password: ${why}`));
    }
    this.#waiting.clear();
  }
}
