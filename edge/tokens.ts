/** Tokens: JSON Web Tokens that say who asks, signed with a key that only edges have. */
import { sign, verify } from "hono/jwt";
import { z } from "zod";
import type { UserRecord } from "../core/contract/edge.ts";
import { TOKEN_PREFIX } from "../core/contract/tokens.ts";

export interface TokenSettings {
  /** The first one signs; all of them are accepted, so that keys can be changed one after another. */
  readonly keys: readonly string[];
  readonly algorithm: "HS256" | "HS384" | "HS512";
  /**
   * Seconds that a token holds. Null: until it is revoked; only then are tokens without an end
   * accepted, as the original issued them.
   */
  readonly lifetimeS: number | null;
}

export interface Identity {
  readonly userId: string;
  /** The user's epoch when it was issued, ms since 1970; null: it doesn't say, as the original's don't. */
  readonly epochMs: number | null;
  /** ms since 1970; 0 where the token doesn't say. */
  readonly issuedAtMs: number;
}

/** A personal access token, of which only the cores know whose it is. */
export interface PersonalToken {
  readonly personal: string;
}

export interface Tokens {
  issue(user: Pick<UserRecord, "name" | "tokensValidFromMs">): Promise<string>;
  /** What a header `Authorization` holds; null where there is none. Throws `TokenError`. */
  read(header: string | undefined): Promise<Identity | PersonalToken | null>;
}

/** The token can't be accepted. */
export class TokenError extends Error {
  override name = "TokenError";
  constructor(message = "token is invalid") {
    super(message);
  }
}

const Claims = z.object({
  user_id: z.string().min(1),
  created_at: z.unknown().optional(),
  epoch: z.number().optional(),
  exp: z.number().optional(),
  iat: z.number().optional(),
  nbf: z.number().optional(),
});
type Claims = z.output<typeof Claims>;
/** Clocks of two edges differ by less. */
const LEEWAY_S = 5;
/** Tokens whose signature was found right; what they say is looked at each time. */
const VERIFIED_MAX = 10_000;

export function createTokens(
  { keys, algorithm, lifetimeS }: TokenSettings,
  now: () => number = Date.now,
): Tokens {
  const [signingKey] = keys;
  if (!signingKey) throw new Error("Cannot sign tokens as there must be a key");
  const verified = new Map<string, Claims>();

  return { issue, read };

  async function issue({ name, tokensValidFromMs }: Parameters<Tokens["issue"]>[0]) {
    const nowMs = now();
    const iat = Math.floor(nowMs / 1000);
    return await sign(
      {
        user_id: name,
        created_at: new Date(nowMs).toISOString().replace("Z", "+00:00"),
        iat,
        jti: crypto.randomUUID(),
        epoch: tokensValidFromMs,
        ...lifetimeS !== null && { exp: iat + lifetimeS },
      },
      signingKey!,
      algorithm,
    );
  }

  async function read(header: string | undefined): Promise<Identity | PersonalToken | null> {
    const words = header?.trim().split(/\s+/) ?? [];
    const [token = "", ...more] = words[0]?.toLowerCase() === "bearer" ? words.slice(1) : words;
    if (words.length === 0 || words[0] === "") return null;
    if (more.length > 0) throw new TokenError();
    if (token.startsWith(TOKEN_PREFIX)) return { personal: token };
    const { user_id, created_at, epoch = null, exp, iat = 0, nbf = 0 } = verified.get(token) ??
      await claimsOf(token);
    const nowS = now() / 1000;
    if (exp !== undefined && exp <= nowS) throw new TokenError("token has expired");
    if (exp === undefined && lifetimeS !== null) throw new TokenError();
    if (Math.max(nbf, iat) > nowS + LEEWAY_S) throw new TokenError();
    return { userId: user_id, epochMs: epoch, issuedAtMs: msOf(created_at) ?? iat * 1000 };
  }

  async function claimsOf(token: string): Promise<Claims> {
    const claims = Claims.safeParse(await payloadOf(token));
    if (!claims.success) throw new TokenError();
    verified.set(token, claims.data);
    if (verified.size > VERIFIED_MAX) verified.delete(verified.keys().next().value!);
    return claims.data;
  }

  async function payloadOf(token: string): Promise<unknown> {
    for (const key of keys) {
      try {
        // Times are looked at above: an `exp` that isn't a number is invalid, and not expired.
        return await verify(token, key, { alg: algorithm, exp: false, iat: false, nbf: false });
      } catch {
        // Signed with another of the keys, or with none.
      }
    }
    throw new TokenError();
  }
}

/**
 * Whether a token was issued since its user's tokens were voided last. One that holds its epoch holds
 * it exactly: the second of its issue, a clock that is ahead, a log-in that began before the change
 * play no part.
 */
export function isOfEpoch({ epochMs, issuedAtMs }: Identity, user: UserRecord): boolean {
  return epochMs === null
    ? issuedAtMs >= user.tokensValidFromMs
    : epochMs === user.tokensValidFromMs;
}

function msOf(createdAt: unknown): number | undefined {
  const ms = typeof createdAt === "string" ? Date.parse(createdAt) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
