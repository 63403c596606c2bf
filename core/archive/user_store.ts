/** Makes, changes and removes users: each change is one transaction with what else is the user's. */
import type { ClientSession, Db } from "mongodb";
import type { NewUser, UserEdits, UserView } from "../contract/users.ts";
import { told } from "./cursor_batches.ts";
import { isDuplicateKey } from "./errors.ts";
import type { Passwords } from "./passwords.ts";
import { tokensOf } from "./token_store.ts";
import { rolesOf, toRecord, type UserDocument, type UserRules, usersOf } from "./users.ts";

/** `absent`: there is no such user. `taken`: there is one of the new name. */
export type UserOutcome = "done" | "absent" | "taken";

/** Rejects with `UnavailableError` while there is no server. */
export interface UserStore {
  /** Whether it is the administrator who can be neither renamed nor removed. */
  isSuperuser(name: string): boolean;
  /** By name. */
  list(): Promise<UserView[]>;
  find(name: string): Promise<UserView | null>;
  add(user: NewUser): Promise<UserOutcome>;
  /**
   * Voids the tokens that were issued by logging in, where the name or the password changes; with the
   * password, the personal ones too.
   */
  edit(name: string, edits: UserEdits): Promise<UserOutcome>;
  /** With their tokens. */
  remove(name: string): Promise<UserOutcome>;
  /** Of both kinds. */
  voidTokens(name: string): Promise<UserOutcome>;
}

export function userStore(db: Db, rules: UserRules, passwords: Passwords): UserStore {
  const store = new MongoUsers(db, rules, passwords);
  return {
    isSuperuser: (name) => name === rules.adminUsername,
    list: () => told(() => store.list()),
    find: (name) => told(() => store.find(name)),
    add: (user) => told(() => store.add(user)),
    edit: (name, edits) => told(() => store.edit(name, edits)),
    remove: (name) => told(() => store.remove(name)),
    voidTokens: (name) => told(() => store.voidTokens(name)),
  };
}

type Change = (user: UserDocument, session: ClientSession) => Promise<UserOutcome>;

class MongoUsers implements Omit<UserStore, "isSuperuser"> {
  readonly #db: Db;
  readonly #rules: UserRules;
  readonly #passwords: Passwords;

  constructor(db: Db, rules: UserRules, passwords: Passwords) {
    this.#db = db;
    this.#rules = rules;
    this.#passwords = passwords;
  }

  get #users() {
    return usersOf(this.#db);
  }

  get #tokens() {
    return tokensOf(this.#db);
  }

  async list(): Promise<UserView[]> {
    const options = { projection: { password: 0 }, sort: { _id: 1 } } as const;
    const all = await this.#users.find({}, options).toArray();
    return all.map((user) => toView(user, this.#rules));
  }

  async find(name: string): Promise<UserView | null> {
    const user = await this.#users.findOne({ _id: name }, { projection: { password: 0 } });
    return user && toView(user, this.#rules);
  }

  async add({ username, password, email, permissions, ...form }: NewUser): Promise<UserOutcome> {
    const hash = await this.#passwords.hash(password);
    const now = new Date();
    try {
      await this.#users.insertOne({
        _id: username,
        email,
        password: btoa(hash),
        permissions: withForm(permissions, form),
        last_modified: now,
        // Tokens of somebody who had this name before stay void.
        tokens_valid_from: now,
      });
      return "done";
    } catch (error) {
      if (isDuplicateKey(error)) return "taken";
      throw error;
    }
  }

  async edit(name: string, edits: UserEdits): Promise<UserOutcome> {
    const { username: newName = name, password, email, permissions, ...form } = edits;
    const hash = password === undefined ? undefined : btoa(await this.#passwords.hash(password));
    return await this.#change(name, async (user, session) => {
      const shown = withForm(permissions ?? user.permissions, form);
      const voids = newName !== name || hash !== undefined;
      const set = {
        ...email !== undefined && { email },
        ...shown !== undefined && { permissions: shown },
        ...hash !== undefined && { password: hash },
        ...voids && { tokens_valid_from: nextEpoch(user) },
        last_modified: new Date(),
      };
      if (hash !== undefined) await this.#tokens.deleteMany({ user: name }, { session });
      if (newName !== name) return await this.#rename(user, { ...set, _id: newName }, session);
      await this.#users.updateOne({ _id: name }, { $set: set }, { session });
      return "done";
    });
  }

  async #rename(
    user: UserDocument,
    set: Partial<UserDocument> & Pick<UserDocument, "_id">,
    session: ClientSession,
  ): Promise<UserOutcome> {
    if (await this.#users.findOne({ _id: set._id }, { session })) return "taken";
    const renamed = { ...user, ...set };
    await this.#users.insertOne(renamed, { session });
    await this.#users.deleteOne({ _id: user._id }, { session });
    // Programs of theirs go on: it is the same person.
    await this.#tokens.updateMany(
      { user: user._id, epoch: epochOf(user) },
      { $set: { user: renamed._id, epoch: epochOf(renamed) } },
      { session },
    );
    return "done";
  }

  async remove(name: string): Promise<UserOutcome> {
    return await this.#change(name, async (_, session) => {
      await this.#users.deleteOne({ _id: name }, { session });
      await this.#tokens.deleteMany({ user: name }, { session });
      return "done";
    });
  }

  async voidTokens(name: string): Promise<UserOutcome> {
    return await this.#change(name, async (user, session) => {
      const set = { tokens_valid_from: nextEpoch(user) };
      await this.#users.updateOne({ _id: name }, { $set: set }, { session });
      await this.#tokens.deleteMany({ user: name }, { session });
      return "done";
    });
  }

  /** In a transaction, which is repeated where another was in its way. */
  async #change(name: string, work: Change): Promise<UserOutcome> {
    return await this.#db.client.withSession((session) =>
      session.withTransaction(async () => {
        // What is written back under another name keeps its number types.
        const user = await this.#users.findOne({ _id: name }, { session, promoteValues: false });
        return user ? await work(user, session) : "absent";
      })
    );
  }
}

function epochOf({ tokens_valid_from: epoch = new Date(0) }: UserDocument): Date {
  return epoch;
}

/** A new one, though two changes fall into one millisecond or a clock was set back. */
function nextEpoch(user: UserDocument): Date {
  return new Date(Math.max(Date.now(), epochOf(user).getTime() + 1));
}

/** What the form says goes over what stood there, where that has a form. */
function withForm(permissions: unknown, form: Pick<UserEdits, "roles" | "programids">): unknown {
  const said = Object.entries(form).filter(([, value]) => value !== undefined);
  if (said.length === 0) return permissions;
  const isMapping = typeof permissions === "object" && !Array.isArray(permissions);
  return { ...isMapping ? permissions : {}, ...Object.fromEntries(said) };
}

function toView(user: UserDocument, rules: UserRules): UserView {
  const { permissions, programIds } = toRecord(user, rules);
  return {
    username: user._id,
    email: user.email ?? null,
    roles: rolesOf(user, rules),
    permissions,
    programids: programIds,
    last_modified: user.last_modified?.toISOString() ?? null,
  };
}
