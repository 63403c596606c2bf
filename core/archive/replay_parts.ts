/**
 * A replay's parts: its span cut where about as many alerts lie between, so that all threads of all
 * cores work on it at the same time. The last one is its report, to be made when all others are done.
 */
import type { Db } from "mongodb";
import { type Document, toNumber } from "../contract/document.ts";
import type { SurveyDef } from "../contract/survey.ts";
import { readDocument } from "./bson_read.ts";
import { told } from "./cursor_batches.ts";
import type { ReplayPart } from "./replay_document.ts";

/** All of them are written into the replay's own document. */
const PARTS_MAX = 64;
const CUT_MS_MAX = 20_000;
/** Long ago: nobody holds it. */
export const FREE = { holder: null, until: new Date(0) };

export interface Span {
  /** Julian dates, both included. */
  readonly jd_start: number;
  readonly jd_end: number;
}

export interface StoredPart extends ReplayPart {
  readonly holder: string | null;
  readonly until: Date;
}

/** Rejects with `QueryError` where that takes too long. */
export async function cutIntoParts(
  db: Db,
  survey: SurveyDef,
  span: Span,
  alertsMin: number,
): Promise<StoredPart[]> {
  const starts = await startsOf(db, survey, span, alertsMin);
  return [
    ...starts.map((jd_start, n) => newPart(n, { jd_start, jd_before: starts[n + 1] ?? null })),
    newPart(starts.length, { jd_start: span.jd_end, jd_before: null, is_report: true }),
  ];
}

/** Always the first alert of an exposure: those of one are never parted. */
async function startsOf(
  db: Db,
  survey: SurveyDef,
  { jd_start, jd_end }: Span,
  alertsMin: number,
): Promise<number[]> {
  const alerts = db.collection(survey.collections.alerts);
  const comment = "filter replay";
  const total = await told(() =>
    alerts.countDocuments({ "candidate.jd": { $gte: jd_start, $lte: jd_end } }, {
      maxTimeMS: CUT_MS_MAX,
      comment,
    })
  );
  const skip = Math.max(alertsMin, Math.ceil(total / PARTS_MAX));
  const starts = [jd_start];
  while (starts.length < PARTS_MAX) {
    const next = await told(() =>
      alerts.findOne({ "candidate.jd": { $gt: starts.at(-1)!, $lte: jd_end } }, {
        raw: true,
        sort: { "candidate.jd": 1 },
        skip,
        projection: { _id: 0, "candidate.jd": 1 },
        maxTimeMS: CUT_MS_MAX,
        comment,
      })
    );
    if (next === null) break;
    const { candidate } = readDocument(next as unknown as Uint8Array);
    starts.push(toNumber((candidate as Document).jd));
  }
  return starts;
}

function newPart(
  n: number,
  part: Pick<ReplayPart, "jd_start" | "jd_before"> & Partial<Pick<ReplayPart, "is_report">>,
): StoredPart {
  return { n, is_report: false, ...part, cursor: null, done: false, attempts: 0, ...FREE };
}
