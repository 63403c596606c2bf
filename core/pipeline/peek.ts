/** Tells which object a packet is about without decoding it, so that packets can be dealt by object. */
import { AvroContainer } from "./avro_container.ts";
import { AvroCursor } from "./avro_cursor.ts";

/** Object ids come before the light curve; some surveys have cutouts (below 60 kB each) before them. */
const HEAD_BYTES = 256 * 1024;

/**
 * The object id of the packet's first record; null where there is none, or where the packet is
 * damaged. Reads no further than the id.
 */
export function peekObjectId(bytes: Uint8Array): string | null {
  try {
    const container = new AvroContainer(bytes);
    const { readObjectId } = container.readers;
    return readObjectId && readObjectId(new AvroCursor(container.head(HEAD_BYTES)));
  } catch {
    return null; // Whoever decodes it tells the reason.
  }
}
