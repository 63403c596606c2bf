import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { BSON } from "mongodb";
import { z } from "zod";
import { importSharedKey, sign } from "./contract/edge.ts";
import {
  type Answer,
  defineQuery,
  type Principal,
  type QueryDef,
  QueryError,
  UnavailableError,
} from "./contract/query.ts";
import { type CoreServerDeps, createCoreServer } from "./server.ts";
import type { ViewRequest } from "./server/answer_query.ts";

const sharedKey = await importSharedKey("the key of edge and core");
const alice: Principal = { name: "alice", admin: false, permissions: [], programIds: [1] };
const NOW_MS = 1_700_000_000_000;
const record = {
  name: "alice",
  admin: false,
  permissions: [],
  programIds: [1],
  tokensValidFromS: 0,
};

/** A query that does what the test wants. */
function queryOf(run: (context: { signal: AbortSignal }) => Promise<Answer> | Answer) {
  const query = defineQuery<unknown>({ name: "find", input: z.unknown(), run: (_, c) => run(c) });
  return new Map<string, QueryDef<unknown>>([["find", query]]);
}

function server(overrides: Partial<CoreServerDeps> = {}) {
  const errors: unknown[] = [];
  const queries: unknown[] = [];
  const views: [Principal, ViewRequest][] = [];
  const core = createCoreServer({
    sharedKey,
    queries: queryOf(() => ({ kind: "value", value: 7 })),
    operations: new Map(),
    stores: {} as never,
    view(principal, request) {
      views.push([principal, request]);
      return { catalogNames: () => Promise.resolve(["b", "a"]) } as never;
    },
    findUser: (name) => Promise.resolve(name === "alice" ? record : null),
    checkCredentials: ({ password }) => Promise.resolve(password === "right" ? record : null),
    ready: () => true,
    health: () => ({ archive: "ok" }),
    metrics: () => "up 1\n",
    onError: (error) => void errors.push(error),
    onQuery: (query) => void queries.push(query),
    now: () => NOW_MS,
    ...overrides,
  });
  async function ask(
    method: string,
    path: string,
    { body = "", principal = alice as Principal | null, headers = {}, signal }: {
      body?: string;
      principal?: Principal | null;
      headers?: Record<string, string>;
      signal?: AbortSignal;
    } = {},
  ): Promise<Response> {
    const bytes = new TextEncoder().encode(body);
    const signed = await sign(sharedKey, { method, path, body: bytes }, principal, NOW_MS);
    return await core.fetch(
      new Request(`http://core${path}`, {
        method,
        headers: { ...signed, ...headers },
        ...method === "POST" && { body: bytes },
        ...signal && { signal },
      }),
    );
  }
  const query = (body: unknown = { query_type: "find", query: {} }) =>
    ask("POST", "/v1/query", { body: typeof body === "string" ? body : JSON.stringify(body) });
  return { core, ask, query, errors, queries, views };
}

async function told(response: Response): Promise<[number, string]> {
  return [response.status, (await response.json()).message];
}

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

  it("tell right credentials from wrong ones", async () => {
    const { ask } = server();
    const logIn = (password: string) =>
      ask("POST", "/v1/auth", { body: JSON.stringify({ username: "alice", password }) });
    assertEquals(await (await logIn("right")).json(), record);
    assertEquals(await told(await logIn("wrong")), [401, "Unauthorized"]);
  });

  it("list the catalogs", async () => {
    const { ask } = server();
    assertEquals(await (await ask("GET", "/v1/catalogs")).json(), { catalogs: ["b", "a"] });
  });

  it("are 404 for what isn't there", async () => {
    const { ask } = server();
    assertEquals(await told(await ask("GET", "/nope")), [404, "Not Found"]);
  });
});

describe("a query to the core", () => {
  it("is answered in the envelope that clients know", async () => {
    const { query, queries, views } = server();
    const response = await query();
    assertEquals(response.headers.get("content-type"), "application/json; charset=utf-8");
    assertEquals(
      await response.text(),
      '{"status": "success", "message": "Successfully executed query", "data": 7}',
    );
    assertEquals(views[0]![0], alice);
    assertEquals(views[0]![1].maxTimeMs, 300_000);
    assertEquals(queries.length, 1);
    assertEquals((queries[0] as { type: string; ok: boolean }).ok, true);
  });

  it("without a result has no data", async () => {
    const { query } = server({ queries: queryOf(() => null) });
    assertEquals(await (await query()).json(), {
      status: "success",
      message: "Successfully executed query",
    });
  });

  for (
    const [what, body, message] of [
      ["that is no JSON", "query_type=find", "JSONDecodeError: "],
      ["that is no UTF-8", "\ud800", "KeyError"], // It becomes U+FFFD on the way, which is no type.
      ["that is no object", "[]", "TypeError: "],
      ["of no type", { query: {} }, "KeyError: \"query_type undefined not in ('find')\""],
      [
        "of an unknown type",
        { query_type: "nope", query: {} },
        'KeyError: "query_type nope not in',
      ],
      ["of a type of the language", { query_type: "constructor", query: {} }, "KeyError: "],
      ["without a query", { query_type: "find" }, "AttributeError: "],
      ["with a list for a query", { query_type: "find", query: [] }, "AttributeError: "],
      ["with null kwargs", { query_type: "find", query: {}, kwargs: null }, "ValidationError: "],
      ["with text for kwargs", { query_type: "find", query: {}, kwargs: "a" }, "ValidationError: "],
      ...[0, -1, "x", null, {}, [], "", true].map((max_time_ms) =>
        [
          `with max_time_ms ${JSON.stringify(max_time_ms)}`,
          { query_type: "find", query: {}, kwargs: { max_time_ms } },
          "ValueError: max_time_ms must be int >= 1",
        ] as const
      ),
    ] as const
  ) {
    it(`${what} is 400`, async () => {
      const { query, errors } = server();
      const bodyText = body === "\ud800" ? '{"query_type": "\ud800", "query": {}}' : body;
      const [status, text] = await told(await query(bodyText));
      assertEquals(status, 400);
      assert(text.startsWith(message), text);
      assertEquals(errors, []);
    });
  }

  it("in bytes that are no UTF-8 is 400", async () => {
    const { core } = server();
    const body = new Uint8Array([0x7b, 0xff, 0x7d]);
    const headers = await sign(
      sharedKey,
      { method: "POST", path: "/v1/query", body },
      alice,
      NOW_MS,
    );
    const request = new Request("http://core/v1/query", { method: "POST", headers, body });
    const [status, text] = await told(await core.fetch(request));
    assertEquals([status, text.startsWith("JSONDecodeError: ")], [400, true]);
  });

  for (const [asked, ms] of [[5000, 5000], ["5000", 5000], [10.9, 10], [1e9, 1e9]] as const) {
    it(`with max_time_ms ${JSON.stringify(asked)} may take ${ms} ms`, async () => {
      const { query, views } = server();
      await query({ query_type: "find", query: {}, kwargs: { max_time_ms: asked } });
      assertEquals(views[0]![1].maxTimeMs, ms);
    });
  }

  it("that is refused is 400 with the reason", async () => {
    const { query, errors } = server({
      queries: queryOf(() => {
        throw new QueryError("OperationFailure: unknown operator: $foo");
      }),
    });
    assertEquals(await told(await query()), [400, "OperationFailure: unknown operator: $foo"]);
    assertEquals(errors, []);
  });

  it("without an archive is 503, to be tried again", async () => {
    const { query } = server({
      queries: queryOf(() => {
        throw new UnavailableError("Cannot reach the archive");
      }),
    });
    const response = await query();
    assertEquals(response.headers.get("retry-after"), "1");
    assertEquals(await told(response), [503, "Cannot reach the archive"]);
  });

  it("that meets a bug is 500 and tells nothing of it", async () => {
    const bug = new Error("secret path /home/x");
    const { query, errors } = server({ queries: queryOf(() => Promise.reject(bug)) });
    assertEquals(await told(await query()), [500, "Internal Server Error"]);
    assertEquals(errors, [bug]);
  });

  it("that fails in the first documents is 400, and not a broken stream", async () => {
    async function* documents() {
      yield [BSON.serialize({ a: 1 })];
      throw new QueryError("ExecutionTimeout: operation exceeded time limit");
    }
    const list = () => ({ kind: "list", documents: documents() }) as const;
    const { query } = server({ queries: queryOf(list) });
    assertEquals(await told(await query()), [
      400,
      "ExecutionTimeout: operation exceeded time limit",
    ]);
  });

  it("that fails later breaks the stream, so that no part is taken for the whole", async () => {
    async function* documents() {
      for (let i = 0; i < 10; i++) yield [BSON.serialize({ a: "x".repeat(100_000) })];
      throw new QueryError("late");
    }
    const list = () => ({ kind: "list", documents: documents() }) as const;
    const { query, errors, queries } = server({ queries: queryOf(list) });
    const response = await query();
    assertEquals(response.status, 200);
    const failure = await response.text().then(() => null, (error) => error);
    assert(failure instanceof QueryError);
    assertEquals((errors[0] as Error).message, "late");
    assertEquals((queries[0] as { ok: boolean }).ok, false);
  });

  it("is aborted when its reader goes", async () => {
    let signal: AbortSignal | undefined;
    let ended = false;
    async function* documents() {
      try {
        for (;;) yield [BSON.serialize({ a: "x".repeat(100_000) })];
      } finally {
        ended = true;
      }
    }
    const { query, queries, errors } = server({
      queries: queryOf((context) => {
        signal = context.signal;
        return { kind: "list", documents: documents() };
      }),
    });
    const reader = (await query()).body!.getReader();
    await reader.read();
    await reader.cancel();
    assertEquals([signal!.aborted, ended, queries.length], [true, true, 1]);
    assertEquals(errors, []);
  });

  it("is 503 while as many run as may, and not for longer", async () => {
    const gate = Promise.withResolvers<Answer>();
    const both = Promise.withResolvers<void>();
    let begun = 0;
    const { query } = server({
      queriesMax: 2,
      queries: queryOf(() => {
        if (++begun === 2) both.resolve();
        return gate.promise;
      }),
    });
    const running = [query(), query()];
    await both.promise;
    assertEquals((await query()).status, 503);
    gate.resolve(null);
    for (const response of await Promise.all(running)) assertEquals(response.status, 200);
    assertEquals((await query()).status, 200);
  });

  it("that fails gives its place back", async () => {
    const { query } = server({
      queriesMax: 1,
      queries: queryOf(() => Promise.reject(new QueryError("no"))),
    });
    for (let i = 0; i < 3; i++) assertEquals((await query()).status, 400);
  });
});
