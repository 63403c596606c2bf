/** The compressions that producers of Kafka may choose; kafkajs itself brings none and gzip. */
import { Buffer } from "node:buffer";
import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import { CompressionCodecs, CompressionTypes } from "kafkajs";
// @ts-types="./kafkajs_snappy.d.ts"
import SnappyCodec from "kafkajs-snappy";
// @ts-types="./lz4js.d.ts"
import lz4 from "lz4js";

/** As kafkajs calls it; `encoder.buffer` is what is to be sent. */
export interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

/** Teaches kafkajs, the one of this thread, the compressions that it lacks. Can be repeated. */
export function registerCodecs(): void {
  CompressionCodecs[CompressionTypes.Snappy] = SnappyCodec;
  CompressionCodecs[CompressionTypes.LZ4] = () => LZ4;
  CompressionCodecs[CompressionTypes.ZSTD] = () => ZSTD;
}

const toZstd = promisify(zstdCompress);
const fromZstd = promisify(zstdDecompress);

/** The largest block of an LZ4 frame. */
const LZ4_BLOCK_BYTES_MAX = 4 * 1024 * 1024;
/** A frame's head: magic number, independent blocks of up to 4 MB, checksum of these two bytes. */
const LZ4_HEAD = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73];

const LZ4: Codec = {
  compress({ buffer }) {
    if (buffer.length > LZ4_BLOCK_BYTES_MAX) {
      const size = `current value is ${buffer.length}`;
      return Promise.reject(new RangeError(`Cannot compress as it must be <= 4 MB: ${size}`));
    }
    const frame = Buffer.from(lz4.compress(buffer));
    // lz4js says that blocks depend on each other, which brokers refuse. A single one can't.
    frame.set(LZ4_HEAD);
    return Promise.resolve(frame);
  },
  decompress: (bytes) => Promise.resolve(Buffer.from(lz4.decompress(bytes))),
};

const ZSTD: Codec = {
  compress: ({ buffer }) => toZstd(buffer),
  decompress: (bytes) => fromZstd(bytes),
};
