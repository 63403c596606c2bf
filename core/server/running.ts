/** The queries that run: how many at once, of all people together and of one of them. */
import { UnavailableError } from "../contract/query.ts";

export interface RunningMax {
  readonly all: number;
  readonly ofOne: number;
}

/** Somebody asks more at once than one may; when the first of it is answered, there is room again. */
export class TooManyError extends Error {
  override name = "TooManyError";
}

export class Running {
  readonly #max: RunningMax;
  readonly #byName = new Map<string, number>();
  #all = 0;

  constructor(max: RunningMax) {
    this.#max = max;
  }

  get count(): number {
    return this.#all;
  }

  /**
   * One more begins; to be told, once, when it has ended. Throws `TooManyError`, `UnavailableError`
   * where there is no room.
   */
  begin(name: string): () => void {
    const { all, ofOne } = this.#max;
    const own = this.#byName.get(name) ?? 0;
    if (own >= ofOne) {
      throw new TooManyError(`Cannot run another query as one user's must be <= ${ofOne} at once`);
    }
    if (this.#all >= all) throw new UnavailableError(`${all} queries are running`);
    this.#byName.set(name, own + 1);
    this.#all++;
    return () => {
      this.#all--;
      const left = this.#byName.get(name)! - 1;
      if (left > 0) this.#byName.set(name, left);
      else this.#byName.delete(name);
    };
  }
}
