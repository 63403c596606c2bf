/**
 * What went wrong with filters while they ran on alerts, for those who keep them: the last reason for each
 * version. Written now and then, beside the batches and never for one of them.
 */
import type { Db } from "mongodb";
import type { FilterFailure } from "./mongo_filters.ts";
import { told } from "./cursor_batches.ts";

const FILTER_FAULTS = "filter_faults";

/** As it is told of a filter. */
export interface FilterFault {
  readonly fid: string;
  readonly reason: string;
  /** On some of whose alerts it couldn't be run. */
  readonly batches: number;
  readonly first_at: Date;
  readonly last_at: Date;
}

interface FaultDocument {
  readonly _id: string;
  readonly filter_id: number;
  readonly reason: string;
  readonly batches: number;
  readonly first_at: Date;
  readonly last_at: Date;
}

type Noted = Map<string, { filterId: number; reason: string; batches: number }>;

export interface FilterFaults {
  /** The newest first. */
  of(filterId: number | bigint): Promise<FilterFault[]>;
}

const WRITE_MS = 5_000;
const KEPT_S = 30 * 86_400;

export async function ensureFilterFaultIndexes(db: Db): Promise<void> {
  await db.collection(FILTER_FAULTS).createIndexes([
    { name: "filter_id", key: { filter_id: 1, last_at: -1 } },
    { name: "kept", key: { last_at: 1 }, expireAfterSeconds: KEPT_S },
  ]);
}

export function filterFaults(db: Db): FilterFaults {
  return {
    async of(filterId) {
      const found = await told(() =>
        db.collection<FaultDocument>(FILTER_FAULTS)
          .find({ filter_id: Number(filterId) }, { sort: { last_at: -1 } }).toArray()
      );
      return found.map(({ _id, filter_id: _, ...fault }) => ({ fid: _id, ...fault }));
    },
  };
}

/** Takes note of failures; disposed of, it writes what it has yet to write. */
export class FilterFaultLog implements AsyncDisposable {
  readonly #db: Db;
  readonly #onError: (error: unknown) => void;
  readonly #writeMs: number;
  /** By version: since the last write. */
  #noted: Noted = new Map();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(db: Db, onError: (error: unknown) => void, writeMs = WRITE_MS) {
    this.#db = db;
    this.#onError = onError;
    this.#writeMs = writeMs;
  }

  add(failures: readonly FilterFailure[]): void {
    for (const { filterId, fid, reason } of failures) {
      const batches = (this.#noted.get(fid)?.batches ?? 0) + 1;
      this.#noted.set(fid, { filterId, reason, batches });
    }
    if (this.#noted.size > 0) this.#timer ??= setTimeout(() => this.#write(), this.#writeMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    await this.#write();
  }

  #write(): Promise<void> {
    this.#timer = undefined;
    const noted = this.#noted;
    this.#noted = new Map();
    return this.#writing = this.#writing.then(() => this.#put(noted)).catch(this.#onError);
  }

  async #put(noted: Noted): Promise<void> {
    if (noted.size === 0) return;
    const faults = this.#db.collection<FaultDocument>(FILTER_FAULTS);
    const now = new Date();
    await faults.bulkWrite([...noted].map(([fid, { filterId, reason, batches }]) => ({
      updateOne: {
        filter: { _id: fid },
        update: {
          $set: { filter_id: filterId, reason, last_at: now },
          $setOnInsert: { first_at: now },
          $inc: { batches },
        },
        upsert: true,
      },
    })));
  }
}
