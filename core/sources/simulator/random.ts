/** Seeded random numbers: the same keys give the same numbers, on every machine and in any order of use. */

export type Key = number | string;

/**
 * A small generator, started from its keys: `new Random(seed, "visit", night)`. What a thing looks
 * like then depends on what it is, and not on what was drawn before it. (sfc32, by Chris Doty-Humphrey.)
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  #spareNormal: number | undefined;

  constructor(...keys: readonly Key[]) {
    let hash = 0x9e3779b9;
    for (const key of keys) {
      if (typeof key === "number") {
        hash = mix(hash, key | 0);
        // What an int32 leaves out of larger and of broken numbers.
        hash = mix(hash, Math.floor(key / 0x1_0000_0000) | 0);
      } else {
        for (let at = 0; at < key.length; at++) hash = mix(hash, key.charCodeAt(at));
      }
    }
    this.#a = hash;
    this.#b = mix(hash, 0x243f6a88);
    this.#c = mix(hash, 0x85a308d3);
    for (let round = 0; round < 8; round++) this.next();
  }

  /** Uniform in [0, 1), 32 bits of it. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0;
    return (sum >>> 0) / 0x1_0000_0000;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** Uniform among 0, 1, ... count - 1. */
  int(count: number): number {
    return Math.floor(this.next() * count);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(items.length)]!;
  }

  /** Gaussian (Box-Muller). */
  normal(mean = 0, sigma = 1): number {
    const spare = this.#spareNormal;
    if (spare !== undefined) {
      this.#spareNormal = undefined;
      return mean + sigma * spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    const angle = 2 * Math.PI * this.next();
    this.#spareNormal = radius * Math.sin(angle);
    return mean + sigma * radius * Math.cos(angle);
  }
}

/** One round of MurmurHash3 (Austin Appleby, public domain), 32 bits. */
function mix(hash: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const h = hash ^ k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}
