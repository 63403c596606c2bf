/**
 * The protocol between edge and core: which paths there are, what they take and give, and how a core
 * knows that it is the edge that asks.
 *
 * | request | body | answer |
 * | --- | --- | --- |
 * | `POST /v1/query` | the client's own text | the client's answer, envelope and all, as a stream |
 * | `POST /v1/auth` | `Credentials` | `UserRecord`; 401 where they are wrong |
 * | `GET /v1/users/:name` | | `UserRecord`; 404 where there is none |
 * | `POST /v1/tokens` | `TokenHash` | `TokenRecord`; 404 where there is none |
 * | `POST /v1/rates` | `RateReport` | `RatesLeft` |
 * | `GET /v1/catalogs` | | `InstanceReport` of `instances.ts` |
 * | `POST /v1/operations/:name?path=JSON&search=TEXT` | the client's own | the client's answer |
 *
 * Each is signed: HMAC-SHA-256 with a shared key over method, path, time, nonce, principal, origin and
 * body. A signature is good for a minute, so the clocks of edge and core must agree to that, and once:
 * the core remembers the nonces of a minute (`core/server/replays.ts`).
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { z } from "zod";
import { Permission } from "./permissions.ts";
import type { Principal } from "./query.ts";

export const Credentials = z.object({ username: z.string(), password: z.string() });
export type Credentials = z.output<typeof Credentials>;

export const UserRecord = z.object({
  name: z.string(),
  admin: z.boolean(),
  permissions: z.array(Permission),
  programIds: z.array(z.int()),
  /**
   * When the user's tokens were voided last, ms since 1970; 0: never. It is a token's epoch: one that
   * was issued in another is void, whatever the clocks say.
   */
  tokensValidFromMs: z.number(),
});
export type UserRecord = z.output<typeof UserRecord>;

/** SHA-256 of a personal access token, hex: the token itself stays at the edge. */
export const TokenHash = z.object({ hash: z.string().regex(/^[0-9a-f]{64}$/) });
export type TokenHash = z.output<typeof TokenHash>;

export const TokenRecord = z.object({
  id: z.string(),
  /** Whose it is. */
  user: z.string(),
  /** What it is good for, as far as its user is. */
  scopes: z.array(Permission),
  /** That of its user when it was made: in another it is void. */
  epochMs: z.number(),
  expiresMs: z.number(),
});
export type TokenRecord = z.output<typeof TokenRecord>;

const Counts = z.record(z.string(), z.number());

/** What an edge let through since its last report, by limit and key. */
export const RateReport = z.object({
  limits: z.array(z.object({
    /** Edges that count the same thing by the same limit count together. */
    name: z.string(),
    perMinute: z.number().positive(),
    burst: z.number().positive(),
    taken: Counts,
  })).max(16),
});
export type RateReport = z.output<typeof RateReport>;

/** What all edges together have left of what was reported, in its order. */
export const RatesLeft = z.object({ left: z.array(Counts) });
export type RatesLeft = z.output<typeof RatesLeft>;

/** Where a request came from, for logs and the audit. */
export const Origin = z.object({
  /** The client's network address. */
  address: z.string(),
  requestId: z.string(),
  /** Of the personal access token it came with; null: it came with none. */
  tokenId: z.string().nullable(),
  /** The user's epoch as the edge saw it; what is made for the user is good in no other. */
  epochMs: z.number(),
});
export type Origin = z.output<typeof Origin>;

/** Of what the edge asks on its own account. */
export const NO_ORIGIN: Origin = { address: "", requestId: "", tokenId: null, epochMs: 0 };

const Principals = z.object({
  name: z.string(),
  admin: z.boolean(),
  permissions: z.array(Permission),
  programIds: z.array(z.int()),
}).nullable();

/** How old, or how far in the future, a signed request may be. */
export const SIGNED_AGE_MS_MAX = 60_000;
/** A key that people could guess would let anyone be anyone. */
const KEY_LENGTH_MIN = 16;

/**
 * On a refusal: this archive doesn't have what is asked for, which another may have. So says a 404, too;
 * but clients are told of some absent things with a 400.
 */
export const ABSENT_HEADER = "kowalski-absent";

const PRINCIPAL = "kowalski-principal";
const ORIGIN = "kowalski-origin";
const TIME = "kowalski-time";
const NONCE = "kowalski-nonce";
const SIGNATURE = "kowalski-signature";

/** The request isn't the edge's, or is too old. */
export class SignatureError extends Error {
  override name = "SignatureError";
}

/** What edges and cores sign with. */
export interface SharedKey {
  /** A code of 32 bytes that only who has the key can make of the message. */
  codeOf(message: Uint8Array<ArrayBuffer>): Uint8Array | Promise<Uint8Array>;
}

/** For short messages, to wait for a thread of the web's cryptography takes longer than the work. */
const SHORT_BYTES = 4_096;

/** The shared key, ready for use. Throws where it is too short to be secret. */
export async function importSharedKey(secret: string): Promise<SharedKey> {
  if (secret.length < KEY_LENGTH_MIN) {
    throw new Error(
      `Cannot use the key of edge and core as its length must be >= ${KEY_LENGTH_MIN}: ` +
        `current value is ${secret.length}`,
    );
  }
  const bytes = new TextEncoder().encode(secret);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign"]);
  const begun = hmac.create(sha256, bytes);
  return {
    codeOf: (message) =>
      message.length <= SHORT_BYTES
        ? begun.clone().update(message).digest()
        : crypto.subtle.sign("HMAC", key, message).then((code) => new Uint8Array(code)),
  };
}

export interface Signable {
  readonly method: string;
  /** The path with its query string, as it stands in the request line. */
  readonly path: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** The headers that make a request the edge's, asked for `principal` or for nobody. */
export async function sign(
  key: SharedKey,
  request: Signable,
  principal: Principal | null,
  nowMs: number,
  origin: Origin = NO_ORIGIN,
): Promise<Record<string, string>> {
  const headers = {
    [TIME]: String(nowMs),
    [NONCE]: crypto.randomUUID(),
    [PRINCIPAL]: encode(principal),
    [ORIGIN]: encode(origin),
  };
  const message = messageOf(request, Object.values(headers));
  return { ...headers, [SIGNATURE]: toBase64(await key.codeOf(message)) };
}

export interface Signed {
  readonly principal: Principal | null;
  readonly origin: Origin;
  /** No two requests have the same; when it was signed by the edge's clock, ms since 1970. */
  readonly nonce: string;
  readonly timeMs: number;
}

/**
 * For whom the edge asks, and from where. Throws `SignatureError`. That it wasn't asked before is for
 * whoever remembers nonces.
 */
export async function verifySigned(
  key: SharedKey,
  request: Signable,
  headers: Headers,
  nowMs: number,
): Promise<Signed> {
  const values = [TIME, NONCE, PRINCIPAL, ORIGIN].map((name) => headers.get(name) ?? "");
  const [time = "", nonce = "", principal = "", origin = ""] = values;
  const signature = fromBase64(headers.get(SIGNATURE) ?? "");
  if (!areEqual(signature, await key.codeOf(messageOf(request, values)))) {
    throw new SignatureError("Cannot trust the request as it isn't signed with the edge's key");
  }
  // Only now is the time the edge's own.
  const timeMs = Number(time);
  if (!(Math.abs(nowMs - timeMs) <= SIGNED_AGE_MS_MAX)) {
    throw new SignatureError(
      `Cannot trust the request as its age must be <= ${SIGNED_AGE_MS_MAX} ms: ` +
        `current value is ${nowMs - timeMs} ms`,
    );
  }
  return {
    principal: Principals.parse(decode(principal)),
    origin: Origin.parse(decode(origin)),
    nonce,
    timeMs,
  };
}

/** In a time that doesn't tell where they differ. */
function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) difference |= (a[i] ?? 0) ^ b[i]!;
  return difference === 0;
}

/** None of the lines can hold a line break, so no two requests have the same message. */
function messageOf(
  { method, path, body }: Signable,
  headers: readonly string[],
): Uint8Array<ArrayBuffer> {
  const lines = new TextEncoder().encode(`${[method, path, ...headers].join("\n")}\n`);
  const message = new Uint8Array(lines.length + body.length);
  message.set(lines);
  message.set(body, lines.length);
  return message;
}

function encode(value: unknown): string {
  return toBase64(new TextEncoder().encode(JSON.stringify(value)));
}

function decode(text: string): unknown {
  return JSON.parse(new TextDecoder().decode(fromBase64(text)));
}

function toBase64(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url" });
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.fromBase64(text, { alphabet: "base64url" });
  } catch {
    return new Uint8Array();
  }
}

/** What a client is told of a failure: always JSON, always of this form. */
export function errorBody(message: string): { status: "error"; message: string } {
  return { status: "error", message };
}
