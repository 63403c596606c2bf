/**
 * The account that people's queries run by: it may look at catalogs, and at nothing that the system
 * keeps for itself, whatever a query gets past the guards. MongoDB knows no "all but these", so its role
 * names each collection, and follows as catalogs come and go.
 */
import { type Db, MongoClient, MongoServerError } from "mongodb";
import { Guards } from "./guards.ts";
import { KnownViews } from "./known_views.ts";
import { PROTECTED_COLLECTIONS } from "./protected.ts";

export interface ReadOnlyAccount {
  readonly username: string;
  readonly password: string;
}

const ROLE = "kowalski_read_only";
const READING = ["find", "collStats", "listIndexes"];
/** A catalog that was just made can be asked by people so late, ms. */
const FOLLOW_EVERY_MS = 5_000;
const SERVER_SELECTION_MS = 5_000;

/** MongoDB's own numbers for its errors. */
const UNAUTHORIZED = 13;
const ROLE_NOT_FOUND = 31;
const USER_EXISTS = 51003;

/**
 * Makes the account, or gives it this password. Needs rights to keep users. Returns the collections it
 * may read.
 */
export async function ensureReadOnlyAccount(
  db: Db,
  { username, password }: ReadOnlyAccount,
): Promise<string[]> {
  const collections = await readable(db);
  await grant(db, collections);
  const user = { pwd: password, roles: [{ role: ROLE, db: db.databaseName }] };
  try {
    await db.command({ createUser: username, ...user });
  } catch (error) {
    if (!(error instanceof MongoServerError) || error.code !== USER_EXISTS) throw error;
    await db.command({ updateUser: username, ...user });
  }
  return collections;
}

/** Collections that people may be shown, and views of nothing else. */
async function readable(db: Db): Promise<string[]> {
  const { names, views } = await KnownViews.of(db).list();
  const guards = new Guards(RULES, NOBODY, views);
  return [...names].filter((name) => guards.isReadable(name)).sort();
}

const RULES = { surveys: [], protectedCollections: PROTECTED_COLLECTIONS, allProgramIds: [] };
const NOBODY = { name: "", admin: false, permissions: [], programIds: [] };

async function grant(db: Db, collections: readonly string[]): Promise<void> {
  const { databaseName } = db;
  const privileges = [
    { resource: { db: databaseName, collection: "" }, actions: ["listCollections", "dbStats"] },
    ...collections.map((collection) => ({
      resource: { db: databaseName, collection },
      actions: READING,
    })),
  ];
  try {
    await db.command({ updateRole: ROLE, privileges, roles: [] });
  } catch (error) {
    if (!(error instanceof MongoServerError) || error.code !== ROLE_NOT_FOUND) throw error;
    await db.command({ createRole: ROLE, privileges, roles: [] });
  }
}

export interface ReadOnlyArchive extends AsyncDisposable {
  readonly db: Db;
}

export interface ReadOnlyOptions {
  /** Of the archive, by the account that writes it. */
  readonly db: Db;
  readonly uri: string;
  readonly account: ReadOnlyAccount;
  readonly maxPoolSize: number;
  /** Told where the role can't be kept up to date: then somebody else has to. */
  onFailure(error: unknown): void;
}

/** Connects as the account, whose role follows the archive's collections from then on. */
export async function openReadOnly(options: ReadOnlyOptions): Promise<ReadOnlyArchive> {
  const { db, uri, account, maxPoolSize, onFailure } = options;
  let granted: string | null = null;
  const follow = async () => {
    const collections = await readable(db);
    const wanted = collections.join("\n");
    if (granted === null) await ensureReadOnlyAccount(db, account);
    else if (granted !== wanted) await grant(db, collections);
    granted = wanted;
  };
  await follow().catch((error) => {
    // An operator may have made the account, for an archive whose accounts aren't ours to keep.
    if (!(error instanceof MongoServerError) || error.code !== UNAUTHORIZED) throw error;
    onFailure(error);
  });
  const client = new MongoClient(uri, {
    appName: "kowalski-queries",
    auth: account,
    authSource: db.databaseName,
    maxPoolSize,
    serverSelectionTimeoutMS: SERVER_SELECTION_MS,
  });
  try {
    await client.connect();
  } catch (error) {
    await client.close();
    throw error;
  }
  let following = Promise.resolve();
  const timer = granted === null ? undefined : setInterval(() => {
    following = follow().catch(onFailure);
  }, FOLLOW_EVERY_MS);
  return {
    db: client.db(db.databaseName),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await following;
      await client.close();
    },
  };
}
