/** Reads the PNGs that this program writes, for tests: RGBA of 8 bits, rows without filters. */
import { Buffer } from "node:buffer";
import { crc32, inflateSync } from "node:zlib";

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, alpha of the pixel in column `x` and row `y`, counted from the top left. */
  at(x: number, y: number): readonly number[];
}

/** Throws for all that isn't such a PNG. */
export function readPng(bytes: Uint8Array): Picture {
  const file = Buffer.from(bytes);
  if (file.subarray(0, 8).toString("latin1") !== "\x89PNG\r\n\x1a\n") throw new Error("No PNG");
  const chunks: { type: string; data: Buffer }[] = [];
  for (let at = 8; at < file.length;) {
    const length = file.readUInt32BE(at);
    const body = file.subarray(at + 4, at + 8 + length);
    if (crc32(body) !== file.readUInt32BE(at + 8 + length)) throw new Error("Wrong checksum");
    chunks.push({ type: body.subarray(0, 4).toString("latin1"), data: body.subarray(4) });
    at += 12 + length;
  }
  const [header, image, end, ...more] = chunks;
  if (end?.type !== "IEND" || more.length > 0) throw new Error("Not three chunks");
  if (header!.data.subarray(8).toString("hex") !== "0806000000") {
    throw new Error("Not RGBA of 8 bits");
  }
  const [width, height] = [header!.data.readUInt32BE(0), header!.data.readUInt32BE(4)];
  const rowBytes = 1 + 4 * width;
  const rows = inflateSync(image!.data);
  if (rows.length !== height * rowBytes) throw new Error(`${rows.length} bytes of pixels`);
  for (let y = 0; y < height; y++) {
    if (rows[y * rowBytes] !== 0) throw new Error("A row with a filter");
  }
  return {
    width,
    height,
    at: (x, y) => [...rows.subarray(y * rowBytes + 1 + 4 * x, y * rowBytes + 5 + 4 * x)],
  };
}
