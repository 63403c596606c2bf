/** The outbox: passes that were written with their alerts, and which sinks have them. */
import type { ClientSession, Db } from "mongodb";
import { setTimeout as delay } from "node:timers/promises";
import type { Passed } from "../contract/passed.ts";
import type { OutboxStore } from "../outbox.ts";
import { readDocument } from "./bson_read.ts";
import { insertAll } from "./insert.ts";

const OUTBOX = "outbox";
/** How long a pass is kept after all sinks have it. */
const KEPT_DAYS = 30;
/** A pass is seen at once by the stream of changes; without it, after this time. */
const POLL_MS = 1_000;

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

/** The outbox for these sinks; makes its indexes. */
export async function mongoOutbox(
  db: Db,
  { sinks }: { sinks: readonly string[] },
): Promise<OutboxStore> {
  const outbox = db.collection<{ _id: string }>(OUTBOX);
  if (sinks.length > 0) {
    await outbox.createIndexes([
      ...sinks.map((sink) => ({ name: `to_${sink}`, key: { [`deliveredTo.${sink}`]: 1 } })),
      { name: "done", key: { doneAt: 1 }, expireAfterSeconds: KEPT_DAYS * 86_400 },
    ]);
  }
  return {
    async pending(sink, limit) {
      const raw = await outbox.find({ [`deliveredTo.${sink}`]: null }, {
        raw: true,
        sort: { $natural: 1 },
        limit,
      }).toArray();
      return raw.map((bytes) => {
        const { deliveredTo: _, ...passed } = readDocument(bytes as unknown as Uint8Array);
        return passed as unknown as Passed;
      });
    },
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
    async *changed(signal) {
      while (!signal.aborted) {
        await delay(POLL_MS, undefined, { signal }).catch(() => {});
        yield;
      }
    },
  };
}
