/**
 * Which core runs a replay: it claims one for some seconds, and again and again while it runs it. One
 * that was killed is waited for no longer than that; then another goes on from where it was.
 */
import type { Db, Document as BsonDocument } from "mongodb";
import { ObjectId } from "../contract/document.ts";
import { REPLAYS } from "./replay_document.ts";

export interface Claim {
  readonly id: string;
  /** How often it was claimed since it came on by a batch. */
  readonly attempts: number;
}

/** `holder` is another for each claim: what an earlier one of the same core still writes is refused. */
export interface ReplayClaims {
  /** The oldest that waits, or whose holder was killed. */
  claim(holder: string): Promise<Claim | null>;
  /** For as long again; false: it is no longer the holder's. */
  renew(id: string, holder: string): Promise<boolean>;
  /** Leaves it to others, at once. */
  release(id: string, holder: string): Promise<void>;
  fail(id: string, holder: string, reason: string): Promise<void>;
}

const LEASE_MS = 15_000;

export function replayClaims(db: Db, { leaseMs = LEASE_MS } = {}): ReplayClaims {
  const replays = db.collection<BsonDocument>(REPLAYS);
  // By the server's clock: cores needn't agree on the time.
  const until = { $add: ["$$NOW", leaseMs] };
  const heldBy = (id: string, holder: string) => ({
    _id: new ObjectId(id),
    state: "running",
    "lease.holder": holder,
  });

  return {
    async claim(holder) {
      const claimed = await replays.findOneAndUpdate(
        {
          $or: [
            { state: "queued" },
            { state: "running", $expr: { $lte: ["$lease.until", "$$NOW"] } },
          ],
        },
        [{
          $set: {
            state: "running",
            lease: { holder, until },
            attempts: { $add: ["$attempts", 1] },
            updated_at: "$$NOW",
          },
        }],
        { sort: { queued_at: 1 }, returnDocument: "after", projection: { attempts: 1 } },
      );
      return claimed && { id: String(claimed._id), attempts: claimed.attempts as number };
    },
    async renew(id, holder) {
      const { matchedCount } = await replays.updateOne(heldBy(id, holder), [
        { $set: { "lease.until": until } },
      ]);
      return matchedCount === 1;
    },
    async release(id, holder) {
      await replays.updateOne(heldBy(id, holder), {
        $set: { state: "queued", attempts: 0 },
        $unset: { lease: 1 },
        $currentDate: { updated_at: true },
      });
    },
    async fail(id, holder, reason) {
      await replays.updateOne(heldBy(id, holder), {
        $set: { state: "failed", reason, ended_at: new Date() },
        $unset: { lease: 1 },
        $currentDate: { updated_at: true },
      });
    },
  };
}
