/** Writes a picture as a PNG (W3C, 2003): eight bits a channel, four channels. */
import { crc32, deflateSync } from "node:zlib";
import { joined } from "../contract/bytes.ts";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const BYTES_PER_PIXEL = 4;
const BITS_PER_CHANNEL = 8;
const RED_GREEN_BLUE_ALPHA = 6;
/** Of a whole chunk besides its data: length, type, checksum. */
const CHUNK_BYTES = 12;
/** Level 2 saves another third and takes as long as all the rest of a picture. */
const LEVEL = 1;

/** `pixels`: row by row from the top, red, green, blue, alpha of each. */
export function encodePng(
  width: number,
  height: number,
  pixels: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([BITS_PER_CHANNEL, RED_GREEN_BLUE_ALPHA], 8);
  return joined([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(unfiltered(pixels, width * BYTES_PER_PIXEL), { level: LEVEL })),
    chunk("IEND", new Uint8Array()),
  ]);
}

/** Each row after the number of its filter, 0: there is none. Few colours do better without. */
function unfiltered(pixels: Uint8Array, rowBytes: number): Uint8Array {
  const rows = new Uint8Array(pixels.length + pixels.length / rowBytes);
  for (let from = 0, to = 1; from < pixels.length; from += rowBytes, to += rowBytes + 1) {
    rows.set(pixels.subarray(from, from + rowBytes), to);
  }
  return rows;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(CHUNK_BYTES + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(bytes.length - 4, crc32(bytes.subarray(4, -4)));
  return bytes;
}
