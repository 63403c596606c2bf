/**
 * Who changed what that others depend on, when, and from where: the collection `audit`, which only the
 * admin reads and nothing here changes.
 */
import type { Db } from "mongodb";
import { getLog } from "../base/log.ts";
import { type Document, ObjectId } from "../contract/document.ts";
import type { OperationContext } from "../operation.ts";
import { told } from "./cursor_batches.ts";
import { ensureCollections } from "./indexes.ts";

const AUDIT = "audit";

/** Kept for a year and a month, so that a year can be looked back on. */
const KEPT_S = 400 * 86_400;

export interface AuditEntry {
  /** What is done, as `thing.verb`: `user.add`, `filter.remove`. */
  readonly action: string;
  /** To whom or what. */
  readonly target: string;
  /** What else is worth knowing; never a secret. */
  readonly details?: Document;
}

export type AuditedBy = Pick<OperationContext, "principal" | "origin">;

export interface AuditStore {
  /**
   * Does the work, and leaves a record of it: written before, so that nothing is done without one, and
   * how it ended after. What the work throws is thrown.
   */
  write<T>(by: AuditedBy, entry: AuditEntry, work: () => Promise<T>): Promise<T>;
}

export async function ensureAuditIndexes(db: Db): Promise<void> {
  await ensureCollections(db, [AUDIT]);
  await db.collection(AUDIT).createIndexes([
    { name: "at", key: { at: 1 }, expireAfterSeconds: KEPT_S },
    { name: "who", key: { who: 1, at: -1 } },
    { name: "target", key: { target: 1, at: -1 } },
  ]);
}

export function auditStore(db: Db): AuditStore {
  const records = db.collection(AUDIT);
  const log = getLog("audit");
  return {
    async write({ principal, origin }, { action, target, details }, work) {
      const _id = new ObjectId();
      const record = {
        at: new Date(),
        who: principal.name,
        address: origin.address,
        request_id: origin.requestId,
        token_id: origin.tokenId,
        action,
        target,
        ...details && { details },
      };
      await told(() => records.insertOne({ _id, ...record, outcome: "begun" }));
      const end = async (outcome: string) => {
        const { at: _, details: __, ...told } = record;
        log.info("audit", { ...told, outcome });
        // Done is done: a record that stays at "begun" tells that its end wasn't seen.
        await records.updateOne({ _id }, { $set: { outcome } }).catch((error) =>
          log.error("an outcome couldn't be recorded", { request_id: origin.requestId, error })
        );
      };
      try {
        const result = await work();
        await end("done");
        return result;
      } catch (error) {
        await end(String((error as Error).message));
        throw error;
      }
    },
  };
}
