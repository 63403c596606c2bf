import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { BSON } from "mongodb";
import {
  alice,
  NOW_MS,
  queryOf,
  server,
  sharedKey,
  told,
} from "../../tests/support/core_server.ts";
import { sign } from "../contract/edge.ts";
import { type Answer, QueryError, UnavailableError } from "../contract/query.ts";

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

  async function* failsLate(error: Error) {
    for (let i = 0; i < 10; i++) yield [BSON.serialize({ a: "x".repeat(100_000) })];
    throw error;
  }

  it("that fails later breaks the stream, so that no part is taken for the whole", async () => {
    const list = () => ({ kind: "list", documents: failsLate(new Error("late")) }) as const;
    const { query, errors, queries } = server({ queries: queryOf(list) });
    const response = await query();
    assertEquals(response.status, 200);
    const failure = await response.text().then(() => null, (error) => error);
    assertEquals(failure.message, "late");
    assertEquals((errors[0] as Error).message, "late");
    assertEquals((queries[0] as { ok: boolean }).ok, false);
  });

  it("that fails later by the caller's fault says so at its end, and has no data then", async () => {
    const late = new QueryError("ExecutionTimeout: operation exceeded time limit");
    const list = () => ({ kind: "list", documents: failsLate(late) }) as const;
    const matches = () => ({
      kind: "matches" as const,
      catalogs: ["a", "b"],
      names: ["x", "y"],
      async *documents() {
        for await (const documents of failsLate(late)) yield { at: 0, documents };
      },
    });
    for (const run of [list, matches]) {
      const { query, errors } = server({ queries: queryOf(run) });
      assertEquals(await (await query()).json(), {
        status: "error",
        message: late.message,
        data: null,
      });
      assertEquals(errors, []);
    }
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
      queriesMax: { all: 2, ofOne: 9 },
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

  it("is 429 for whoever runs as many as one may, and not for others", async () => {
    const gate = Promise.withResolvers<Answer>();
    const begun = Promise.withResolvers<void>();
    const { ask, query } = server({
      queriesMax: { all: 9, ofOne: 1 },
      queries: queryOf(({ signal: _ }) => {
        begun.resolve();
        return gate.promise;
      }),
    });
    const first = query();
    await begun.promise;
    const second = await query();
    assertEquals([second.status, second.headers.get("retry-after")], [429, "1"]);
    assertEquals(
      (await second.json()).message,
      "Cannot run another query as one user's must be <= 1 at once",
    );
    const body = JSON.stringify({ query_type: "find", query: {} });
    const others = ask("POST", "/v1/query", { body, principal: { ...alice, name: "bob" } });
    gate.resolve(null);
    assertEquals([(await first).status, (await others).status], [200, 200]);
    assertEquals((await query()).status, 200);
  });

  it("that fails gives its place back", async () => {
    const { query } = server({
      queriesMax: { all: 1, ofOne: 1 },
      queries: queryOf(() => Promise.reject(new QueryError("no"))),
    });
    for (let i = 0; i < 3; i++) assertEquals((await query()).status, 400);
  });
});
