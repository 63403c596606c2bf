/**
 * What a replay has come to, batch by batch of its parts. The counts and the part's cursor are written
 * with one update, so that no alert counts twice; objects before that, in a way that can be repeated.
 */
import type { AnyBulkWriteOperation, Db, Document as BsonDocument } from "mongodb";
import { type Document, Double, ObjectId, toNumber } from "../contract/document.ts";
import { plainNumbers } from "../contract/plain_numbers.ts";
import type { ObjectReport, ReplayedObject } from "../filters/replays/object_report.ts";
import { readDocument } from "./bson_read.ts";
import { told } from "./cursor_batches.ts";
import {
  type AlertKey,
  type Counts,
  type Ran,
  type Replay,
  REPLAY_OBJECTS,
  type ReplayPart,
  REPLAYS,
  type SampledPass,
  toPart,
  toReplay,
} from "./replay_document.ts";

/** What one batch adds. */
export interface BatchResult {
  readonly cursor: AlertKey;
  readonly nights: ReadonlyMap<string, Counts>;
  readonly costMs: { readonly read: number; readonly filter: number; readonly live: number };
  /** Of the whole batch, the writing of it but for this update included. */
  readonly runMs: number;
  readonly failure: string | undefined;
  readonly liveFailure: string | undefined;
  readonly objects: readonly ReplayedObject[];
  /** Passes that may be among those that are kept. */
  readonly sample: readonly SampledPass[];
}

/** A replay's turn so far, of all threads together. */
export type Turn = Replay["turn"];

/** How many passes are kept. */
export const SAMPLE_SIZE = 20;

/** A replay in the hands of whoever has claimed a part of it. */
export class ReplayProgress {
  readonly #db: Db;
  readonly #id: ObjectId;
  readonly #held: Document;
  readonly #holder: string;

  constructor(db: Db, id: string, holder: string) {
    this.#db = db;
    this.#id = new ObjectId(id);
    this.#held = { _id: this.#id, state: "running", "parts.holder": holder };
    this.#holder = holder;
  }

  /** Null: it is no longer ours. */
  async read(): Promise<{ replay: Replay; part: ReplayPart } | null> {
    const raw = await told(() => this.#replays().findOne(this.#held, { raw: true }));
    if (raw === null) return null;
    const bytes = raw as unknown as Uint8Array;
    const parts = readDocument(bytes).parts as Document[];
    const part = parts.find(({ holder }) => holder === this.#holder)!;
    return { replay: toReplay(bytes), part: toPart(part) };
  }

  /** Says how the versions run, once. */
  async ran(ran: Ran): Promise<void> {
    await told(() => this.#replays().updateOne(this.#held, { $set: { ran } }));
  }

  /** Null: it is no longer ours, and nothing was counted. */
  async add(batch: BatchResult): Promise<Turn | null> {
    await this.#putObjects(batch.objects);
    const total = sumOf(batch.nights.values());
    const nights = [...batch.nights].flatMap(([night, counts]) =>
      Object.entries(counts).map(([name, count]) => [`nights.${night}.${name}`, count])
    );
    return await this.#write({
      $set: {
        "parts.$.cursor": batch.cursor,
        "parts.$.attempts": 0,
        ...batch.failure !== undefined && { "failures.reason": batch.failure },
        ...batch.liveFailure !== undefined && { "live_failures.reason": batch.liveFailure },
      },
      ...batch.sample.length > 0 && {
        $push: {
          sample: { $each: batch.sample, $sort: { hash: 1, candid: 1 }, $slice: SAMPLE_SIZE },
        },
      },
      $inc: {
        "counts.alerts": total.alerts,
        "counts.passes": total.passes,
        "counts.live_passes": total.live_passes,
        ...Object.fromEntries(nights),
        "cost.read_ms": new Double(batch.costMs.read),
        "cost.filter_ms": new Double(batch.costMs.filter),
        "cost.live_ms": new Double(batch.costMs.live),
        "cost.run_ms": new Double(batch.runMs),
        "turn.alerts": total.alerts,
        "turn.ms": new Double(batch.runMs),
        "failures.batches": batch.failure === undefined ? 0 : 1,
        "live_failures.batches": batch.liveFailure === undefined ? 0 : 1,
      },
    });
  }

  /** The end of the part; false: it is no longer ours. */
  async endPart(): Promise<boolean> {
    return await this.#write({ $set: { "parts.$.done": true, "parts.$.holder": null } }) !== null;
  }

  /** The end of the replay, or of this turn; objects are forgotten once nothing more can come. */
  async rest(
    state: "done" | "paused",
    reason: string | null,
    objects: ObjectReport,
  ): Promise<boolean> {
    const isOurs = await this.#write({
      $set: {
        state,
        reason,
        objects,
        ended_at: new Date(),
        ...state === "done" && { "parts.$.done": true },
      },
    }) !== null;
    if (isOurs && state === "done") {
      await told(() => this.#objects().deleteMany({ _id: this.#objectIds() }));
    }
    return isOurs;
  }

  /** All that the replay has come by, in the order of their ids as texts. */
  async *objects(): AsyncGenerator<ReplayedObject> {
    const cursor = this.#objects()
      .find({ _id: this.#objectIds() }, { raw: true, sort: { _id: 1 }, batchSize: 5_000 });
    for await (const raw of cursor) {
      const { objectId, first, live, tns, label } = readDocument(raw as unknown as Uint8Array);
      yield {
        objectId,
        firstJd: first === undefined ? undefined : toNumber(first),
        liveFirstJd: live === undefined ? undefined : toNumber(live),
        tns: plainNumbers(tns) as ReplayedObject["tns"],
        label: label as string | undefined,
      };
    }
  }

  async #putObjects(objects: readonly ReplayedObject[]): Promise<void> {
    if (objects.length === 0) return;
    const at = new Date();
    const writes = objects.map((object): AnyBulkWriteOperation<ObjectDocument> => {
      const { objectId, firstJd, liveFirstJd, tns, label } = object;
      const firsts = {
        ...firstJd !== undefined && { first: new Double(firstJd) },
        ...liveFirstJd !== undefined && { live: new Double(liveFirstJd) },
      };
      return {
        updateOne: {
          filter: { _id: this.#objectKey(objectId) },
          update: {
            // The least is the same however often, and in whatever order, it is said.
            ...Object.keys(firsts).length > 0 && { $min: firsts },
            $set: { objectId, at, ...tns && { tns }, ...label !== undefined && { label } },
          },
          upsert: true,
        },
      };
    });
    await told(() => this.#objects().bulkWrite(writes, { ordered: false }));
  }

  async #write(update: Document): Promise<Turn | null> {
    const changed = await told(() =>
      this.#replays().findOneAndUpdate(
        this.#held,
        { ...update, $currentDate: { updated_at: true } },
        { returnDocument: "after", projection: { _id: 0, turn: 1 }, raw: true },
      )
    );
    return changed && plainNumbers(readDocument(changed as unknown as Uint8Array).turn) as Turn;
  }

  #objectKey(objectId: unknown): string {
    return `${this.#id.toHexString()}:${objectId}`;
  }

  /** Those whose key begins with the replay's id and a colon. */
  #objectIds() {
    const id = this.#id.toHexString();
    return { $gte: `${id}:`, $lt: `${id};` };
  }

  #replays() {
    return this.#db.collection<BsonDocument>(REPLAYS);
  }

  #objects() {
    return this.#db.collection<ObjectDocument>(REPLAY_OBJECTS);
  }
}

interface ObjectDocument extends BsonDocument {
  readonly _id: string;
}

function sumOf(all: Iterable<Counts>): Counts {
  let [alerts, passes, live_passes] = [0, 0, 0];
  for (const counts of all) {
    alerts += counts.alerts;
    passes += counts.passes;
    live_passes += counts.live_passes;
  }
  return { alerts, passes, live_passes };
}
