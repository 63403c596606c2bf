import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import { verifySigned } from "../core/contract/edge.ts";
import { alice, NOW_MS, sharedKey } from "../tests/support/edge.ts";
import { type AskOptions, CoreUnavailableError, createAsk } from "./ask.ts";

const { signal } = new AbortController();
const body = new TextEncoder().encode('{"a": 1}');

/** What a core gets to see. */
async function arrived(options: Partial<AskOptions>) {
  let request: Request | undefined;
  const ask = createAsk({
    sharedKey,
    now: () => NOW_MS,
    fetch(url, init) {
      request = new Request(url, init);
      return Promise.resolve(new Response("yes", { status: 418 }));
    },
  });
  const answer = await ask("http://core:1", { path: "/v1/x?a=%2F", signal, ...options });
  const { method, url, headers } = request!;
  const bytes = new Uint8Array(await request!.arrayBuffer());
  const { principal, origin } = await verifySigned(
    sharedKey,
    { method, path: "/v1/x?a=%2F", body: bytes },
    headers,
    NOW_MS,
  );
  return {
    ...{ answer: answer.status, method, url, principal, origin, accept: headers.get("accept") },
    body: new TextDecoder().decode(bytes),
  };
}

describe("createAsk()", () => {
  it("asks as it is told, for whom and from where, and gives any answer", async () => {
    const { tokensValidFromMs: _, ...principal } = alice;
    const origin = { address: "192.0.2.1", requestId: "r", tokenId: null, epochMs: 7 };
    const accept = "text/csv";
    assertEquals(await arrived({ method: "POST", body, principal, origin, accept }), {
      ...{ answer: 418, method: "POST", url: "http://core:1/v1/x?a=%2F", principal, origin },
      ...{ accept, body: '{"a": 1}' },
    });
  });

  it("asks for nobody, and for nothing in particular, where it isn't told", async () => {
    const { method, principal, accept, body } = await arrived({});
    assertEquals([method, principal, accept, body], ["GET", null, null, ""]);
  });

  it("tells a core that can't be reached from a client that has gone", async () => {
    const gone = new AbortController();
    const fetch = () => Promise.reject(new TypeError("connection refused"));
    const ask = createAsk({ sharedKey, fetch });
    const asked = () => ask("http://core:1", { path: "/", signal: gone.signal });
    await assertRejects(asked, CoreUnavailableError, "Cannot reach the core http://core:1");
    gone.abort(new Error("the client has gone"));
    await assertRejects(asked, Error, "the client has gone");
  });
});
