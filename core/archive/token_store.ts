/**
 * Personal access tokens, in the collection `tokens`: long-lived, for programs, each good for a part of
 * what its user may do. Only the hash of one is kept; who loses it makes another.
 */
import type { Collection, Db } from "mongodb";
import type { TokenRecord } from "../contract/edge.ts";
import type { Permission } from "../contract/permissions.ts";
import { type NewToken, TOKEN_PREFIX, tokenHash, type TokenView } from "../contract/tokens.ts";
import { told } from "./cursor_batches.ts";
import { ensureCollections } from "./indexes.ts";

const TOKENS = "tokens";

interface TokenDocument {
  /** What it is called by, as it isn't shown. */
  readonly _id: string;
  readonly user: string;
  readonly name: string;
  /** SHA-256 of the token, hex. No salt: what is hashed has 190 random bits. */
  readonly hash: string;
  readonly scopes: readonly Permission[];
  /** The user's `tokens_valid_from` when it was made; in another epoch it is void. */
  readonly epoch: Date;
  readonly created_at: Date;
  readonly expires_at: Date;
  /** To the minute. */
  readonly last_used_at: Date | null;
}

/** Rejects with `UnavailableError` while there is no server. */
export interface TokenStore {
  /**
   * With the token itself, which nobody is told again; null: the user has too many. `epochMs`: the
   * user's when they asked for it.
   */
  add(
    user: string,
    epochMs: number,
    token: NewToken,
  ): Promise<TokenView & { token: string } | null>;
  /** The newest first. */
  list(user: string): Promise<TokenView[]>;
  /** One of this user's, or of anybody's. Null: there is no such token; else what it was. */
  remove(id: string, user: string | null): Promise<TokenView | null>;
  /** Null: there is none of this hash. */
  resolve(hash: string): Promise<TokenRecord | null>;
}

/** More than anyone has programs; a user's list is read at once. */
const TOKENS_MAX = 100;
const DAY_MS = 86_400_000;
/** Who looks for what has ended finds it for so long. */
const SHOWN_AFTER_END_S = 30 * 86_400;
/** How exactly it is known when one was used: each use would be a write. */
const LAST_USED_MS = 60_000;
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_CHARS = 32;

export function tokensOf(db: Db): Collection<TokenDocument> {
  return db.collection<TokenDocument>(TOKENS);
}

export async function ensureTokenIndexes(db: Db): Promise<void> {
  await ensureCollections(db, [TOKENS]);
  await tokensOf(db).createIndexes([
    { name: "hash", key: { hash: 1 }, unique: true },
    { name: "user", key: { user: 1, created_at: -1 } },
    { name: "ended", key: { expires_at: 1 }, expireAfterSeconds: SHOWN_AFTER_END_S },
  ]);
}

export function tokenStore(db: Db): TokenStore {
  const tokens = tokensOf(db);
  return {
    add: (user, epochMs, token) => told(() => add(user, epochMs, token)),
    list: (user) => told(() => list(user)),
    remove: (id, user) => told(() => remove(id, user)),
    resolve: (hash) => told(() => resolve(hash)),
  };

  async function add(user: string, epochMs: number, asked: NewToken) {
    const { name, scopes, expires_in_days: days } = asked;
    if (await tokens.countDocuments({ user }) >= TOKENS_MAX) return null;
    const token = TOKEN_PREFIX + randomText();
    const now = new Date();
    const document: TokenDocument = {
      _id: crypto.randomUUID(),
      user,
      name,
      hash: await tokenHash(token),
      scopes,
      epoch: new Date(epochMs),
      created_at: now,
      expires_at: new Date(now.getTime() + days * DAY_MS),
      last_used_at: null,
    };
    await tokens.insertOne(document);
    return { ...toView(document), token };
  }

  async function list(user: string): Promise<TokenView[]> {
    return (await tokens.find({ user }, { sort: { created_at: -1, _id: 1 } }).toArray())
      .map(toView);
  }

  async function remove(id: string, user: string | null): Promise<TokenView | null> {
    const removed = await tokens.findOneAndDelete({ _id: id, ...user !== null && { user } });
    return removed && toView(removed);
  }

  async function resolve(hash: string): Promise<TokenRecord | null> {
    const found = await tokens.findOne({ hash });
    if (!found) return null;
    const now = new Date();
    if (now.getTime() - (found.last_used_at?.getTime() ?? 0) > LAST_USED_MS) {
      await tokens.updateOne({ _id: found._id }, { $set: { last_used_at: now } });
    }
    return {
      id: found._id,
      user: found.user,
      scopes: [...found.scopes],
      epochMs: found.epoch.getTime(),
      expiresMs: found.expires_at.getTime(),
    };
  }
}

function toView(token: TokenDocument): TokenView {
  return {
    id: token._id,
    name: token.name,
    scopes: [...token.scopes],
    created_at: token.created_at.toISOString(),
    expires_at: token.expires_at.toISOString(),
    last_used_at: token.last_used_at?.toISOString() ?? null,
  };
}

function randomText(): string {
  let text = "";
  while (text.length < RANDOM_CHARS) {
    const [byte] = crypto.getRandomValues(new Uint8Array(1));
    // 248 is four alphabets: beyond it, some characters would be likelier than others.
    if (byte! < 248) text += ALPHABET[byte! % ALPHABET.length];
  }
  return text;
}
