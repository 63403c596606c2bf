/** The people who may ask, in the collection `users`: who they are, what they may do and see. */
import type { Collection, Db } from "mongodb";
import type { Credentials, UserRecord } from "../contract/edge.ts";
import { type Permission, PERMISSIONS, RoleName, ROLES } from "../contract/permissions.ts";
import { toQueryError } from "./cursor_batches.ts";
import { isOurs, type Passwords } from "./passwords.ts";

export const USERS = "users";

/** A user as stored; the first five fields are the original's, the last is ours. */
export interface UserDocument {
  readonly _id: string;
  readonly email: string | null;
  /** Base64 of the text of a hash (`passwords.ts`). */
  readonly password: string;
  /**
   * `roles`, and `programids`: those of the alerts they may see. The original keeps anything here, and
   * never reads it: what isn't of this form stands for the defaults.
   */
  readonly permissions: unknown;
  readonly last_modified: Date;
  /** Tokens issued before are void. */
  readonly tokens_valid_from?: Date;
}

export interface UserRules {
  /** The one administrator who can't be removed. */
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
  const user = await read(usersOf(db), name, { password: 0 });
  return user && toRecord(user, rules);
}

/**
 * The user these credentials are of, or null. An unknown name costs as much time as a wrong
 * password, so that nobody learns which names there are. A hash of the original's is replaced.
 */
export async function checkCredentials(
  db: Db,
  { username, password }: Credentials,
  rules: UserRules,
  passwords: Passwords,
): Promise<UserRecord | null> {
  const user = await read(usersOf(db), username, {});
  const hash = decodeHash(user?.password) ?? NOBODY;
  const isRight = await passwords.verify(password, hash);
  if (!user || !isRight) return null;
  if (!isOurs(hash)) await replaceHash(db, user, await passwords.hash(password));
  return toRecord(user, rules);
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
  if (await usersOf(db).findOne({ _id: username }, { projection: { _id: 1 } })) return false;
  const hash = await passwords.hash(password);
  const { upsertedCount } = await usersOf(db).updateOne({ _id: username }, {
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
const NOBODY = "$hmac-sha256$2b$12$3M1MMku20tM.p7f/md9TyOCruNDwGdh64NvPnrM9QHvd9iNsweu1O";
/** Longer than any name; a longer one is not even looked up. */
const NAME_LENGTH_MAX = 1_000;

export function usersOf(db: Db): Collection<UserDocument> {
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

/** Unless the password was changed meanwhile. */
async function replaceHash(db: Db, user: UserDocument, hash: string): Promise<void> {
  const { _id, password } = user;
  await usersOf(db).updateOne({ _id, password }, { $set: { password: btoa(hash) } })
    // The password is right; its hash is replaced the next time.
    .catch(() => {});
}

export function toRecord(user: UserDocument, rules: UserRules): UserRecord {
  const roles = rolesOf(user, rules);
  const admin = roles.includes("admin");
  const { programids } = asForm(user.permissions);
  const own = Array.isArray(programids) ? programids.filter(Number.isSafeInteger) : undefined;
  const granted = new Set<Permission>(roles.flatMap((role) => ROLES[role]));
  return {
    name: user._id,
    admin,
    permissions: PERMISSIONS.filter((permission) => granted.has(permission)),
    programIds: [...admin ? rules.allProgramIds : own ?? rules.defaultProgramIds],
    tokensValidFromMs: user.tokens_valid_from?.getTime() ?? 0,
  };
}

/** Names of no role are worth nothing; without a list, one is a `user`. */
export function rolesOf(user: UserDocument, { adminUsername }: UserRules): RoleName[] {
  if (user._id === adminUsername) return ["admin"];
  const { roles } = asForm(user.permissions);
  if (!Array.isArray(roles)) return ["user"];
  return roles.flatMap((role) => RoleName.safeParse(role).data ?? []);
}

function asForm(permissions: unknown): { roles?: unknown; programids?: unknown } {
  return typeof permissions === "object" && permissions !== null ? permissions : {};
}

function decodeHash(stored: string | undefined): string | undefined {
  try {
    return stored === undefined ? undefined : atob(stored);
  } catch {
    return undefined; // Not of our making, so nobody's password.
  }
}
