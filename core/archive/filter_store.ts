/**
 * Users' filters as documents. Versions are only ever added; of two who change a filter at once the
 * later one sees what the earlier did, so that none undoes the other.
 */
import type { ClientSession, Collection, Db, Document as BsonDocument } from "mongodb";
import { type Document, ObjectId, toNumber } from "../contract/document.ts";
import { QueryError } from "../contract/query.ts";
import { readDocument } from "./bson_read.ts";
import { told } from "./cursor_batches.ts";
import { isDuplicateKey } from "./errors.ts";
import { ensureCollections, ensureIndexes } from "./indexes.ts";

export type FilterId = number | bigint;

export interface FilterVersion {
  readonly fid: string;
  /** Extended JSON, as its author's client wrote it. */
  readonly pipeline: string;
  readonly created_at: Date;
}

/** What its author says of a filter, in the order in which it is stored. */
export interface FilterFields {
  readonly filter_id: FilterId;
  readonly group_id: FilterId;
  /** A survey's collection of alerts. */
  readonly catalog: string;
  readonly permissions: readonly number[];
  readonly active: boolean;
  readonly autosave: boolean | Document;
  readonly auto_followup: Document;
  readonly update_annotations: boolean;
}

export interface StoredFilter extends FilterFields {
  readonly _id: ObjectId;
  readonly active_fid: string | null;
  readonly fv: readonly FilterVersion[];
  readonly created_at: Date;
  readonly last_modified: Date;
}

/** How SkyPortal reads priorities of an allocation: the same in all filters that use it. */
export interface PriorityOrder {
  readonly allocationId: FilterId;
  readonly order: "asc" | "desc";
}

export interface FilterChange {
  readonly set: Partial<FilterFields & Pick<StoredFilter, "active_fid">>;
  /** Checked against all other filters in the same breath as it is written. */
  readonly order?: PriorityOrder | undefined;
}

export interface FilterStore {
  find(filterId: FilterId): Promise<StoredFilter | null>;
  /** All of a collection or a group, by id; their versions come without pipelines. */
  list(which: { catalog?: string | undefined; groupId?: number | undefined }): Promise<Document[]>;
  /** With its first version. */
  create(
    fields: FilterFields,
    pipeline: string,
    order: PriorityOrder | undefined,
  ): Promise<FilterVersion | "taken" | "other order">;
  /** The new version is the active one. `check` throws where it may not be added. */
  addVersion(
    filterId: FilterId,
    pipeline: string,
    check: (filter: StoredFilter) => void,
  ): Promise<FilterVersion | "absent">;
  /**
   * `decide` says what to change, or throws; it is asked again where somebody was faster. Gives the
   * filter as it is then.
   */
  change(
    filterId: FilterId,
    decide: (filter: StoredFilter) => FilterChange,
  ): Promise<StoredFilter | "absent" | "other order">;
  remove(filterId: FilterId): Promise<boolean>;
  /** Whether a filter, other than `except`, has the other order for the same allocation. */
  hasOtherOrder(order: PriorityOrder, except?: FilterId): Promise<boolean>;
}

const FILTERS = "filters";
/**
 * One document for each allocation, written to by whoever writes a filter with a priority order: two
 * of them conflict there, though they write different filters.
 */
const ALLOCATIONS = "filter_allocations";
/** More writers than this at one filter at once are no people. */
const TRIES_MAX = 100;

export function filterStore(db: Db): FilterStore {
  return new MongoFilters(db);
}

/** Throws where two filters have the same id, as the original allowed. */
export async function ensureFilterIndexes(db: Db): Promise<void> {
  try {
    await ensureIndexes(db, FILTERS, [{ name: "filter_id", keys: { filter_id: 1 }, unique: true }]);
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    throw new Error(
      `Cannot index ${FILTERS} as filter_id must be unique: ${(error as Error).message}`,
      { cause: error },
    );
  }
  await ensureCollections(db, [ALLOCATIONS]);
}

class MongoFilters implements FilterStore {
  readonly #db: Db;
  readonly #filters: Collection<BsonDocument>;

  constructor(db: Db) {
    this.#db = db;
    this.#filters = db.collection(FILTERS);
  }

  async find(filterId: FilterId): Promise<StoredFilter | null> {
    const raw = await told(() => this.#filters.findOne({ filter_id: filterId }, { raw: true }));
    if (raw === null) return null;
    const document = readDocument(raw as unknown as Uint8Array);
    // Filters from before, and what people wrote by hand.
    document.fv ??= [];
    document.permissions = ((document.permissions ?? []) as unknown[]).map(toNumber);
    return document as unknown as StoredFilter;
  }

  async list(
    { catalog, groupId }: { catalog?: string | undefined; groupId?: number | undefined },
  ): Promise<Document[]> {
    const which = {
      ...catalog !== undefined && { catalog },
      ...groupId !== undefined && { group_id: groupId },
    };
    const cursor = this.#filters.find(which, {
      raw: true,
      sort: { filter_id: 1 },
      projection: { "fv.pipeline": 0 },
    });
    const raw = await told(() => cursor.toArray());
    return raw.map((bytes) => readDocument(bytes as unknown as Uint8Array));
  }

  async create(
    fields: FilterFields,
    pipeline: string,
    order: PriorityOrder | undefined,
  ): Promise<FilterVersion | "taken" | "other order"> {
    const version = newVersion([], pipeline);
    const filter: StoredFilter = {
      _id: new ObjectId(),
      ...fields,
      active_fid: version.fid,
      fv: [version],
      created_at: version.created_at,
      last_modified: version.created_at,
    };
    return await told(async () => {
      try {
        await this.#inOrder(
          order,
          undefined,
          (options) => this.#filters.insertOne(filter, options),
        );
        return version;
      } catch (error) {
        if (isDuplicateKey(error)) return "taken";
        if (error instanceof OtherOrderError) return "other order";
        throw error;
      }
    });
  }

  async addVersion(
    filterId: FilterId,
    pipeline: string,
    check: (filter: StoredFilter) => void,
  ): Promise<FilterVersion | "absent"> {
    let version: FilterVersion | undefined;
    const written = await this.#write(filterId, (before) => {
      check(before);
      version = newVersion(before.fv, pipeline);
      return { set: { active_fid: version.fid }, version };
    });
    return written === null ? "absent" : version!;
  }

  async change(
    filterId: FilterId,
    decide: (filter: StoredFilter) => FilterChange,
  ): Promise<StoredFilter | "absent" | "other order"> {
    try {
      return await this.#write(filterId, decide) ?? "absent";
    } catch (error) {
      if (error instanceof OtherOrderError) return "other order";
      throw error;
    }
  }

  async remove(filterId: FilterId): Promise<boolean> {
    const { deletedCount } = await told(() => this.#filters.deleteOne({ filter_id: filterId }));
    return deletedCount === 1;
  }

  hasOtherOrder(order: PriorityOrder, except?: FilterId): Promise<boolean> {
    return told(() => this.#hasOtherOrder(order, except));
  }

  /** Reads, decides, and writes if nobody has written since; else again. */
  async #write(
    filterId: FilterId,
    decide: (before: StoredFilter) => FilterChange & { version?: FilterVersion },
  ): Promise<StoredFilter | null> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const before = await this.find(filterId);
      if (before === null) return null;
      const { set, version, order } = decide(before);
      const asRead = { _id: before._id, last_modified: before.last_modified ?? null };
      const last_modified = after(before.last_modified);
      const update = {
        $set: { ...set, last_modified },
        ...version && { $push: { fv: version as never } },
      };
      const { matchedCount } = await told(() =>
        this.#inOrder(
          order,
          filterId,
          (options) => this.#filters.updateOne(asRead, update, options),
        )
      );
      if (matchedCount === 1) {
        const fv = version ? [...before.fv, version] : before.fv;
        return { ...before, ...set, fv, last_modified };
      }
    }
    throw new QueryError(`Cannot update filter id ${filterId} as others are at it: try again`);
  }

  /** Writes, where there is an order to mind within a transaction that sees it kept. */
  async #inOrder<T>(
    order: PriorityOrder | undefined,
    filterId: FilterId | undefined,
    write: (options: { session?: ClientSession }) => Promise<T>,
  ): Promise<T> {
    if (order === undefined) return await write({});
    return await this.#db.client.withSession((session) =>
      session.withTransaction(async () => {
        await this.#db.collection<BsonDocument>(ALLOCATIONS).updateOne(
          { _id: order.allocationId as never },
          { $inc: { writes: 1 } },
          { upsert: true, session },
        );
        if (await this.#hasOtherOrder(order, filterId, session)) throw new OtherOrderError();
        return await write({ session });
      })
    );
  }

  async #hasOtherOrder(
    { allocationId, order }: PriorityOrder,
    except: FilterId | undefined,
    session?: ClientSession,
  ): Promise<boolean> {
    const found = await this.#filters.findOne({
      // Numbers are what we store; texts are from before.
      "auto_followup.allocation_id": { $in: [allocationId, String(allocationId)] },
      "auto_followup.priority_order": { $nin: [null, order] },
      ...except !== undefined && { filter_id: { $ne: except } },
    }, { projection: { _id: 1 }, ...session && { session } });
    return found !== null;
  }
}

/** Leads out of a transaction. */
class OtherOrderError extends Error {
  override name = "OtherOrderError";
}

/** Later than the last change, so that it tells this state of the filter from all before. */
function after(lastModified: unknown): Date {
  const lastMs = lastModified instanceof Date ? lastModified.getTime() : 0;
  return new Date(Math.max(Date.now(), lastMs + 1));
}

function newVersion(others: readonly FilterVersion[], pipeline: string): FilterVersion {
  const taken = new Set(others.map(({ fid }) => fid));
  let fid = randomFid();
  while (taken.has(fid)) fid = randomFid();
  return { fid, pipeline, created_at: new Date() };
}

const FID_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
const FID_LENGTH = 6;
/** The largest multiple of 36 that a byte holds: above it some characters would come more often. */
const BYTE_END = 252;

function randomFid(): string {
  let fid = "";
  while (fid.length < FID_LENGTH) {
    const [byte] = crypto.getRandomValues(new Uint8Array(1));
    if (byte! < BYTE_END) fid += FID_CHARACTERS[byte! % FID_CHARACTERS.length];
  }
  return fid;
}
