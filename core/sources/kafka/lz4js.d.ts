/** What we use of `lz4js`, which comes without types: whole LZ4 frames. */
export function compress(bytes: Uint8Array): Uint8Array;
export function decompress(frame: Uint8Array): Uint8Array;
declare const lz4: { compress: typeof compress; decompress: typeof decompress };
export default lz4;
