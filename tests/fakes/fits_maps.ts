/** FITS files with HEALPix maps, made as they are asked for. */
import { joined } from "../../core/contract/bytes.ts";

export interface FakeColumn {
  readonly name: string;
  /** TFORM, such as `K`, `D`, `1024E`. */
  readonly format: string;
  /** All values, row after row. */
  readonly values: readonly number[];
}

/** An empty primary image, and one binary table. */
export function fitsMap(
  columns: readonly FakeColumn[],
  cards: Readonly<Record<string, string | number>> = {},
): Uint8Array<ArrayBuffer> {
  const parsed = columns.map(({ name, format, values }) => {
    const repeat = Number(/^\d*/.exec(format)![0] || 1);
    const type = format.at(-1)!;
    return { name, format, values, repeat, type, bytes: SIZES[type]! };
  });
  const rows = parsed[0]!.values.length / parsed[0]!.repeat;
  const rowBytes = parsed.reduce((sum, { repeat, bytes }) => sum + repeat * bytes, 0);
  const data = new DataView(new ArrayBuffer(rows * rowBytes));
  for (let row = 0, at = 0; row < rows; row++) {
    for (const { values, repeat, type, bytes } of parsed) {
      for (let i = 0; i < repeat; i++, at += bytes) {
        WRITERS[type]!(data, at, values[row * repeat + i]!);
      }
    }
  }
  const table = header({
    XTENSION: "BINTABLE",
    BITPIX: 8,
    NAXIS: 2,
    NAXIS1: rowBytes,
    NAXIS2: rows,
    PCOUNT: 0,
    GCOUNT: 1,
    TFIELDS: columns.length,
    ...Object.fromEntries(
      parsed.flatMap(({ name, format }, i) => [
        [`TTYPE${i + 1}`, name],
        [`TFORM${i + 1}`, format],
      ]),
    ),
    ...cards,
  });
  return joined([
    header({ SIMPLE: "T", BITPIX: 8, NAXIS: 0 }),
    table,
    padded(new Uint8Array(data.buffer), 0),
  ]);
}

export async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const SIZES: Record<string, number> = { A: 1, I: 2, J: 4, K: 8, E: 4, D: 8 };
const WRITERS: Record<string, (view: DataView, at: number, value: number) => void> = {
  A: (view, at, value) => view.setUint8(at, value),
  I: (view, at, value) => view.setInt16(at, value),
  J: (view, at, value) => view.setInt32(at, value),
  K: (view, at, value) => view.setBigInt64(at, BigInt(value)),
  E: (view, at, value) => view.setFloat32(at, value),
  D: (view, at, value) => view.setFloat64(at, value),
};

function header(cards: Readonly<Record<string, string | number>>): Uint8Array<ArrayBuffer> {
  const lines = Object.entries(cards).map(([key, value]) => {
    const text = typeof value === "number" || value === "T"
      ? String(value).padStart(20)
      : `'${value.padEnd(8)}'`;
    return `${key.padEnd(8)}= ${text} / a comment`.padEnd(80).slice(0, 80);
  });
  return padded(new TextEncoder().encode([...lines, "END".padEnd(80)].join("")), 0x20);
}

function padded(bytes: Uint8Array, filling: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(Math.ceil(bytes.length / 2880) * 2880).fill(filling);
  whole.set(bytes);
  return whole;
}
