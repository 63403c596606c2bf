/**
 * Users and their personal access tokens as the cores know them, remembered for a few seconds: a token
 * alone doesn't make a user. Who is removed at another edge is out here as soon as that is over.
 */
import { TokenHash, TokenRecord, UserRecord } from "../core/contract/edge.ts";
import { tokenHash } from "../core/contract/tokens.ts";
import { type AskOptions, CoreUnavailableError } from "./ask.ts";
import type { Instances } from "./instances.ts";
import { Remembered } from "./remembered.ts";
import { askTarget } from "./target.ts";

export interface LookUp {
  readonly signal: AbortSignal;
  /** What is remembered won't do. */
  readonly isFresh?: boolean;
}

export interface Users {
  /** Null: there is no such user. Throws `CoreUnavailableError`. */
  find(name: string, lookUp: LookUp): Promise<UserRecord | null>;
  /** Null: there is no such token, or no more. Throws `CoreUnavailableError`. */
  findToken(token: string, lookUp: LookUp): Promise<TokenRecord | null>;
  /** Something has changed, so the next look-up of anyone asks again. */
  forget(): void;
}

const REMEMBERED = {
  ageMsMax: 5_000,
  // Without the core that has the accounts nobody can be removed, and queries to others can go on.
  staleMsMax: 300_000,
  keysMax: 10_000,
};

export function createUsers(instances: Instances, now: () => number = Date.now): Users {
  const users = new Remembered<UserRecord | null>(REMEMBERED, now);
  const tokens = new Remembered<TokenRecord | null>(REMEMBERED, now);
  return {
    find: (name, { signal, ...options }) =>
      users.get(name, async () => {
        const path = `/v1/users/${encodeURIComponent(name)}`;
        return UserRecord.nullable().parse(await askHome({ path, signal }));
      }, options),
    async findToken(token, { signal, ...options }) {
      const hash = await tokenHash(token);
      return await tokens.get(hash, async () => {
        const body = new TextEncoder().encode(JSON.stringify({ hash } satisfies TokenHash));
        const asked = { method: "POST", path: "/v1/tokens", body, signal } as const;
        return TokenRecord.nullable().parse(await askHome(asked));
      }, options);
    },
    forget() {
      users.forget();
      tokens.forget();
    },
  };

  /** Null: 404. */
  async function askHome(options: AskOptions): Promise<unknown> {
    const response = await askTarget("home", options, instances, { mayRepeat: true });
    if (response.ok) return await response.json();
    await response.body?.cancel();
    if (response.status === 404) return null;
    throw new CoreUnavailableError(`Cannot look up a user: the core says ${response.status}`);
  }
}
