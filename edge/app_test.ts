import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { sign as signToken } from "hono/jwt";
import { alice, edge, JWT_KEY, NOW_MS, plenty, sharedKey, told } from "../tests/support/edge.ts";
import { createAsk } from "./ask.ts";
import { createInstances } from "./instances.ts";
import { RateLimit } from "./rate_limit.ts";
import type { Route } from "./route.ts";
import type { Users } from "./users.ts";

const now = Math.floor(NOW_MS / 1000);
const claims = { user_id: "alice", iat: now, exp: now + 3600 };

describe("a token", () => {
  it("is accepted bare and after Bearer in any case", async () => {
    const { request, tokens } = edge();
    const token = await tokens.issue("alice");
    for (const header of [token, `Bearer ${token}`, `bearer ${token}`, `BEARER   ${token}`]) {
      assertEquals(await told(await request("GET", "/", { token: header })), [
        200,
        "greetings from Kowalski!",
      ]);
    }
  });

  for (const path of ["/", "/api/queries", "/nope", "/api/auth"]) {
    it(`that is invalid is 400 on ${path}`, async () => {
      const { request } = edge();
      const response = await request("GET", path, { token: "no_token" });
      assertEquals(await told(response), [400, "token is invalid"]);
    });
  }

  it("that is missing or empty is 401 where one is needed", async () => {
    const { request } = edge();
    assertEquals(await told(await request("GET", "/")), [401, "Unauthorized"]);
    assertEquals(await told(await request("GET", "/", { token: "" })), [401, "Unauthorized"]);
    assertEquals(await told(await request("POST", "/api/queries")), [401, "Unauthorized"]);
  });

  it("of a ghost, whom only the key knows, is invalid", async () => {
    const { request } = edge();
    const token = await signToken({ ...claims, user_id: "ghost" }, JWT_KEY, "HS256");
    assertEquals(await told(await request("GET", "/", { token })), [400, "token is invalid"]);
  });

  it("from before the user's epoch is invalid", async () => {
    const epoch = { ...alice, tokensValidFromMs: NOW_MS + 1 };
    const users = { find: () => Promise.resolve(epoch) } as unknown as Users;
    const { request, tokens } = edge({ users });
    const token = await tokens.issue("alice");
    assertEquals(await told(await request("GET", "/", { token })), [400, "token is invalid"]);
  });

  it("of a user is not enough where an admin's is needed", async () => {
    const { request, tokens } = edge();
    assertEquals(await told(await request("DELETE", "/admin")), [401, "Unauthorized"]);
    const user = await request("DELETE", "/admin", { token: await tokens.issue("alice") });
    assertEquals(await told(user), [403, 'Forbidden: this needs the permission "users"']);
    const admin = await request("DELETE", "/admin", { token: await tokens.issue("admin") });
    assertEquals(await admin.text(), "done");
  });

  it("is looked at anew for what drops a catalog, however that is written", async () => {
    const { request, asked, tokens } = edge();
    const token = await tokens.issue("alice");
    const lookUps = async (body: string) => {
      asked.length = 0;
      await request("POST", "/api/queries", { token, body });
      return asked.filter(({ url }) => url.includes("/v1/users/")).length;
    };
    assertEquals(await lookUps("{}"), 1);
    assertEquals(await lookUps('{"query_type": "find", "query": {"filter": {"a": "drop"}}}'), 0);
    assertEquals(await lookUps('{"query_type": "drop"}'), 1);
    assertEquals(await lookUps('{"query_type": "\\u0064rop"}'), 1);
  });

  it("costs the core one look-up in a few seconds", async () => {
    const { request, tokens, asked } = edge();
    const token = await tokens.issue("alice");
    for (let i = 0; i < 5; i++) await request("GET", "/", { token });
    assertEquals(asked.length, 1);
  });
});

describe("the edge's envelope", () => {
  it("holds a 404", async () => {
    const { request } = edge();
    assertEquals(await told(await request("GET", "/nope")), [404, "Not Found"]);
    assertEquals(await told(await request("GET", "/api/queries/")), [404, "Not Found"]);
  });

  it("holds a 405, with what is allowed", async () => {
    const { request } = edge();
    for (const [method, path, allow] of [["PUT", "/", "GET"], ["GET", "/api/auth", "POST"]]) {
      const response = await request(method!, path!);
      assertEquals(response.headers.get("allow"), allow);
      assertEquals(await told(response), [405, "Method Not Allowed"]);
    }
  });

  it("holds a 413, on every path, with a length and without", async () => {
    const { request, tokens } = edge();
    const token = await tokens.issue("alice");
    const large = "x".repeat(1001);
    for (const path of ["/api/auth", "/api/queries"]) {
      const [status] = await told(
        await request("POST", path, {
          token,
          body: large,
          headers: { "content-length": "1001" },
        }),
      );
      assertEquals(status, 413);
      const [streamed] = await told(await request("POST", path, { token, body: large }));
      assertEquals(streamed, 413);
    }
  });

  it("holds a 429 for an address, before its token is read", async () => {
    const address = new RateLimit({ perMinute: 60, burst: 2 }, () => NOW_MS);
    const { request } = edge({ limits: { address, user: address, logIn: address } });
    await request("GET", "/", { token: "bad" });
    await request("GET", "/", { token: "bad" });
    const response = await request("GET", "/", { token: "bad" });
    assertEquals(response.headers.get("retry-after"), "1");
    assertEquals(await told(response), [429, "Too Many Requests"]);
    assertEquals((await request("GET", "/", { address: "192.0.2.2" })).status, 401);
  });

  it("holds a 429 for a user, wherever they are", async () => {
    const lax = new RateLimit(plenty, () => NOW_MS);
    const user = new RateLimit({ perMinute: 60, burst: 2 }, () => NOW_MS);
    const { request, tokens } = edge({ limits: { address: lax, user, logIn: lax } });
    const token = await tokens.issue("alice");
    for (const address of ["192.0.2.1", "192.0.2.2"]) {
      assertEquals((await request("GET", "/", { token, address })).status, 200);
    }
    assertEquals((await request("GET", "/", { token, address: "192.0.2.3" })).status, 429);
    const admin = await tokens.issue("admin");
    assertEquals((await request("GET", "/", { token: admin })).status, 200);
  });

  it("holds a 500 that tells nothing", async () => {
    const broken: Route = {
      method: "GET",
      path: "/broken",
      access: "anyone",
      doc: null,
      handle() {
        throw new Error("secret path /home/x");
      },
    };
    const { request, errors } = edge({ routes: [broken] });
    assertEquals(await told(await request("GET", "/broken")), [500, "Internal Server Error"]);
    assertEquals(errors.length, 1);
  });

  it("holds a 503 while no core can be reached", async () => {
    const dead = createAsk({
      sharedKey,
      fetch: () => Promise.reject(new TypeError("connection refused at 10.0.0.1")),
    });
    const instances = createInstances(["http://core"], dead);
    const { request, logIn, tokens } = edge({ instances });
    const token = await tokens.issue("alice");
    const response = await request("POST", "/api/queries", { token, body: "{}" });
    assertEquals(response.headers.get("retry-after"), "1");
    assertEquals(await told(response), [503, "Service Unavailable"]);
    assertEquals(await told(await logIn({ username: "alice", password: "right" })), [
      503,
      "Service Unavailable",
    ]);
    assertEquals(await told(await request("GET", "/healthz")), [503, "No core answers"]);
  });
});

describe("GET /healthz", () => {
  it("needs no token, no rate, and minds no bad one", async () => {
    const none = new RateLimit({ perMinute: 1, burst: 0 });
    const { request } = edge({ limits: { address: none, user: none, logIn: none } });
    assertEquals(await (await request("GET", "/healthz", { token: "bad" })).json(), {
      status: "ok",
    });
  });
});

describe("POST /api/queries", () => {
  const body = '{"query_type": "find_one", "query": {"filter": {"candid": 1127561445515015011}}}';

  it("goes to the core as it is, for the user of the token, whatever its content type", async () => {
    const { request, asked, tokens } = edge();
    const token = await tokens.issue("alice");
    for (const type of ["application/json", "text/plain", "application/x-www-form-urlencoded"]) {
      const response = await request("POST", "/api/queries", {
        token,
        body,
        headers: { "content-type": type },
      });
      assertEquals(await response.json(), { data: 7 });
      assertEquals(asked.at(-1), {
        url: "http://core/v1/query",
        method: "POST",
        body,
        principal: { name: "alice", admin: false, permissions: ["read"], programIds: [1] },
      });
    }
  });

  it("comes back as the core answers it, without what is between edge and core", async () => {
    const { request, tokens } = edge({}, () =>
      Response.json({ status: "error", message: "no" }, {
        status: 400,
        headers: { "x-secret": "1" },
      }));
    const response = await request("POST", "/api/queries", {
      token: await tokens.issue("alice"),
      body,
    });
    assertEquals(response.headers.get("x-secret"), null);
    assertEquals(await told(response), [400, "no"]);
  });

  it("streams: the client has the first bytes before the core has written the last", async () => {
    const more = Promise.withResolvers<void>();
    const { request, tokens } = edge({}, () =>
      new Response(
        new ReadableStream({
          async start(controller) {
            controller.enqueue(new TextEncoder().encode("first"));
            await more.promise;
            controller.enqueue(new TextEncoder().encode("last"));
            controller.close();
          },
        }),
      ));
    const response = await request("POST", "/api/queries", {
      token: await tokens.issue("alice"),
      body,
    });
    const reader = response.body!.getReader();
    assertEquals(new TextDecoder().decode((await reader.read()).value), "first");
    more.resolve();
    assertEquals(new TextDecoder().decode((await reader.read()).value), "last");
  });

  it("tells the core when the client goes", async () => {
    let cancelled = false;
    const { request, tokens } = edge({}, () =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(1000)),
          cancel: () => void (cancelled = true),
        }),
      ));
    const response = await request("POST", "/api/queries", {
      token: await tokens.issue("alice"),
      body,
    });
    const reader = response.body!.getReader();
    await reader.read();
    await reader.cancel();
    assert(cancelled);
  });
});
