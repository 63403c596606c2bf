/** Limits how often something may be done: a bucket of tokens for each key, which fills with time. */

export interface RateLimitSettings {
  readonly perMinute: number;
  /** What a bucket holds. */
  readonly burst: number;
}

export interface Taken {
  readonly ok: boolean;
  /** Whole seconds until it may be tried again; 0 where it may be done now. */
  readonly retryAfterS: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Buckets kept, about 100 bytes each. Who was away longest is forgotten first, and starts full again. */
const KEYS_MAX = 50_000;

export class RateLimit {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #now: () => number;
  readonly #keysMax: number;
  /** In order of use, so that the first is the one to forget. */
  readonly #buckets = new Map<string, Bucket>();

  constructor({ perMinute, burst }: RateLimitSettings, now = Date.now, keysMax = KEYS_MAX) {
    this.#perMs = perMinute / 60_000;
    this.#burst = burst;
    this.#now = now;
    this.#keysMax = keysMax;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes a token, where there is one. */
  take(key: string): Taken {
    const bucket = this.#bucket(key);
    if (bucket.tokens < 1) return this.#refused(bucket);
    bucket.tokens--;
    return { ok: true, retryAfterS: 0 };
  }

  /** Whether there is a token, without taking it. */
  look(key: string): Taken {
    const bucket = this.#bucket(key);
    return bucket.tokens < 1 ? this.#refused(bucket) : { ok: true, retryAfterS: 0 };
  }

  #refused({ tokens }: Bucket): Taken {
    return { ok: false, retryAfterS: Math.ceil((1 - tokens) / this.#perMs / 1000) };
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
