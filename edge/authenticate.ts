/** Who asks: from the header `Authorization` to a user who exists and a token that holds. */
import type { UserRecord } from "../core/contract/edge.ts";
import type { Permission } from "../core/contract/permissions.ts";
import { isOfEpoch, TokenError, type Tokens } from "./tokens.ts";
import type { LookUp, Users } from "./users.ts";

export interface Caller {
  /** With what the token is good for, where that is less than what the user may do. */
  readonly user: UserRecord;
  /** Of the personal access token; null: they logged in. */
  readonly tokenId: string | null;
}

/** Null: nobody says who they are. Throws `TokenError`, `CoreUnavailableError`. */
export type Authenticate = (
  header: string | undefined,
  lookUp: LookUp,
) => Promise<Caller | null>;

export function createAuthenticate(
  tokens: Tokens,
  users: Users,
  now: () => number = Date.now,
): Authenticate {
  return async function authenticate(header, lookUp) {
    const token = await tokens.read(header);
    if (token === null) return null;
    if ("personal" in token) return await ofPersonal(token.personal, lookUp);
    const user = await users.find(token.userId, lookUp);
    if (user === null || !isOfEpoch(token, user)) throw new TokenError();
    return { user, tokenId: null };
  };

  async function ofPersonal(personal: string, lookUp: LookUp): Promise<Caller> {
    const token = await users.findToken(personal, lookUp);
    if (token === null) throw new TokenError();
    if (token.expiresMs <= now()) throw new TokenError("token has expired");
    const user = await users.find(token.user, lookUp);
    if (user === null || token.epochMs !== user.tokensValidFromMs) throw new TokenError();
    return { user: within(user, token.scopes), tokenId: token.id };
  }
}

/** At each use: a token is worth less when its user is, and never more. */
function within(user: UserRecord, scopes: readonly Permission[]): UserRecord {
  return {
    ...user,
    permissions: user.permissions.filter((permission) => scopes.includes(permission)),
    // What the system keeps for itself is for those who keep the system.
    admin: user.admin && scopes.includes("users"),
  };
}
