/** What this archive holds, and which it is: what tells an edge where to send a query. */
import type { CollectionInfo, Db } from "mongodb";
import type { InstanceReport } from "../contract/instances.ts";
import type { SurveyDef } from "../contract/survey.ts";
import { toQueryError } from "./cursor_batches.ts";
import { USERS } from "./users.ts";

export type Holdings = Pick<InstanceReport, "archive" | "catalogs" | "surveys">;

export interface HoldingsStore {
  /** Of the catalogs with these names. Throws `UnavailableError` while there is no server. */
  read(names: readonly string[]): Promise<Holdings>;
}

/** Counts are rough, and each is a command: catalogs grow slowly next to what they hold. */
const COUNTS_AGE_MS_MAX = 30_000;
/** Counted at once. */
const COUNTS_AHEAD = 8;

export function holdingsStore(
  db: Db,
  surveys: readonly Pick<SurveyDef, "instrument" | "collections">[],
  now: () => number = Date.now,
): HoldingsStore {
  let counts: ReadonlyMap<string, number> = new Map();
  let countedMs = -Infinity;

  return {
    async read(names) {
      try {
        const all = await db.listCollections({}, { nameOnly: false }).toArray();
        // To count what isn't a collection is to read it.
        const isPlain = (name: string) =>
          all.some((each) => each.name === name && each.type === "collection");
        await count(names.filter(isPlain));
        const held = surveys.filter(({ collections }) => names.includes(collections.alerts));
        return {
          archive: archiveId(all),
          catalogs: Object.fromEntries(names.map((name) => [name, counts.get(name) ?? null])),
          surveys: Object.fromEntries(
            held.map(({ instrument, collections }) => [
              instrument.toLowerCase(),
              collections.alerts,
            ]),
          ),
        };
      } catch (error) {
        throw toQueryError(error);
      }
    },
  };

  async function count(names: readonly string[]): Promise<void> {
    const isOld = now() - countedMs > COUNTS_AGE_MS_MAX;
    const fresh = new Map(isOld ? [] : counts);
    const waiting = names.filter((name) => !fresh.has(name));
    const worker = async () => {
      for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
        fresh.set(name, await db.collection(name).estimatedDocumentCount());
      }
    };
    if (isOld) countedMs = now();
    await Promise.all(Array.from({ length: COUNTS_AHEAD }, worker));
    counts = fresh;
  }
}

/**
 * MongoDB's own id of the collection of users, which every archive has from its start: the same
 * whoever asks, and another in a copy of the archive, which is an archive of its own.
 */
function archiveId(collections: readonly CollectionInfo[]): string {
  const uuid = collections.find(({ name }) => name === USERS)?.info?.uuid;
  if (uuid === undefined) throw new Error("Cannot tell which archive this is without its users");
  return uuid.toString("hex");
}
