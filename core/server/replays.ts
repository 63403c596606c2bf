/** Refuses a signed request that was seen before: remembers the nonces of as long as signatures hold. */
import { SignatureError, type Signed, SIGNED_AGE_MS_MAX } from "../contract/edge.ts";
import { UnavailableError } from "../contract/query.ts";

/** About 150 bytes each. With more within a minute, a signature holds for less than one. */
const NONCES_MAX = 200_000;
const SLOT_MS = 1_000;

export class Replays {
  readonly #now: () => number;
  readonly #noncesMax: number;
  /** Nonces by the second in which they were signed. */
  readonly #slots = new Map<number, Set<string>>();
  #size = 0;
  /** What was signed before can't be told from a replay: its nonces are forgotten, or were never known. */
  #knownFromMs: number;

  constructor(now: () => number = Date.now, noncesMax = NONCES_MAX) {
    this.#now = now;
    this.#noncesMax = noncesMax;
    this.#knownFromMs = now();
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Throws `SignatureError` for one that came before. For one of which that isn't known any more, or
   * not yet, `UnavailableError`: an edge whose clock is behind may ask again.
   */
  admit({ nonce, timeMs }: Pick<Signed, "nonce" | "timeMs">): void {
    this.#forget(this.#now() - SIGNED_AGE_MS_MAX);
    const slot = Math.floor(timeMs / SLOT_MS);
    const nonces = this.#slots.get(slot) ?? new Set();
    if (nonces.has(nonce)) {
      throw new SignatureError("Cannot trust the request as it must be sent once");
    }
    if (timeMs < this.#knownFromMs) {
      throw new UnavailableError("Cannot tell whether the request was sent before");
    }
    this.#slots.set(slot, nonces.add(nonce));
    this.#size++;
    while (this.#size > this.#noncesMax) this.#forgetSlot(Math.min(...this.#slots.keys()));
  }

  #forget(beforeMs: number): void {
    for (const slot of this.#slots.keys()) {
      if ((slot + 1) * SLOT_MS <= beforeMs) this.#forgetSlot(slot);
    }
  }

  #forgetSlot(slot: number): void {
    this.#size -= this.#slots.get(slot)!.size;
    this.#slots.delete(slot);
    this.#knownFromMs = Math.max(this.#knownFromMs, (slot + 1) * SLOT_MS);
  }
}
