/** Packets that tests make, written by avsc's own encoder, with every part of a container to choose. */
import { Buffer } from "node:buffer";
import { deflateRawSync } from "node:zlib";
import { type Schema, Type, types } from "avsc";

/** avsc's own long loses digits beyond 2^53. */
const BigIntLong = types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer(value: bigint) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (a: bigint, b: bigint) => a < b ? -1 : a > b ? 1 : 0,
});

/** The type of a valid schema, as avsc reads and writes it, longs as bigint. */
export function avscType(schema: unknown): Type {
  return Type.forSchema(schema as Schema, { registry: { long: BigIntLong }, wrapUnions: false });
}

export interface ContainerParts {
  readonly codec?: "null" | "deflate" | string;
  /** The text in the header, where it isn't the schema that the records are written by. */
  readonly schemaText?: string;
  /** Records in each block; all in one by default. */
  readonly recordsPerBlock?: number;
}

const SYNC = Buffer.from("sixteen bytes..!", "latin1");

/** An Avro object container file of these records. */
export function packetOf(schema: unknown, records: unknown[], parts: ContainerParts = {}): Buffer {
  const type = avscType(schema);
  const size = parts.recordsPerBlock ?? records.length;
  const blocks = [];
  for (let at = 0; at < records.length; at += size) {
    const block = records.slice(at, at + size);
    blocks.push({
      count: block.length,
      content: Buffer.concat(block.map((record) => type.toBuffer(record))),
    });
  }
  return containerOf(parts.schemaText ?? JSON.stringify(schema), blocks, parts.codec);
}

/** A container of any bytes, right or wrong. */
export function containerOf(
  schemaText: string,
  blocks: readonly { count: number; content: Uint8Array }[],
  codec?: string,
): Buffer {
  const metadata: Record<string, Buffer> = { "avro.schema": Buffer.from(schemaText) };
  if (codec !== undefined) metadata["avro.codec"] = Buffer.from(codec);
  return Buffer.concat([
    Buffer.from("Obj\x01", "latin1"),
    Type.forSchema({ type: "map", values: "bytes" }).toBuffer(metadata),
    SYNC,
    ...blocks.flatMap(({ count, content }) => {
      const bytes = codec === "deflate" ? deflateRawSync(content) : content;
      return [long(count), long(bytes.length), bytes, SYNC];
    }),
  ]);
}

/** A long as it is on the wire. */
export function long(value: number | bigint): Buffer {
  return avscType("long").toBuffer(BigInt(value));
}

/** A small alert with every kind of field that the surveys' packets have. */
export const ALERT_SCHEMA = {
  type: "record",
  name: "made.alert",
  fields: [
    { name: "publisher", type: "string" },
    { name: "objectId", type: "string" },
    { name: "candid", type: "long" },
    {
      name: "candidate",
      type: {
        type: "record",
        name: "made.candidate",
        fields: [
          { name: "jd", type: "double" },
          { name: "fid", type: "int" },
          { name: "magpsf", type: "float" },
          { name: "isdiffpos", type: "boolean" },
          { name: "tblid", type: ["null", "long"] },
        ],
      },
    },
    {
      name: "prv_candidates",
      type: [{ type: "array", items: "made.candidate" }, "null"],
    },
    {
      name: "cutoutScience",
      type: ["null", {
        type: "record",
        name: "made.cutout",
        fields: [{ name: "fileName", type: "string" }, { name: "stampData", type: "bytes" }],
      }],
    },
  ],
};

const CANDIDATE = { jd: 2460229.9338542, fid: 1, magpsf: -999, isdiffpos: true, tblid: null };

export const ALERT_RECORD = {
  publisher: "a test, with an ä",
  objectId: "ZTF26aaaaaab",
  candid: 2475433850015010009n,
  candidate: CANDIDATE,
  prv_candidates: [
    { ...CANDIDATE, jd: 2460228.75, tblid: 7n },
    { ...CANDIDATE, jd: 2460229, fid: -2, isdiffpos: false, tblid: 5_000_000_000n },
  ],
  cutoutScience: { fileName: "a.fits.gz", stampData: Buffer.from([1, 2, 3]) },
};

export interface FitsParts {
  readonly width: number;
  readonly height: number;
  readonly pixels: readonly number[];
  /** Cards besides, or in the place of, those of a float32 image; undefined takes one away. */
  readonly cards?: Readonly<Record<string, number | string | undefined>>;
}

/** A FITS image. */
export function fitsOf({ width, height, pixels, cards = {} }: FitsParts): Buffer {
  const header = {
    SIMPLE: "T",
    BITPIX: -32,
    NAXIS: 2,
    NAXIS1: width,
    NAXIS2: height,
    ...cards,
  };
  const lines = Object.entries(header)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key.padEnd(8)}= ${String(value).padStart(20)}`);
  const text = [...lines, "END"].map((line) => line.padEnd(80)).join("");
  const bytes = Math.abs(parseInt(String(header.BITPIX))) / 8;
  const view = new DataView(new ArrayBuffer(Math.ceil(pixels.length * bytes / 2880) * 2880));
  pixels.forEach((value, i) => {
    switch (parseInt(String(header.BITPIX))) {
      case 8:
        return view.setUint8(i, value);
      case 16:
        return view.setInt16(2 * i, value);
      case 32:
        return view.setInt32(4 * i, value);
      case 64:
        return view.setBigInt64(8 * i, BigInt(value));
      case -64:
        return view.setFloat64(8 * i, value);
      default:
        return view.setFloat32(4 * i, value);
    }
  });
  const padded = text.padEnd(Math.ceil(text.length / 2880) * 2880);
  return Buffer.concat([Buffer.from(padded, "latin1"), Buffer.from(view.buffer)]);
}
