/** Packets that could not be read, with their bytes and the reason, to be looked at and replayed. */
import type { Db } from "mongodb";
import { Binary } from "../contract/document.ts";
import type { RejectedPacket } from "../contract/packet.ts";

/** One packet of the collection `rejected`. `_id` is where it lay, so a replay doesn't double it. */
export interface RejectedDocument {
  readonly _id: string;
  readonly survey: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly reason: string;
  readonly bytes: Uint8Array;
  /** When the packet was handed to the source. */
  readonly at: Date;
}

/** Bytes of a packet that are kept: a document ends at 16 MB, and no survey's packet is near it. */
const BYTES_KEPT_MAX = 15_000_000;

/** Writes them with one command; what is there already is left as it is. */
export async function putRejected(
  db: Db,
  survey: string,
  rejected: readonly RejectedPacket[],
): Promise<void> {
  if (rejected.length === 0) return;
  await db.collection<{ _id: string }>("rejected").bulkWrite(
    rejected.map(({ packet, reason }) => ({
      updateOne: {
        filter: { _id: `${packet.topic}:${packet.partition}:${packet.offset}` },
        update: {
          $setOnInsert: {
            survey,
            topic: packet.topic,
            partition: packet.partition,
            offset: packet.offset,
            reason,
            bytes: new Binary(packet.bytes.subarray(0, BYTES_KEPT_MAX)),
            at: new Date(packet.timestampMs),
          },
        },
        upsert: true,
      },
    })),
    { ordered: false },
  );
}

/** Packets to try again, oldest first, a few at a time. */
export async function* readRejected(db: Db, survey: string): AsyncIterable<RejectedDocument> {
  const cursor = db.collection("rejected").find({ survey }, {
    sort: { at: 1 },
    batchSize: 50,
    promoteBuffers: true,
    useBigInt64: true,
  });
  for await (const document of cursor) {
    yield { ...document, offset: BigInt(document.offset) } as unknown as RejectedDocument;
  }
}

/** Takes a packet out, once it has become an alert after all. */
export async function removeRejected(db: Db, ids: readonly string[]): Promise<void> {
  await db.collection<{ _id: string }>("rejected").deleteMany({ _id: { $in: [...ids] } });
}
