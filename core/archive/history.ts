/** What the archive knows of a batch's objects, in two reads whatever the size of the batch. */
import type { ClientSession, Db } from "mongodb";
import type { Document } from "../contract/document.ts";
import {
  type Alert,
  type HistoryPoint,
  type SurveyDef,
  toHistoryPoint,
} from "../contract/survey.ts";
import { readDocuments } from "./bson_read.ts";
import { historyIndex } from "./indexes.ts";

export interface Known {
  /** Candids of the batch's objects that are stored already, as digits. */
  readonly candids: ReadonlySet<string>;
  /** `candidate` of each stored alert, by object id. */
  readonly candidates: ReadonlyMap<string, HistoryPoint[]>;
  /** The objects' own documents, by object id. */
  readonly aux: ReadonlyMap<string, Document>;
}

/** Reads within the session's snapshot: what is written on top of it later is what was read here. */
export async function readKnown(
  db: Db,
  survey: SurveyDef,
  alerts: readonly Alert[],
  session: ClientSession,
): Promise<Known> {
  const objectIds = [...new Set(alerts.map((alert) => alert.objectId))];
  // One after the other: a transaction has one command at a time.
  const stored = await db.collection(survey.collections.alerts)
    .find({ [survey.objectIdKey]: { $in: objectIds } }, {
      session,
      raw: true,
      batchSize: ROWS_PER_REPLY,
      hint: historyIndex(survey).name,
      projection: {
        _id: 0,
        [survey.objectIdKey]: 1,
        candid: 1,
        "candidate.jd": 1,
        "candidate.magpsf": 1,
      },
    }).toArray();
  const aux = await db.collection(survey.collections.aux)
    .find({ _id: { $in: objectIds } as never }, { session, raw: true, batchSize: ROWS_PER_REPLY })
    .toArray();

  const candids = new Set<string>();
  const candidates = new Map<string, HistoryPoint[]>();
  for (const row of readDocuments(stored as unknown as Uint8Array[])) {
    candids.add(String(row.candid));
    const objectId = row[survey.objectIdKey] as string;
    const points = candidates.get(objectId);
    const point = toHistoryPoint(row.candidate as Document);
    points ? points.push(point) : candidates.set(objectId, [point]);
  }
  return {
    candids,
    candidates,
    aux: new Map(
      readDocuments(aux as unknown as Uint8Array[]).map((document) => [
        document._id as string,
        document,
      ]),
    ),
  };
}

/** More rows than a batch's objects have: a reply ends at 16 MB, not at the driver's 101 rows. */
const ROWS_PER_REPLY = 1_000_000;
