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

const LZ4: Codec = {
  compress: ({ buffer }) => Promise.resolve(Buffer.from(lz4.compress(buffer))),
  decompress: (bytes) => Promise.resolve(Buffer.from(lz4.decompress(bytes))),
};

const ZSTD: Codec = {
  compress: ({ buffer }) => toZstd(buffer),
  decompress: (bytes) => fromZstd(bytes),
};
