/** Bytes that were made lately and may be asked for again, as many as fit. */
export class RecentBytes<Value extends { readonly bytes: Uint8Array }> {
  readonly #values = new Map<string, Value>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor({ bytesMax }: { readonly bytesMax: number }) {
    this.#bytesMax = bytesMax;
  }

  get(key: string): Value | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    // The map is in the order of use, the oldest first.
    this.#values.delete(key);
    this.#values.set(key, value);
    return value;
  }

  /** Forgets what wasn't used for longest, until there is room. */
  set(key: string, value: Value): void {
    this.#delete(key);
    this.#values.set(key, value);
    this.#bytes += value.bytes.length;
    for (const oldest of this.#values.keys()) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#delete(oldest);
    }
  }

  #delete(key: string): void {
    this.#bytes -= this.#values.get(key)?.bytes.length ?? 0;
    this.#values.delete(key);
  }
}
