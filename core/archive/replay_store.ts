/**
 * Replays of filters as documents: what people ask for, and what they see of it. Cores claim parts of
 * what is queued (`replay_claims.ts`) and write how far they are (`replay_progress.ts`).
 */
import type { Db, Document as BsonDocument } from "mongodb";
import { type Document, ObjectId } from "../contract/document.ts";
import type { ReplayState } from "../contract/replays.ts";
import type { SurveyDef } from "../contract/survey.ts";
import { readDocument } from "./bson_read.ts";
import { told } from "./cursor_batches.ts";
import type { FilterId } from "./filter_store.ts";
import { ensureCollections, ensureIndexes } from "./indexes.ts";
import {
  type Replay,
  REPLAY_OBJECTS,
  REPLAYS,
  SUMMARY_PROJECTION,
  toReplay,
} from "./replay_document.ts";
import { cutIntoParts, FREE } from "./replay_parts.ts";
import { ReplayWatch } from "./replay_watch.ts";
import { visibleAlerts } from "./stored_inputs.ts";

/** What is asked for. */
export type NewReplay = Pick<
  Replay,
  | "owner"
  | "sees_all"
  | "filter_id"
  | "fid"
  | "catalog"
  | "permissions"
  | "pipeline"
  | "live"
  | "as_of"
  | "jd_start"
  | "jd_end"
>;

export interface ReplayStore {
  /**
   * Queues it. `alerts`: there are more alerts in its span than one replay may run over. `others`: as
   * many of its owner's wait or run as may. Rejects with `QueryError` where the alerts can't be counted.
   */
  create(replay: NewReplay): Promise<Replay | "alerts" | "others">;
  find(id: string): Promise<Replay | null>;
  /** The newest first, without pipelines and samples. */
  list(which: {
    owner?: string | undefined;
    catalog?: string | undefined;
    filterId?: FilterId | undefined;
    state?: ReplayState | undefined;
  }): Promise<Replay[]>;
  /** False: it is in none of the states that it can be cancelled in. */
  cancel(id: string): Promise<boolean>;
  /** Queues it again; false: it is in none of the states that it can be resumed in. */
  resume(replay: Replay): Promise<boolean | "others">;
  /** Removes those of a user who is no longer one. */
  removeOf(owner: string): Promise<void>;
  /** Ends those of a filter that was removed. */
  failOf(filterId: FilterId): Promise<void>;
  /** The replay now and after each change, until it rests, or has gone, or the signal says so. */
  changes(id: string, signal: AbortSignal): AsyncIterable<Replay>;
  /** What the filter made of a pass that is kept. */
  readPass(data: Uint8Array): Document;
  readonly quota: ReplayQuota;
}

export interface ReplayQuota {
  readonly alertsMax: number;
  /** Of one user's, that wait or run. */
  readonly ofUserMax: number;
  /** Alerts that are too few to be shared by several threads. */
  readonly partAlertsMin: number;
}

export const REPLAY_QUOTA: ReplayQuota = {
  alertsMax: 5_000_000,
  ofUserMax: 5,
  partAlertsMin: 3_000,
};
/** How long a replay is kept after it was last touched. */
const KEPT_S = 30 * 86_400;
const LISTED_MAX = 200;
const COUNT_MS_MAX = 20_000;
const FILTER_REMOVED = "The filter was removed";

export function replayStore(
  db: Db,
  surveys: readonly SurveyDef[],
  quota: ReplayQuota = REPLAY_QUOTA,
  stopping?: AbortSignal,
): ReplayStore {
  const replays = db.collection<BsonDocument>(REPLAYS);
  const byCatalog = new Map(surveys.map((survey) => [survey.collections.alerts, survey]));
  const watch = new ReplayWatch(db, stopping);

  return {
    quota,
    async create(replay) {
      const survey = byCatalog.get(replay.catalog)!;
      const total = await countAlerts(survey, replay);
      if (total > quota.alertsMax) return "alerts";
      if (await hasTooMany(replay.owner)) return "others";
      const parts = await cutIntoParts(db, survey, replay, quota.partAlertsMin);
      const now = new Date();
      const document = {
        _id: new ObjectId(),
        ...replay,
        survey: survey.name,
        alerts_total: total,
        state: "queued",
        reason: null,
        parts,
        counts: { alerts: 0, passes: 0, live_passes: 0 },
        nights: {},
        cost: { read_ms: 0, filter_ms: 0, live_ms: 0, run_ms: 0 },
        ran: null,
        failures: { batches: 0, reason: null },
        live_failures: { batches: 0, reason: null },
        sample: [],
        objects: null,
        turn: { alerts: 0, ms: 0 },
        queued_at: now,
        updated_at: now,
        ended_at: null,
      };
      await told(() => replays.insertOne(document));
      return (await find(document._id.toHexString()))!;
    },
    find,
    async list({ owner, catalog, filterId, state }) {
      const raw = await told(() =>
        replays.find({
          ...owner !== undefined && { owner },
          ...catalog !== undefined && { catalog },
          ...filterId !== undefined && { filter_id: filterId },
          ...state !== undefined && { state },
        }, {
          raw: true,
          sort: { queued_at: -1 },
          limit: LISTED_MAX,
          projection: SUMMARY_PROJECTION,
        }).toArray()
      );
      return raw.map((bytes) => toReplay(bytes as unknown as Uint8Array));
    },
    cancel: (id) =>
      move(id, ["queued", "running", "paused", "cancelled"], {
        $set: { state: "cancelled", ended_at: new Date() },
      }),
    async resume({ id, owner }) {
      if (await hasTooMany(owner)) return "others";
      return await move(id, ["paused", "failed", "cancelled"], {
        $set: {
          state: "queued",
          reason: null,
          queued_at: new Date(),
          ended_at: null,
          objects: null,
          turn: { alerts: 0, ms: 0 },
          // What the holders of then still write is refused.
          "parts.$[].holder": FREE.holder,
          "parts.$[].until": FREE.until,
          "parts.$[].attempts": 0,
        },
      });
    },
    async removeOf(owner) {
      await told(() => replays.deleteMany({ owner }));
    },
    async failOf(filterId) {
      const unfinished = { $in: ["queued", "running", "paused"] };
      await told(() =>
        replays.updateMany({ filter_id: filterId, state: unfinished }, {
          $set: { state: "failed", reason: FILTER_REMOVED, ended_at: new Date() },
          $currentDate: { updated_at: true },
        })
      );
    },
    readPass: readDocument,
    changes: (id, signal) => watch.changes(new ObjectId(id), signal),
  };

  async function find(id: string): Promise<Replay | null> {
    const raw = await told(() => replays.findOne({ _id: new ObjectId(id) }, { raw: true }));
    return raw && toReplay(raw as unknown as Uint8Array);
  }

  async function move(id: string, from: ReplayState[], update: Document): Promise<boolean> {
    const { matchedCount } = await told(() =>
      replays.updateOne({ _id: new ObjectId(id), state: { $in: from } }, {
        ...update,
        $currentDate: { updated_at: true },
      })
    );
    return matchedCount === 1;
  }

  async function hasTooMany(owner: string): Promise<boolean> {
    const active = await told(() =>
      replays.countDocuments({ owner, state: { $in: ["queued", "running"] } })
    );
    return active >= quota.ofUserMax;
  }

  async function countAlerts(survey: SurveyDef, replay: NewReplay): Promise<number> {
    const { permissions, jd_start, jd_end } = replay;
    return await told(() =>
      db.collection(survey.collections.alerts).countDocuments({
        "candidate.jd": { $gte: jd_start, $lte: jd_end },
        ...visibleAlerts(survey, permissions),
      }, { limit: quota.alertsMax + 1, maxTimeMS: COUNT_MS_MAX })
    );
  }
}

export async function ensureReplayIndexes(db: Db): Promise<void> {
  await ensureCollections(db, [REPLAYS, REPLAY_OBJECTS]);
  await ensureIndexes(db, REPLAYS, [
    { name: "state_queued_at", keys: { state: 1, queued_at: 1 } },
    { name: "owner_queued_at", keys: { owner: 1, queued_at: -1 } },
  ]);
  await db.collection(REPLAYS)
    .createIndex({ updated_at: 1 }, { name: "kept", expireAfterSeconds: KEPT_S });
  // Nobody's any more by then: what is kept of a replay is written after them.
  await db.collection(REPLAY_OBJECTS)
    .createIndex({ at: 1 }, { name: "kept", expireAfterSeconds: 2 * KEPT_S });
}
