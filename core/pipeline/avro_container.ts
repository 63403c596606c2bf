/** Splits an Avro object container file: its schema, compiled once, and its blocks of records. */
import { Buffer } from "node:buffer";
import { constants, inflateRawSync } from "node:zlib";
import { AvroCursor, DecodeError } from "./avro_cursor.ts";
import { compileSchema, type RecordReaders } from "./avro_schema.ts";

const MAGIC = Buffer.from([0x4f, 0x62, 0x6a, 0x01]); // "Obj", version 1.
const SYNC_BYTES = 16;
const CODECS = ["null", "deflate"];
/** Real packets have 2 MB at most; a few kilobytes of zeros could unfold to any size. */
const INFLATED_BYTES_MAX = 16 * 1024 * 1024;
/** A survey has one schema a version; damaged packets bring one each. */
const SCHEMAS_MAX = 16;

export interface Block {
  readonly records: number;
  readonly bytes: Uint8Array;
}

/** A packet whose header is read. All that reads it throws a `DecodeError` for what it can't read. */
export class AvroContainer {
  readonly readers: RecordReaders;
  readonly #cursor: AvroCursor;
  readonly #deflated: boolean;
  readonly #sync: Uint8Array;

  constructor(packet: Uint8Array) {
    const cursor = this.#cursor = new AvroCursor(packet);
    if (MAGIC.compare(cursor.fixed(MAGIC.length)) !== 0) {
      throw new DecodeError("Cannot read a packet that is not an Avro object container file");
    }
    const metadata = cursor.map((each) => each.bytes());
    const schema = metadata["avro.schema"];
    if (schema === undefined) throw new DecodeError("Cannot read a packet without a schema");
    const codec = new TextDecoder().decode(metadata["avro.codec"]) || "null";
    if (!CODECS.includes(codec)) {
      throw new DecodeError(`Cannot read codec "${codec}": it must be one of ${CODECS.join(", ")}`);
    }
    this.#deflated = codec === "deflate";
    this.#sync = cursor.fixed(SYNC_BYTES);
    this.readers = readersOf(schema);
  }

  /** Each can be asked for once. */
  *blocks(): Generator<Block> {
    const cursor = this.#cursor;
    let bytesLeft = INFLATED_BYTES_MAX;
    while (cursor.at < cursor.end) {
      const records = Number(cursor.long());
      const bytes = this.#deflated ? inflate(cursor.bytes(), bytesLeft) : cursor.bytes();
      bytesLeft -= bytes.length;
      if (Buffer.compare(cursor.fixed(SYNC_BYTES), this.#sync) !== 0) {
        throw new DecodeError("Cannot read a block that does not end with the packet's marker");
      }
      yield { records, bytes };
    }
  }

  /** The beginning of the first block, `length` bytes or fewer of it. */
  head(length: number): Uint8Array {
    this.#cursor.long();
    const bytes = this.#cursor.bytes().subarray(0, length);
    if (!this.#deflated) return bytes;
    return inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  }
}

function inflate(bytes: Uint8Array, bytesMax: number): Uint8Array {
  try {
    return inflateRawSync(bytes, { maxOutputLength: Math.max(1, bytesMax) });
  } catch (error) {
    throw new DecodeError(`Cannot inflate a block: ${(error as Error).message}`);
  }
}

/** Compiled schemas, the one used last first. Comparing bytes costs 0.4 us, hashing their text 11. */
const schemas: { bytes: Buffer; readers: RecordReaders }[] = [];

function readersOf(bytes: Uint8Array): RecordReaders {
  const at = schemas.findIndex((schema) => schema.bytes.equals(bytes));
  if (at === 0) return schemas[0]!.readers;
  const schema = schemas[at] ??
    { bytes: Buffer.from(bytes), readers: compileSchema(new TextDecoder().decode(bytes)) };
  if (at > 0) schemas.splice(at, 1);
  schemas.unshift(schema);
  schemas.length = Math.min(schemas.length, SCHEMAS_MAX);
  return schema.readers;
}
