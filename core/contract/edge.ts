/**
 * The protocol between edge and core: which paths there are, what they take and give, and how a core
 * knows that it is the edge that asks.
 *
 * | request | body | answer |
 * | --- | --- | --- |
 * | `POST /v1/query` | the client's own text | the client's answer, envelope and all, as a stream |
 * | `POST /v1/auth` | `Credentials` | `UserRecord`; 401 where they are wrong |
 * | `GET /v1/users/:name` | | `UserRecord`; 404 where there is none |
 * | `GET /v1/catalogs` | | `Catalogs` |
 * | `POST /v1/operations/:name?path=JSON&search=TEXT` | the client's own | the client's answer |
 *
 * Each is signed: HMAC-SHA-256 with a shared key over method, path, time, principal and body. A
 * signature is good for a minute, so the clocks of edge and core must agree to that.
 */
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
  /** Tokens issued before are void, seconds since 1970. */
  tokensValidFromS: z.number(),
});
export type UserRecord = z.output<typeof UserRecord>;

export const Catalogs = z.object({ catalogs: z.array(z.string()) });
export type Catalogs = z.output<typeof Catalogs>;

const Principals = z.object({
  name: z.string(),
  admin: z.boolean(),
  permissions: z.array(Permission),
  programIds: z.array(z.int()),
});

/** How old, or how far in the future, a signed request may be. */
const AGE_MS_MAX = 60_000;
/** A key that people could guess would let anyone be anyone. */
const KEY_LENGTH_MIN = 16;

const PRINCIPAL = "kowalski-principal";
const TIME = "kowalski-time";
const SIGNATURE = "kowalski-signature";

/** The request isn't the edge's, or is too old. */
export class SignatureError extends Error {
  override name = "SignatureError";
}

/** The shared key, ready for use. Throws where it is too short to be secret. */
export async function importSharedKey(secret: string): Promise<CryptoKey> {
  if (secret.length < KEY_LENGTH_MIN) {
    throw new Error(
      `Cannot use the key of edge and core as its length must be >= ${KEY_LENGTH_MIN}: ` +
        `current value is ${secret.length}`,
    );
  }
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(secret),
    algorithm,
    false,
    ["sign", "verify"],
  );
}

export interface Signable {
  readonly method: string;
  /** The path with its query string, as it stands in the request line. */
  readonly path: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** The headers that make a request the edge's, asked for `principal` or for nobody. */
export async function sign(
  key: CryptoKey,
  request: Signable,
  principal: Principal | null,
  nowMs: number,
): Promise<Record<string, string>> {
  const encoded = toBase64(new TextEncoder().encode(JSON.stringify(principal)));
  const message = messageOf(request, String(nowMs), encoded);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, message));
  return { [PRINCIPAL]: encoded, [TIME]: String(nowMs), [SIGNATURE]: toBase64(signature) };
}

/** For whom the edge asks. Throws `SignatureError`. */
export async function verifySigned(
  key: CryptoKey,
  request: Signable,
  headers: Headers,
  nowMs: number,
): Promise<Principal | null> {
  const time = headers.get(TIME) ?? "";
  const encoded = headers.get(PRINCIPAL) ?? "";
  const message = messageOf(request, time, encoded);
  const signature = fromBase64(headers.get(SIGNATURE) ?? "");
  if (!await crypto.subtle.verify("HMAC", key, signature, message)) {
    throw new SignatureError("Cannot trust the request as it isn't signed with the edge's key");
  }
  // Only now is the time the edge's own.
  if (!(Math.abs(nowMs - Number(time)) <= AGE_MS_MAX)) {
    throw new SignatureError(
      `Cannot trust the request as its age must be <= ${AGE_MS_MAX} ms: ` +
        `current value is ${nowMs - Number(time)} ms`,
    );
  }
  return Principals.nullable().parse(JSON.parse(new TextDecoder().decode(fromBase64(encoded))));
}

/** None of the lines can hold a line break, so no two requests have the same message. */
function messageOf(
  { method, path, body }: Signable,
  time: string,
  principal: string,
): Uint8Array<ArrayBuffer> {
  const lines = new TextEncoder().encode(`${method}\n${path}\n${time}\n${principal}\n`);
  const message = new Uint8Array(lines.length + body.length);
  message.set(lines);
  message.set(body, lines.length);
  return message;
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
