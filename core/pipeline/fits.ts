/** Reads a cutout: a small FITS image, gzipped or plain. */
import { gunzipSync } from "node:zlib";

export interface Stamp {
  readonly width: number;
  readonly height: number;
  /** Row by row from the first row of the file, `height x width`. */
  readonly pixels: Float32Array;
}

/** The primary image of a FITS file as it lies there. */
export interface FitsImage {
  readonly width: number;
  readonly height: number;
  /** The header's cards, 80 characters each, without END. */
  readonly cards: readonly string[];
  /** Values of the cards by key, as text. */
  readonly values: ReadonlyMap<string, string>;
  readonly bytesPerPixel: number;
  /** Big-endian, row by row. */
  readonly data: Uint8Array;
}

const BLOCK_BYTES = 2880;
const CARD_BYTES = 80;
/** The surveys' cutouts have 63 to 81 pixels a side. */
const SIDE_MAX = 1024;
/** The widest pixels (8 bytes) of the largest image, and a header. */
const FILE_BYTES_MAX = SIDE_MAX * SIDE_MAX * 8 + 100 * BLOCK_BYTES;
/** A whole cutout of 63 x 63 in one piece: node's 16 kB cost it a second round. */
const CHUNK_BYTES = 64 * 1024;

type ReadPixel = (view: DataView, index: number) => number;

/** How a pixel is read, by BITPIX (FITS 4.0, table 8). */
const PIXELS: Readonly<Record<string, { bytes: number; read: ReadPixel }>> = {
  "8": { bytes: 1, read: (view, i) => view.getUint8(i) },
  "16": { bytes: 2, read: (view, i) => view.getInt16(2 * i) },
  "32": { bytes: 4, read: (view, i) => view.getInt32(4 * i) },
  "64": { bytes: 8, read: (view, i) => Number(view.getBigInt64(8 * i)) },
  "-32": { bytes: 4, read: (view, i) => view.getFloat32(4 * i) },
  "-64": { bytes: 8, read: (view, i) => view.getFloat64(8 * i) },
};

/**
 * The primary image of a FITS file. Integers are scaled by BSCALE and BZERO, and NaN where they are
 * BLANK. A missing SIMPLE card is tolerated. Throws for what is not such an image.
 */
export function readStamp(gz: Uint8Array): Stamp {
  return toStamp(readImage(gz));
}

/** The same, before its pixels are read. */
export function readImage(gz: Uint8Array): FitsImage {
  const file = gz[0] === 0x1f && gz[1] === 0x8b
    ? gunzipSync(gz, { chunkSize: CHUNK_BYTES, maxOutputLength: FILE_BYTES_MAX })
    : gz;
  const { cards, values, dataStart } = readHeader(file);
  const number = (key: string) => values.has(key) ? Number(values.get(key)) : undefined;
  const [width, height] = [number("NAXIS1"), number("NAXIS2")];
  const pixel = PIXELS[values.get("BITPIX") ?? ""];
  if (number("NAXIS") !== 2 || !isSide(width) || !isSide(height)) {
    throw new Error(
      `Cannot read the cutout as it must have two sides of 1 to ${SIDE_MAX} pixels: ` +
        `current value is ${width} x ${height} (NAXIS ${values.get("NAXIS")})`,
    );
  }
  if (!pixel) {
    throw new Error(
      `Cannot read the cutout as BITPIX must be one of ${Object.keys(PIXELS).join(", ")}: ` +
        `current value is ${values.get("BITPIX")}`,
    );
  }
  const dataEnd = dataStart + width * height * pixel.bytes;
  if (dataEnd > file.length) {
    throw new Error(
      `Cannot read the cutout of ${width} x ${height} pixels: the file ends at byte ${file.length}`,
    );
  }
  const data = file.subarray(dataStart, dataEnd);
  return { width, height, cards, values, bytesPerPixel: pixel.bytes, data };
}

export function toStamp({ width, height, values, data }: FitsImage): Stamp {
  const bitpix = values.get("BITPIX")!;
  const number = (key: string) => values.has(key) ? Number(values.get(key)) : undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const [scale, zero] = [number("BSCALE") ?? 1, number("BZERO") ?? 0];
  const blank = Number(bitpix) > 0 ? number("BLANK") : undefined;
  const pixels = new Float32Array(width * height);
  if (bitpix === "-32" && scale === 1 && zero === 0) {
    for (let i = 0; i < pixels.length; i++) pixels[i] = view.getFloat32(4 * i); // As nearly all are.
  } else {
    const { read } = PIXELS[bitpix]!;
    for (let i = 0; i < pixels.length; i++) {
      const value = read(view, i);
      pixels[i] = value === blank ? NaN : value * scale + zero;
    }
  }
  return { width, height, pixels };
}

function isSide(value: number | undefined): value is number {
  return value !== undefined && Number.isInteger(value) && value > 0 && value <= SIDE_MAX;
}

function readHeader(file: Uint8Array) {
  const cards: string[] = [];
  const values = new Map<string, string>();
  for (let at = 0; at + CARD_BYTES <= file.length; at += CARD_BYTES) {
    const card = latin1(file, at, at + CARD_BYTES);
    const key = card.slice(0, 8).trimEnd();
    if (key === "END") {
      const dataStart = Math.ceil((at + CARD_BYTES) / BLOCK_BYTES) * BLOCK_BYTES;
      return { cards, values, dataStart };
    }
    cards.push(card);
    if (card.startsWith("= ", 8)) values.set(key, card.slice(10).split("/")[0]!.trim());
  }
  throw new Error("Cannot read the cutout as it must be a FITS image: it has no END card");
}

const decoder = new TextDecoder("latin1");

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return decoder.decode(bytes.subarray(from, to));
}
