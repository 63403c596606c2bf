/** Buckets of tokens that fill with time, one for each key: how often, or how much, may be done. */

export interface BucketSettings {
  readonly perMinute: number;
  /** What a bucket holds. */
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Buckets kept, about 100 bytes each. Who was away longest is forgotten first, and starts full again. */
const KEYS_MAX = 50_000;

export class Buckets {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #now: () => number;
  readonly #keysMax: number;
  /** In order of use, so that the first is the one to forget. */
  readonly #buckets = new Map<string, Bucket>();

  constructor({ perMinute, burst }: BucketSettings, now = Date.now, keysMax = KEYS_MAX) {
    this.#perMs = perMinute / 60_000;
    this.#burst = burst;
    this.#now = now;
    this.#keysMax = keysMax;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** What the key has now; less than nothing where it took on credit. */
  left(key: string): number {
    return this.#bucket(key).tokens;
  }

  /**
   * Takes tokens, whether there are as many or not, down to a debt of one burst, so that nobody waits
   * for longer than a full bucket takes. Fewer than none gives back.
   */
  take(key: string, tokens: number): number {
    const bucket = this.#bucket(key);
    bucket.tokens = Math.min(this.#burst, Math.max(-this.#burst, bucket.tokens - tokens));
    return bucket.tokens;
  }

  /** How long until the key has a whole token, ms; 0 where it has one. */
  waitMs(key: string): number {
    return Math.max(0, (1 - this.left(key)) / this.#perMs);
  }

  #bucket(key: string): Bucket {
    const nowMs = this.#now();
    const known = this.#buckets.get(key);
    const bucket = known ?? { tokens: this.#burst, atMs: nowMs };
    const elapsedMs = Math.max(0, nowMs - bucket.atMs);
    bucket.tokens = Math.min(this.#burst, bucket.tokens + elapsedMs * this.#perMs);
    bucket.atMs = nowMs;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > this.#keysMax) {
      this.#buckets.delete(this.#buckets.keys().next().value!);
    }
    return bucket;
  }
}
