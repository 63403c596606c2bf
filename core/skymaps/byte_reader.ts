/** Reads bytes in the order they come, from a file that may be gzipped and needn't be in memory. */
import { joined } from "../contract/bytes.ts";

/** A file grew beyond what it may, or ended too early. */
export class BytesError extends Error {
  override name = "BytesError";
}

const GZIP = [0x1f, 0x8b];
/** What is unpacked at once: gzip makes a thousand times as much of it at most. */
const PACKED_CHUNK_BYTES = 16 * 1024;

export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array<ArrayBuffer>>;
  readonly #bytesMax: number;
  #chunk = new Uint8Array();
  #bytes = 0;

  /** `bytesMax` is of the file when it is unpacked. */
  constructor(file: Uint8Array<ArrayBuffer>, bytesMax: number) {
    const isGzip = GZIP.every((byte, i) => file[i] === byte);
    this.#chunks = (isGzip ? unpacked(file) : whole(file))[Symbol.asyncIterator]();
    this.#bytesMax = bytesMax;
  }

  /** Exactly `count` bytes, or undefined where the file ends before the first. Throws `BytesError`. */
  async read(count: number): Promise<Uint8Array | undefined> {
    if (this.#chunk.length < count) {
      const parts = [this.#chunk];
      for (let have = this.#chunk.length; have < count; have += parts.at(-1)!.length) {
        const next = await this.#next();
        if (next === undefined) {
          if (have === 0) return undefined;
          throw new BytesError(`the file ends ${count - have} bytes too early`);
        }
        parts.push(next);
      }
      this.#chunk = joined(parts);
    }
    const bytes = this.#chunk.subarray(0, count);
    this.#chunk = this.#chunk.subarray(count);
    return bytes;
  }

  async skip(count: number): Promise<void> {
    let left = count;
    while (left > this.#chunk.length) {
      left -= this.#chunk.length;
      const next = await this.#next();
      if (next === undefined) throw new BytesError(`the file ends ${left} bytes too early`);
      this.#chunk = next;
    }
    this.#chunk = this.#chunk.subarray(left);
  }

  async #next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { done, value } = await this.#chunks.next().catch((error) => {
      throw new BytesError("the file can't be unpacked", { cause: error });
    });
    if (done) return undefined;
    this.#bytes += value.length;
    if (this.#bytes > this.#bytesMax) {
      throw new BytesError(`its size must be <= ${this.#bytesMax} bytes when unpacked`);
    }
    return value;
  }
}

async function* whole(file: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield file;
}

function unpacked(file: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(slices(file)).pipeThrough(new DecompressionStream("gzip"));
}

function* slices(file: Uint8Array<ArrayBuffer>): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < file.length; at += PACKED_CHUNK_BYTES) {
    yield file.subarray(at, at + PACKED_CHUNK_BYTES);
  }
}
