/** Skymaps, in the collection `skymaps`: their contours, and not the maps themselves. */
import type { Collection, Db, Filter, ObjectId } from "mongodb";
import { toInteger } from "../contract/document.ts";
import {
  type Contours,
  type MadeContours,
  type Moc,
  type SkymapIdentity,
  SKYMAPS,
  type SkymapSearch,
  triggerForms,
} from "../contract/skymaps.ts";
import { told } from "./cursor_batches.ts";
import { isDuplicateKey } from "./errors.ts";
import { ensureCollections } from "./indexes.ts";

/** As stored; those of the original lack what is optional. */
export interface SkymapDocument {
  readonly _id: ObjectId;
  readonly dateobs: Date;
  readonly localization_name: string;
  readonly aliases: readonly string[];
  readonly triggerid?: unknown;
  readonly contours: Contours;
  /** Of `contours.center`, whose longitude is RA - 180 as all of them. */
  readonly center_radec?: readonly [number, number];
  readonly mocs?: Readonly<Record<string, Moc>>;
  /** Who sent it first. */
  readonly owner?: string;
}

/** Rejects with `UnavailableError` while there is no server. */
export interface SkymapStore {
  /** The map that is this one: of its name, and of its time, its trigger or its aliases. */
  find(map: SkymapIdentity): Promise<SkymapDocument | null>;
  /** Null: somebody was faster. */
  add(map: SkymapIdentity, made: MadeContours, owner: string): Promise<SkymapDocument | null>;
  /** Puts contours beside those that are there. Null: the map has gone. */
  extend(id: ObjectId, made: MadeContours): Promise<SkymapDocument | null>;
  search(search: SkymapSearch): Promise<SkymapDocument | null>;
  /** Whether it was there. */
  remove(id: ObjectId): Promise<boolean>;
}

/** Maps of the original may be there twice; then they stay, and new ones are told apart one by one. */
export async function ensureSkymapIndexes(db: Db): Promise<void> {
  await ensureCollections(db, [SKYMAPS]);
  const byTime = { dateobs: -1, localization_name: 1 } as const;
  const name = "dateobs_localization_name";
  try {
    await db.collection(SKYMAPS).createIndex(byTime, { name, unique: true });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
  await db.collection(SKYMAPS).createIndexes([
    { name: "localization_name", key: { localization_name: 1 } },
    { name: "triggerid", key: { triggerid: 1 } },
    { name: "aliases", key: { aliases: 1 } },
  ]);
}

export function skymapStore(db: Db): SkymapStore {
  const maps: Collection<SkymapDocument> = db.collection(SKYMAPS);
  return {
    find: (map) => told(() => maps.findOne(sameAs(map))),
    add: (map, made, owner) => told(() => add(map, made, owner)),
    extend: (id, made) => told(() => extend(id, made)),
    search: (search) => told(() => maps.findOne(fitting(search))),
    remove: (id) => told(async () => (await maps.deleteOne({ _id: id })).deletedCount === 1),
  };

  async function add(map: SkymapIdentity, made: MadeContours, owner: string) {
    const { dateobs, localizationName, aliases, triggerid } = map;
    const document = {
      dateobs,
      localization_name: localizationName,
      aliases,
      ...triggerid !== undefined && { triggerid: stored(triggerid) },
      contours: made.contours,
      center_radec: made.centreRaDec,
      mocs: made.mocs,
      owner,
    };
    try {
      const { insertedId } = await maps.insertOne(document as SkymapDocument);
      return { ...document, _id: insertedId };
    } catch (error) {
      if (isDuplicateKey(error)) return null;
      throw error;
    }
  }

  function extend(id: ObjectId, { contours, mocs }: MadeContours) {
    const added = { ...under("contours", withoutCentre(contours)), ...under("mocs", mocs) };
    return maps.findOneAndUpdate({ _id: id }, { $set: added }, { returnDocument: "after" });
  }
}

function sameAs({ dateobs, localizationName, aliases, triggerid }: SkymapIdentity) {
  return {
    localization_name: localizationName,
    $or: [
      { dateobs },
      ...triggerid === undefined ? [] : [{ triggerid: { $in: triggerForms(triggerid) } }],
      ...aliases.length === 0 ? [] : [{ aliases: { $size: aliases.length, $all: [...aliases] } }],
    ],
  } as Filter<SkymapDocument>;
}

function fitting({ dateobs, triggerid, alias, localization_name }: SkymapSearch) {
  return {
    ...dateobs != null && { dateobs },
    ...triggerid != null && { triggerid: { $in: triggerForms(triggerid) } },
    ...alias != null && { aliases: alias },
    ...localization_name != null && { localization_name },
  } as Filter<SkymapDocument>;
}

/** Numbers keep all their digits: as doubles, large ones would come back with a fraction. */
function stored(triggerid: string | number): string | number | bigint {
  return typeof triggerid === "number" ? toInteger(BigInt(triggerid)) : triggerid;
}

function withoutCentre({ center: _, ...contours }: Contours): Contours {
  return contours;
}

function under(field: string, entries: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(
    Object.entries(entries).map(([key, value]) => [`${field}.${key}`, value]),
  );
}
