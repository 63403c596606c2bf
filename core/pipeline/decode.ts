/** From the bytes of a packet to its records. */
import type { AvroRecord } from "../contract/survey.ts";
import { AvroContainer } from "./avro_container.ts";
import { AvroCursor, DecodeError } from "./avro_cursor.ts";

export { DecodeError };

/**
 * The records of an Avro object container file: plain objects with their keys in the schema's order,
 * numbers by the convention of `contract/document.ts`, bytes as views of the packet (or of its
 * inflated block). Time and memory are bounded by the packet's size, whatever its bytes say.
 *
 * Throws a `DecodeError` for anything else, for what follows the last block, and for a packet of no
 * records.
 */
export function decodePacket(bytes: Uint8Array): AvroRecord[] {
  try {
    const records: AvroRecord[] = [];
    const container = new AvroContainer(bytes);
    for (const block of container.blocks()) {
      const cursor = new AvroCursor(block.bytes);
      for (let i = 0; i < block.records; i++) records.push(container.readers.read(cursor));
      if (cursor.at !== cursor.end) {
        throw new DecodeError(
          `Cannot read a block of ${cursor.end} bytes: its records end at ${cursor.at}`,
        );
      }
    }
    if (records.length === 0) throw new DecodeError("Cannot read a packet without records");
    return records;
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    // A record that holds its own kind ever deeper: the stack has an end.
    throw new DecodeError(`Cannot read the packet: ${(error as Error).message}`);
  }
}
