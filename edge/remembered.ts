/** What cores said, remembered for a few seconds, so that not every request asks again. */
import { CoreUnavailableError } from "./ask.ts";

export interface RememberedOptions {
  /** How long it is as good as asked. */
  readonly ageMsMax: number;
  /** How long it serves while there is nobody to ask. */
  readonly staleMsMax: number;
  readonly keysMax: number;
}

interface Known<T> {
  readonly value: T;
  readonly atMs: number;
}

export class Remembered<T> {
  readonly #options: RememberedOptions;
  readonly #now: () => number;
  /** In order of asking, so that the first is the one to forget. */
  readonly #known = new Map<string, Known<T>>();
  /** Changes with each `forget`: what was asked before is not remembered after. */
  #era = 0;

  constructor(options: RememberedOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  /** `isFresh`: it is asked now, whatever is remembered. Rejects as `ask` does. */
  async get(key: string, ask: () => Promise<T>, { isFresh = false } = {}): Promise<T> {
    const { ageMsMax, staleMsMax } = this.#options;
    const known = this.#known.get(key);
    const ageMs = known ? this.#now() - known.atMs : Infinity;
    if (known && !isFresh && ageMs <= ageMsMax) return known.value;
    const era = this.#era;
    try {
      const value = await ask();
      if (era === this.#era) this.#remember(key, value);
      return value;
    } catch (error) {
      const serves = error instanceof CoreUnavailableError && !isFresh && ageMs <= staleMsMax;
      if (known && serves && era === this.#era) return known.value;
      throw error;
    }
  }

  /** All of it. */
  forget(): void {
    this.#era++;
    this.#known.clear();
  }

  #remember(key: string, value: T): void {
    this.#known.delete(key);
    this.#known.set(key, { value, atMs: this.#now() });
    if (this.#known.size > this.#options.keysMax) {
      this.#known.delete(this.#known.keys().next().value!);
    }
  }
}
