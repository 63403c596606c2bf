/**
 * Jobs as they cross to a worker. Packets go in one piece, which is handed over: cloned, each would be
 * copied twice, and with it all that its source has read at once. A clone forgets the classes of
 * values, so that the limit `19.0` of a filter would arrive as a document: filters go as BSON.
 */
import { readDocument } from "./archive/bson_read.ts";
import { writeDocument } from "./archive/bson_write.ts";
import { joined } from "./contract/bytes.ts";
import type { IngestJob } from "./contract/ingest.ts";
import type { Packet } from "./contract/packet.ts";
import type { ActiveFilter } from "./contract/passed.ts";

export interface SentJob extends Omit<IngestJob, "packets" | "filters"> {
  readonly packets: readonly SentPacket[];
  /** Of all packets, one after the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly filters?: Uint8Array;
}

interface SentPacket extends Omit<Packet, "bytes"> {
  readonly length: number;
}

/** The job keeps its own packets: a worker that is lost takes a copy along. */
export function toSent({ packets, filters, ...job }: IngestJob): SentJob {
  return {
    ...job,
    packets: packets.map(({ bytes, ...packet }) => ({ ...packet, length: bytes.length })),
    bytes: joined(packets.map(({ bytes }) => bytes)),
    ...filters && { filters: writeDocument({ filters }) },
  };
}

/** What of it is moved to the worker. */
export function movedOf({ bytes }: SentJob): ArrayBuffer[] {
  return [bytes.buffer];
}

export function fromSent({ packets, bytes, filters, ...job }: SentJob): IngestJob {
  let at = 0;
  return {
    ...job,
    packets: packets.map(({ length, ...packet }): Packet => ({
      ...packet,
      bytes: bytes.subarray(at, at += length),
    })),
    ...filters && { filters: readDocument(filters).filters as ActiveFilter[] },
  };
}
