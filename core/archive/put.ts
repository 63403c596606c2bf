/** Writes what a batch has become, within one transaction: all of it is there, or none. */
import type { AnyBulkWriteOperation, ClientSession, Db } from "mongodb";
import { type Document, ObjectId } from "../contract/document.ts";
import type { SurveyDef } from "../contract/survey.ts";
import { insertAll } from "./insert.ts";

/** An object before and after a batch; `before` is as read, undefined for a new object. */
export interface ObjectChange {
  readonly objectId: string;
  readonly before: Document | undefined;
  readonly after: Document;
}

/** New alerts and the objects they belong to; one command for each kind of write. */
export async function putAlerts(
  db: Db,
  survey: SurveyDef,
  alerts: readonly Document[],
  objects: readonly ObjectChange[],
  session: ClientSession,
): Promise<void> {
  await insertAll(db, survey.collections.alerts, alerts, session);
  const fresh = objects.filter(({ before }) => before === undefined).map(({ after }) => after);
  await insertAll(db, survey.collections.aux, fresh, session);
  const updates = objects.flatMap(toUpdate);
  if (updates.length > 0) {
    await db.collection(survey.collections.aux).bulkWrite(updates, { session, ordered: true });
  }
}

/** Seconds from the epoch of Julian dates to that of Unix, in days. */
const JD_OF_UNIX_EPOCH = 2_440_587.5;

/**
 * The `_id` of an alert document: the time of its exposure (4 bytes, s) and its candid (8 bytes), so
 * that a replay makes the same document, and `_id` sorts by time as an ObjectId should.
 */
export function alertId(jd: number, candid: number | bigint): ObjectId {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  const seconds = Math.round((jd - JD_OF_UNIX_EPOCH) * 86_400);
  view.setUint32(0, Number.isFinite(seconds) ? Math.max(0, seconds) : 0);
  view.setBigInt64(4, BigInt(candid));
  return new ObjectId(bytes);
}

const LIGHT_CURVES = ["prv_candidates", "fp_hists"] as const;

/** Written again only where a catalog that had failed was asked again. */
const MATCHES = ["cross_matches", "cross_matches_failed"] as const;

/** The least that turns `before` into `after`: points at the end are pushed, others rewrite the curve. */
function toUpdate({ objectId, before, after }: ObjectChange): AnyBulkWriteOperation[] {
  if (before === undefined) return [];
  const push: Document = {};
  const set: Document = {};
  const unset: Document = {};
  for (const field of MATCHES) {
    if (after[field] === before[field]) continue;
    if (after[field] === undefined) unset[field] = "";
    else set[field] = after[field];
  }
  for (const curve of LIGHT_CURVES) {
    const old = before[curve] as readonly unknown[] | undefined;
    const now = after[curve] as readonly unknown[] | undefined;
    if (now === undefined || now === old) continue;
    if (old !== undefined && old.every((point, i) => point === now[i])) {
      if (now.length > old.length) push[curve] = { $each: now.slice(old.length) };
    } else set[curve] = now;
  }
  const update = {
    ...Object.keys(push).length > 0 && { $push: push },
    ...Object.keys(set).length > 0 && { $set: set },
    ...Object.keys(unset).length > 0 && { $unset: unset },
  };
  if (Object.keys(update).length === 0) return [];
  return [{ updateOne: { filter: { _id: objectId as never }, update } } as AnyBulkWriteOperation];
}
