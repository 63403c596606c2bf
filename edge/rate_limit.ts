/**
 * Limits how often something may be done: counted here, at once, and with the other edges through
 * what the cores tell (`shared_limits.ts`). No request waits for that.
 */
import { Buckets, type BucketSettings } from "../core/base/buckets.ts";

export type RateLimitSettings = BucketSettings;

export interface Taken {
  readonly ok: boolean;
  /** Whole seconds until it may be tried again; 0 where it may be done now. */
  readonly retryAfterS: number;
}

/** Keys whose takings wait to be told; what is beyond them only this edge knows. */
const UNTOLD_MAX = 50_000;

export class RateLimit {
  readonly settings: RateLimitSettings;
  readonly #buckets: Buckets;
  /** What was taken here since it was last told. */
  #untold = new Map<string, number>();

  constructor(settings: RateLimitSettings, now = Date.now, keysMax?: number) {
    this.settings = settings;
    this.#buckets = new Buckets(settings, now, keysMax);
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes a token, where there is one. */
  take(key: string): Taken {
    const taken = this.look(key);
    // Who is refused is told of too, so that it is learnt what others have left them.
    this.charge(key, taken.ok ? 1 : 0);
    return taken;
  }

  /** Whether there is a token, without taking it. */
  look(key: string): Taken {
    const waitMs = this.#buckets.waitMs(key);
    return { ok: waitMs === 0, retryAfterS: Math.ceil(waitMs / 1000) };
  }

  /** Takes what was done already, whether there is as much or not; fewer than none gives back. */
  charge(key: string, tokens: number): void {
    this.#buckets.take(key, tokens);
    if (this.#untold.size < UNTOLD_MAX || this.#untold.has(key)) {
      this.#untold.set(key, (this.#untold.get(key) ?? 0) + tokens);
    }
  }

  /** What was taken here and hasn't been told, of so many keys; from now on it counts as told. */
  tell(keysMax: number): Map<string, number> {
    const told = new Map([...this.#untold].slice(0, keysMax));
    for (const key of told.keys()) this.#untold.delete(key);
    return told;
  }

  /** It could not be told, and is still to be. */
  untell(told: ReadonlyMap<string, number>): void {
    for (const [key, tokens] of told) {
      this.#untold.set(key, (this.#untold.get(key) ?? 0) + tokens);
    }
  }

  /** What all edges together have left of a key, of which what is untold here is to be taken yet. */
  learn(key: string, left: number): void {
    const here = this.#buckets.left(key);
    this.#buckets.take(key, here - (left - (this.#untold.get(key) ?? 0)));
  }
}
