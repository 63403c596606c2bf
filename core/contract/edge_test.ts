import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { importSharedKey, sign, type Signable, SignatureError, verifySigned } from "./edge.ts";

const NOW_MS = 1_700_000_000_000;
const alice = { name: "alice ☆", admin: false, permissions: [], programIds: [1, 2] };
const request: Signable = {
  method: "POST",
  path: "/v1/query?a=1",
  body: new TextEncoder().encode('{"query_type": "find"}'),
};
const key = await importSharedKey("sixteen characters or more");
const origin = { address: "192.0.2.1", requestId: "r", tokenId: "t", epochMs: 7 };
const headers = new Headers(await sign(key, request, alice, NOW_MS, origin));

function changed(name: string, value: string): Headers {
  const copy = new Headers(headers);
  copy.set(name, value);
  return copy;
}

describe("a signed request", () => {
  it("names the principal it is for, and where it is from", async () => {
    const signed = await verifySigned(key, request, headers, NOW_MS + 59_000);
    assertEquals([signed.principal, signed.origin, signed.timeMs], [alice, origin, NOW_MS]);
  });

  it("is like no other, though it asks for the same", async () => {
    const again = new Headers(await sign(key, request, alice, NOW_MS, origin));
    const nonces = [headers, again].map((signed) => verifySigned(key, request, signed, NOW_MS));
    const [a, b] = await Promise.all(nonces);
    assert(a!.nonce !== b!.nonce && a!.nonce.length === 36);
  });

  it("may be for nobody", async () => {
    const signed = new Headers(await sign(key, request, null, NOW_MS));
    assertEquals((await verifySigned(key, request, signed, NOW_MS)).principal, null);
  });

  const refused = (signed: Headers, told: Signable = request, nowMs = NOW_MS, with_ = key) =>
    assertRejects(() => verifySigned(with_, told, signed, nowMs), SignatureError, "Cannot trust");

  it("is refused without a signature", () => refused(new Headers()));
  it("is refused with another body", () =>
    refused(headers, { ...request, body: new TextEncoder().encode("{}") }));
  it("is refused for another path", () => refused(headers, { ...request, path: "/v1/query?a=2" }));
  it("is refused with another method", () => refused(headers, { ...request, method: "PUT" }));
  it("is refused for another principal", () =>
    refused(
      changed(
        "kowalski-principal",
        btoa(JSON.stringify({ name: "mallory", admin: true, permissions: [], programIds: [] })),
      ),
    ));
  it("is refused with another nonce, or as from elsewhere", async () => {
    await refused(changed("kowalski-nonce", crypto.randomUUID()));
    await refused(changed("kowalski-origin", btoa(JSON.stringify({ ...origin, address: "::1" }))));
  });
  it("is refused when it is replayed after a minute", () =>
    refused(headers, request, NOW_MS + 60_001));
  it("is refused when it is from the future", () => refused(headers, request, NOW_MS - 60_001));
  it("is refused with a new time on an old signature", () =>
    refused(changed("kowalski-time", String(NOW_MS + 90_000)), request, NOW_MS + 90_000));
  it("is refused with a signature that is no base64", () =>
    refused(changed("kowalski-signature", "***")));
  it("is refused with another key", async () =>
    refused(headers, request, NOW_MS, await importSharedKey("another key of 16 or more")));
});

describe("importSharedKey()", () => {
  it("refuses a key that could be guessed", () =>
    assertRejects(() => importSharedKey("short"), Error, "length must be >= 16"));
});
