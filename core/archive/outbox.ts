/** The outbox: passes that were written with their alerts, and which sinks have them. */
import type { ChangeStream, ClientSession, Db } from "mongodb";
import { sleep } from "../base/retry.ts";
import type { Passed } from "../contract/passed.ts";
import type { OutboxStore } from "../outbox.ts";
import { readDocument } from "./bson_read.ts";
import { insertAll } from "./insert.ts";

const OUTBOX = "outbox";
/** How long a pass is kept after all sinks have it. */
const KEPT_DAYS = 30;
/** A pass is seen at once by the stream of changes; without it, after this time. */
const POLL_MS = 1_000;
/** Who delivers to a sink. */
const LEASES = "outbox_leases";
/** A core that delivers says so with each look; one that was killed is waited for no longer than this. */
const LEASE_MS = 15_000;

/**
 * Inserts passes with one command, in the transaction of their alerts. An alert is new in the archive
 * then, so none of its passes can be there already.
 */
export async function putPassed(
  db: Db,
  passed: readonly Passed[],
  session: ClientSession,
): Promise<void> {
  await insertAll(db, OUTBOX, passed.map((each) => ({ ...each, deliveredTo: {} })), session);
}

export interface MongoOutboxOptions {
  readonly sinks: readonly string[];
  /** Who delivers: the same after a restart, if it is to go on at once; else another for each start. */
  readonly holder?: string;
}

/** The outbox for these sinks; makes its indexes. */
export async function mongoOutbox(
  db: Db,
  { sinks, holder = crypto.randomUUID() }: MongoOutboxOptions,
): Promise<OutboxStore> {
  const outbox = db.collection<{ _id: string }>(OUTBOX);
  const leases = db.collection<Lease>(LEASES);
  if (sinks.length > 0) {
    await outbox.createIndexes([
      ...sinks.map((sink) => ({
        name: `pending_${sink}`,
        key: { [`deliveredTo.${sink}`]: 1, packetMs: 1, _id: 1 } as const,
      })),
      { name: "done", key: { doneAt: 1 }, expireAfterSeconds: KEPT_DAYS * 86_400 },
    ]);
  }
  return {
    async pending(sink, limit, without = []) {
      const raw = await outbox.find({
        [`deliveredTo.${sink}`]: null,
        ...without.length > 0 ? { _id: { $nin: [...without] } } : {},
      }, { raw: true, sort: { packetMs: 1, _id: 1 }, limit }).toArray();
      return raw.map((bytes) => {
        const { deliveredTo: _, ...passed } = readDocument(bytes as unknown as Uint8Array);
        return passed as unknown as Passed;
      });
    },
    waiting: (sink) =>
      outbox.countDocuments({ [`deliveredTo.${sink}`]: null }, { hint: `pending_${sink}` }),
    async delivered(sink, ids) {
      const now = new Date();
      const others = sinks.filter((name) => name !== sink);
      await outbox.updateMany({ _id: { $in: [...ids] } }, [
        { $set: { [`deliveredTo.${sink}`]: now } },
        {
          $set: {
            doneAt: {
              $cond: [
                { $and: others.map((name) => ({ $gt: [`$deliveredTo.${name}`, null] })) },
                now,
                "$$REMOVE",
              ],
            },
          },
        },
      ]);
    },
    async claim(sink) {
      // By the server's clock: cores needn't agree on the time.
      const isOver = { $lte: [{ $ifNull: ["$until", "$$NOW"] }, "$$NOW"] };
      const isOurs = { $or: [{ $eq: ["$holder", holder] }, isOver] };
      const until = { $add: ["$$NOW", LEASE_MS] };
      const lease = await leases.findOneAndUpdate(
        { _id: sink },
        [{
          $set: {
            holder: { $cond: [isOurs, holder, "$holder"] },
            until: { $cond: [isOurs, until, "$until"] },
          },
        }],
        { upsert: true, returnDocument: "after" },
      );
      return lease?.holder === holder;
    },
    async release(sink) {
      await leases.deleteOne({ _id: sink, holder });
    },
    async *changed(signal) {
      let inserts: ChangeStream | undefined;
      const close = () => inserts?.close();
      signal.addEventListener("abort", close);
      try {
        while (!signal.aborted) {
          yield;
          try {
            inserts ??= outbox.watch(
              [{ $match: { operationType: "insert" } }, { $project: { _id: 1 } }],
              { maxAwaitTimeMS: POLL_MS },
            );
            await inserts.tryNext(); // Waits for an insert, but not longer.
          } catch {
            await inserts?.close().catch(() => {}); // The server may be gone.
            inserts = undefined;
            await sleep(POLL_MS, signal);
          }
        }
      } finally {
        signal.removeEventListener("abort", close);
        await inserts?.close();
      }
    },
  };
}

interface Lease {
  readonly _id: string;
  readonly holder: string;
  readonly until: Date;
}
