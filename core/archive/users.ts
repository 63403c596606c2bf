/** The people who may ask, in the collection `users`: who they are, what they may see. */
import type { Collection, Db } from "mongodb";
import type { Credentials, UserRecord } from "../contract/edge.ts";
import { ROLES } from "../contract/permissions.ts";
import { toQueryError } from "./cursor_batches.ts";
import type { Passwords } from "./passwords.ts";

export const USERS = "users";

/** A user as stored; the first five fields are the original's, the last is ours. */
interface UserDocument {
  readonly _id: string;
  readonly email: string | null;
  /** Base64 of the text of a bcrypt hash. */
  readonly password: string;
  /** `programids`: the programids of the alerts they may see. */
  readonly permissions: unknown;
  readonly last_modified: Date;
  /** Tokens issued before are void. */
  readonly tokens_valid_from?: Date;
}

export interface UserRules {
  /** The one administrator. */
  readonly adminUsername: string;
  /** What those may see whose `permissions` don't say. */
  readonly defaultProgramIds: readonly number[];
  readonly allProgramIds: readonly number[];
}

/** Null: there is no such user. Throws `UnavailableError` while there is no server. */
export async function findUser(
  db: Db,
  name: string,
  rules: UserRules,
): Promise<UserRecord | null> {
  const user = await read(users(db), name, { password: 0 });
  return user && toRecord(user, rules);
}

/**
 * The user these credentials are of, or null. An unknown name costs as much time as a wrong
 * password, so that nobody learns which names there are.
 */
export async function checkCredentials(
  db: Db,
  { username, password }: Credentials,
  rules: UserRules,
  passwords: Passwords,
): Promise<UserRecord | null> {
  const user = await read(users(db), username, {});
  const isRight = await passwords.verify(password, decodeHash(user?.password) ?? NOBODY);
  return user && isRight ? toRecord(user, rules) : null;
}

/**
 * Makes the administrator where there is none. One that exists is never changed, so a password that
 * was edited in the settings since has no effect. Tells whether it was made.
 */
export async function ensureAdmin(
  db: Db,
  { username, password }: Credentials,
  passwords: Passwords,
): Promise<boolean> {
  if (await users(db).findOne({ _id: username }, { projection: { _id: 1 } })) return false;
  const hash = await passwords.hash(password);
  const { upsertedCount } = await users(db).updateOne({ _id: username }, {
    $setOnInsert: {
      email: null,
      password: btoa(hash),
      permissions: {},
      last_modified: new Date(),
    },
  }, { upsert: true });
  return upsertedCount === 1;
}

/** A hash that is no password's, as costly to check as those we make. */
const NOBODY = "$2b$12$3M1MMku20tM.p7f/md9TyOCruNDwGdh64NvPnrM9QHvd9iNsweu1O";
/** Longer than any name; a longer one is not even looked up. */
const NAME_LENGTH_MAX = 1_000;

function users(db: Db): Collection<UserDocument> {
  return db.collection<UserDocument>(USERS);
}

async function read(
  collection: Collection<UserDocument>,
  name: string,
  projection: Record<string, 0>,
): Promise<UserDocument | null> {
  if (name.length > NAME_LENGTH_MAX) return null;
  try {
    return await collection.findOne({ _id: name }, { projection });
  } catch (error) {
    throw toQueryError(error);
  }
}

function toRecord(user: UserDocument, rules: UserRules): UserRecord {
  const admin = user._id === rules.adminUsername;
  const { programids } = (user.permissions ?? {}) as { programids?: unknown };
  const own = Array.isArray(programids) ? programids.filter(Number.isSafeInteger) : undefined;
  return {
    name: user._id,
    admin,
    permissions: [...ROLES[admin ? "admin" : "user"]!],
    programIds: [...admin ? rules.allProgramIds : own ?? rules.defaultProgramIds],
    tokensValidFromS: Math.floor((user.tokens_valid_from?.getTime() ?? 0) / 1000),
  };
}

function decodeHash(stored: string | undefined): string | undefined {
  try {
    return stored === undefined ? undefined : atob(stored);
  } catch {
    return undefined; // Not of our making, so nobody's password.
  }
}
