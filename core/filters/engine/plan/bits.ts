/** Sets of small integers as bits. */

const BITS = 32;

export class BitSet {
  readonly words: Uint32Array;
  readonly size: number;

  private constructor(words: Uint32Array, size: number) {
    this.words = words;
    this.size = size;
  }

  static none(size: number): BitSet {
    return new BitSet(new Uint32Array(Math.ceil(size / BITS)), size);
  }

  copy(): BitSet {
    return new BitSet(this.words.slice(), this.size);
  }

  complement(): BitSet {
    const words = this.words.map((word) => ~word);
    const rest = this.size % BITS;
    if (rest > 0) words[words.length - 1]! &= (1 << rest) - 1;
    return new BitSet(words, this.size);
  }

  add(at: number): void {
    this.words[at >>> 5]! |= 1 << (at & 31);
  }

  has(at: number): boolean {
    return (this.words[at >>> 5]! & (1 << (at & 31))) !== 0;
  }

  become(other: BitSet): void {
    this.words.set(other.words);
  }

  keepOnly(other: BitSet): void {
    const { words } = this;
    const others = other.words;
    for (let i = 0; i < words.length; i++) words[i]! &= others[i]!;
  }

  include(other: BitSet): void {
    const { words } = this;
    const others = other.words;
    for (let i = 0; i < words.length; i++) words[i]! |= others[i]!;
  }

  isEmpty(): boolean {
    const { words } = this;
    for (let i = 0; i < words.length; i++) {
      if (words[i] !== 0) return false;
    }
    return true;
  }

  meets(other: BitSet): boolean {
    const { words } = this;
    const others = other.words;
    for (let i = 0; i < words.length; i++) {
      if ((words[i]! & others[i]!) !== 0) return true;
    }
    return false;
  }

  count(): number {
    let count = 0;
    for (let i = 0; i < this.words.length; i++) {
      // In pairs of bits, then fours, then bytes, which the product adds up.
      let word = this.words[i]!;
      if (word === 0) continue;
      word -= (word >>> 1) & 0x5555_5555;
      word = (word & 0x3333_3333) + ((word >>> 2) & 0x3333_3333);
      count += Math.imul((word + (word >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
    }
    return count;
  }

  /** Ascending. */
  list(): number[] {
    const found: number[] = [];
    for (let i = 0; i < this.words.length; i++) {
      for (let word = this.words[i]!; word !== 0; word &= word - 1) {
        found.push(i * BITS + 31 - Math.clz32(word & -word));
      }
    }
    return found;
  }
}
