/**
 * Who runs which part of a replay: a thread of a core claims one for some seconds, and again and again
 * while it runs it. One that was killed is waited for no longer than that; then another goes on from
 * where it was.
 */
import type { Db, Document as BsonDocument } from "mongodb";
import { type Document, ObjectId } from "../contract/document.ts";
import { REPLAYS } from "./replay_document.ts";
import { FREE } from "./replay_parts.ts";

export interface Claim {
  /** The replay's. */
  readonly id: string;
  /** How often the part was claimed since it came on by a batch. */
  readonly attempts: number;
}

/** `holder` is another for each claim: what an earlier one of the same thread still writes is refused. */
export interface ReplayClaims {
  /** A part that waits, or whose holder was killed: of the replay that has had the least by now. */
  claim(holder: string): Promise<Claim | null>;
  /** For as long again; false: it is no longer the holder's. */
  renew(id: string, holder: string): Promise<boolean>;
  /** Leaves it to others, at once. */
  release(id: string, holder: string): Promise<void>;
  /** All of the replay. */
  fail(id: string, holder: string, reason: string): Promise<void>;
}

const LEASE_MS = 15_000;

const UNDONE = filtered("$parts", { $not: "$$part.done" });
/** The report only when nothing else is left. */
const OPEN = {
  $let: {
    vars: { undone: UNDONE },
    in: filtered("$$undone", {
      $and: [
        { $lte: ["$$part.until", "$$NOW"] },
        { $or: [{ $not: "$$part.is_report" }, { $eq: [{ $size: "$$undone" }, 1] }] },
      ],
    }),
  },
};

export function replayClaims(db: Db, { leaseMs = LEASE_MS } = {}): ReplayClaims {
  const replays = db.collection<BsonDocument>(REPLAYS);
  // By the server's clock: cores needn't agree on the time.
  const until = { $add: ["$$NOW", leaseMs] };
  const heldBy = (id: string, holder: string) => ({
    _id: new ObjectId(id),
    state: "running",
    "parts.holder": holder,
  });

  return {
    async claim(holder) {
      const attempts = { $add: ["$$part.attempts", 1] };
      const claimed = await replays.findOneAndUpdate(
        {
          state: { $in: ["queued", "running"] },
          $expr: { $gt: [{ $size: OPEN }, 0] },
        },
        [
          { $set: { claimed: { $first: OPEN } } },
          {
            $set: {
              state: "running",
              updated_at: "$$NOW",
              parts: changed({ $eq: ["$$part.n", "$claimed.n"] }, { holder, until, attempts }),
            },
          },
          { $unset: "claimed" },
        ],
        {
          sort: { "turn.alerts": 1, queued_at: 1 },
          returnDocument: "after",
          projection: { parts: { $elemMatch: { holder } } },
        },
      );
      return claimed && { id: String(claimed._id), attempts: claimed.parts[0].attempts };
    },
    async renew(id, holder) {
      const { matchedCount } = await replays.updateOne(heldBy(id, holder), [
        { $set: { parts: changed({ $eq: ["$$part.holder", holder] }, { until }) } },
      ]);
      return matchedCount === 1;
    },
    async release(id, holder) {
      await replays.updateOne(heldBy(id, holder), {
        $set: {
          "parts.$.holder": FREE.holder,
          "parts.$.until": FREE.until,
          "parts.$.attempts": 0,
        },
        $currentDate: { updated_at: true },
      });
    },
    async fail(id, holder, reason) {
      await replays.updateOne(heldBy(id, holder), {
        $set: { state: "failed", reason, ended_at: new Date() },
        $currentDate: { updated_at: true },
      });
    },
  };
}

function filtered(input: string, cond: Document): Document {
  return { $filter: { input, as: "part", cond } };
}

/** All parts, with another content where they fulfil the condition. */
function changed(cond: Document, change: Document): Document {
  const part = { $cond: [cond, { $mergeObjects: ["$$part", change] }, "$$part"] };
  return { $map: { input: "$parts", as: "part", in: part } };
}
