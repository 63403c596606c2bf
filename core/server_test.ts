import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import {
  alice,
  NOW_MS,
  queryOf,
  record,
  server,
  sharedKey,
  told,
} from "../tests/support/core_server.ts";
import { NO_ORIGIN, sign } from "./contract/edge.ts";

describe("the core's paths for machines that watch", () => {
  it("need no signature", async () => {
    const { core } = server();
    const get = async (path: string) => await core.fetch(new Request(`http://core${path}`));
    assertEquals((await get("/health/live")).status, 200);
    assertEquals((await get("/health/ready")).status, 200);
    assertEquals(await (await get("/health")).json(), { archive: "ok" });
    const metrics = await get("/metrics");
    assertEquals(await metrics.text(), "up 1\n");
    assertEquals(metrics.headers.get("content-type")?.startsWith("text/plain"), true);
  });

  it("say when the core isn't ready, while it lives", async () => {
    const { core } = server({ ready: () => false });
    assertEquals((await core.fetch(new Request("http://core/health/ready"))).status, 503);
    assertEquals((await core.fetch(new Request("http://core/health/live"))).status, 200);
  });
});

describe("the core trusts nobody but the edge", () => {
  for (
    const [method, path] of [
      ["POST", "/v1/query"],
      ["POST", "/v1/auth"],
      ["POST", "/v1/tokens"],
      ["POST", "/v1/rates"],
      ["POST", "/v1/operations/whoami"],
      ["GET", "/v1/users/alice"],
      ["GET", "/v1/catalogs"],
    ] as const
  ) {
    it(`${method} ${path} without a signature is 401`, async () => {
      const { core } = server();
      const response = await core.fetch(
        new Request(`http://core${path}`, { method, ...method === "POST" && { body: "{}" } }),
      );
      assertEquals(response.status, 401);
    });
  }

  it("a signature for another principal is none", async () => {
    const { ask } = server();
    const forged = btoa(JSON.stringify({ ...alice, admin: true }));
    const headers = { "kowalski-principal": forged };
    assertEquals((await ask("POST", "/v1/query", { body: "{}", headers })).status, 401);
  });

  it("a request that is replayed a minute later is 401", async () => {
    const { ask } = server({ now: () => NOW_MS + 61_000 });
    assertEquals((await ask("GET", "/v1/catalogs")).status, 401);
  });

  it("a request that is sent twice is 401 the second time", async () => {
    const { core, errors } = server();
    const request = { method: "GET", path: "/v1/users/alice", body: new Uint8Array() };
    const headers = await sign(sharedKey, request, alice, NOW_MS);
    const send = () => core.fetch(new Request(`http://core${request.path}`, { headers }));
    assertEquals((await send()).status, 200);
    assertEquals((await send()).status, 401);
    assertEquals(errors, []);
  });

  it("a query needs a principal", async () => {
    const { ask } = server();
    const response = await ask("POST", "/v1/query", { body: "{}", principal: null });
    assertEquals(await told(response), [401, "Unauthorized"]);
  });
});

describe("the core's answers to the edge", () => {
  it("tell a user by name, or that there is none", async () => {
    const { ask } = server();
    assertEquals(await (await ask("GET", "/v1/users/alice")).json(), record);
    assertEquals((await ask("GET", "/v1/users/a%2Fb")).status, 404);
  });

  it("tell of a token by its hash, or that there is none", async () => {
    const token = { id: "t", user: "alice", scopes: ["read"], epochMs: 0, expiresMs: 1 };
    const hash = "a".repeat(64);
    const tokens = { resolve: (asked: string) => asked === hash ? token : null };
    const { ask } = server({ stores: { tokens } as never });
    const resolve = (hash: string) => ask("POST", "/v1/tokens", { body: JSON.stringify({ hash }) });
    assertEquals(await (await resolve(hash)).json(), token);
    assertEquals((await resolve("b".repeat(64))).status, 404);
  });

  it("tell what edges have left of their limits", async () => {
    const { ask } = server();
    const limits = [{ name: "user", perMinute: 60, burst: 10, taken: { alice: 3 } }];
    const answer = await ask("POST", "/v1/rates", { body: JSON.stringify({ limits }) });
    assertEquals(await answer.json(), { left: [{ alice: 7 }] });
  });

  it("tell faults with the id of the request", async () => {
    const told: unknown[] = [];
    const { core } = server({
      queries: queryOf(() => Promise.reject(new Error("bug"))),
      onError: (error, requestId) => void told.push([String(error), requestId]),
    });
    const body = new TextEncoder().encode('{"query_type": "find", "query": {}}');
    const request = { method: "POST", path: "/v1/query", body };
    const origin = { ...NO_ORIGIN, requestId: "r-1" };
    const headers = await sign(sharedKey, request, alice, NOW_MS, origin);
    await core.fetch(new Request("http://core/v1/query", { method: "POST", headers, body }));
    assertEquals(told, [["Error: bug", "r-1"]]);
  });

  it("tell right credentials from wrong ones", async () => {
    const { ask } = server();
    const logIn = (password: string) =>
      ask("POST", "/v1/auth", { body: JSON.stringify({ username: "alice", password }) });
    assertEquals(await (await logIn("right")).json(), record);
    assertEquals(await told(await logIn("wrong")), [401, "Unauthorized"]);
  });

  it("list the catalogs", async () => {
    const holdings = { read: (catalogs: string[]) => ({ archive: "x", surveys: {}, catalogs }) };
    const { ask } = server({ stores: { holdings } as never });
    const { catalogs, running } = await (await ask("GET", "/v1/catalogs")).json();
    assertEquals([catalogs, running], [["b", "a"], 0]);
  });

  it("are 404 for what isn't there", async () => {
    const { ask } = server();
    assertEquals(await told(await ask("GET", "/nope")), [404, "Not Found"]);
  });
});
