/** Which alerts of a span of time are archived, in order and in batches. */
import type { Db, FindOptions } from "mongodb";
import { type Document, toNumber } from "../contract/document.ts";
import type { SurveyDef } from "../contract/survey.ts";
import { readDocuments } from "./bson_read.ts";
import { batchesOf } from "./cursor_batches.ts";
import type { AlertKey } from "./replay_document.ts";

export interface AlertSpan {
  readonly survey: SurveyDef;
  /** Julian dates, both included. */
  readonly jdStart: number;
  readonly jdEnd: number;
  /** What ends it earlier, itself excluded. */
  readonly jdBefore: number | null;
  /** Only what comes after this alert. */
  readonly after: AlertKey | null;
}

const KEYS_PER_REPLY = 5_000;

/**
 * The keys of all alerts of the span, of whatever programid: by exposure, and within one by their ids.
 * An index tells them, and so no alert is read for that.
 */
export async function* alertKeys(
  db: Db,
  { survey, jdStart, jdEnd, jdBefore, after }: AlertSpan,
  batchMax: number,
  signal: AbortSignal,
): AsyncGenerator<AlertKey[]> {
  const from = after === null ? jdStart : Math.max(jdStart, after.jd);
  const cursor = db.collection(survey.collections.alerts).find(
    { "candidate.jd": { $gte: from, $lte: jdEnd, ...jdBefore !== null && { $lt: jdBefore } } },
    {
      raw: true,
      sort: { "candidate.jd": 1 },
      projection: { _id: 0, candid: 1, "candidate.jd": 1 },
      batchSize: KEYS_PER_REPLY,
      comment: "filter replay",
      signal,
    } as FindOptions,
  );
  const isNew = ({ jd, candid }: AlertKey) =>
    after === null || jd > after.jd || candid > after.candid;
  let keys: AlertKey[] = [];
  /** How many of them are of exposures that are read as a whole. */
  let whole = 0;
  for await (const raw of batchesOf(db, cursor, signal)) {
    for (const { candid, candidate } of readDocuments(raw)) {
      const key = {
        jd: toNumber((candidate as Document).jd),
        candid: candid as number | bigint,
      };
      if (!isNew(key)) continue;
      if (whole < keys.length && keys[whole]!.jd !== key.jd) whole = inOrder(keys, whole);
      keys.push(key);
    }
    while (whole >= batchMax) {
      yield keys.slice(0, batchMax);
      keys = keys.slice(batchMax);
      whole -= batchMax;
    }
  }
  inOrder(keys, whole);
  for (let at = 0; at < keys.length; at += batchMax) yield keys.slice(at, at + batchMax);
}

/** Sorts what comes from `start` on, all of one exposure; where it ends. */
function inOrder(keys: AlertKey[], start: number): number {
  const exposure = keys.splice(start).sort((a, b) => (a.candid < b.candid ? -1 : 1));
  for (const key of exposure) keys.push(key);
  return keys.length;
}
