/** Personal access tokens as clients ask for and see them. */
import { z } from "zod";
import { Permission } from "./permissions.ts";

/** So that whoever scans code for secrets knows one when they see it. */
export const TOKEN_PREFIX = "kow_";
/** A token in whole: the prefix and 32 letters and digits. */
const TOKEN_PATTERN = /^kow_[0-9A-Za-z]{32}$/;

/** Two years; what is in use for longer should be looked at by then. */
const DAYS_MAX = 730;
const DAYS_DEFAULT = 90;

export const NewToken = z.object({
  /** What it is for. */
  name: z.string().trim().min(1).max(100),
  /** What it is good for, as far as its user is. */
  scopes: z.array(Permission).min(1).transform((scopes) => [...new Set(scopes)]),
  expires_in_days: z.int().min(1).max(DAYS_MAX).default(DAYS_DEFAULT),
});
export type NewToken = z.output<typeof NewToken>;

export const TokenView = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(Permission),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
  /** To the minute. */
  last_used_at: z.iso.datetime().nullable(),
});
export type TokenView = z.output<typeof TokenView>;

/** The only time that the token itself is told. */
export const AddedToken = TokenView.extend({ token: z.string().regex(TOKEN_PATTERN) });

/** SHA-256, hex: what a token is known by. */
export async function tokenHash(token: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return new Uint8Array(digest).toHex();
}
