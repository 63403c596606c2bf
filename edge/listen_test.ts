import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { until } from "../tests/support/until.ts";
import { type From, listen, type Listener } from "./listen.ts";

type Handle = (request: Request, from: From) => Response | Promise<Response>;

async function withListener(
  handle: Handle,
  use: (url: string, listener: Listener) => Promise<void>,
): Promise<void> {
  const listener = await listen({ host: "127.0.0.1", port: 0 }, handle);
  try {
    await use(`http://127.0.0.1:${listener.port}`, listener);
  } finally {
    await listener.close();
  }
}

/** What is answered to the text of a request. */
async function spoken(url: string, text: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
  await connection.write(new TextEncoder().encode(text));
  return await new Response(connection.readable).text();
}

const echo: Handle = async (request, { body }) => {
  const sent = body ?? new Uint8Array(await request.arrayBuffer());
  const { pathname, search } = new URL(request.url);
  const told = [request.method, pathname + search, sent.length, request.headers.get("x-own")];
  return Response.json(told, { status: 201, headers: { "x-sum": String(sent.length) } });
};

describe("listen()", () => {
  it("hands over requests as they are, and answers", async () => {
    await withListener(echo, async (url) => {
      for (const length of [0, 10, 70_000, 3_000_000]) {
        const response = await fetch(`${url}/a%20b?c=d`, {
          method: "PUT",
          headers: { "x-own": "yes" },
          body: new Uint8Array(length),
        });
        assertEquals(response.status, 201);
        assertEquals(await response.json(), ["PUT", "/a%20b?c=d", length, "yes"]);
      }
    });
  });

  it("has the bodies of GET and HEAD, if they aren't long", async () => {
    await withListener(echo, async (url) => {
      const ask = (method: string, headers: string, body: string) =>
        spoken(
          url,
          `${method} /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n${body}`,
        );
      const head = await ask("HEAD", "Content-Length: 7\r\n", '{"a":1}');
      assert(/^HTTP\/1.1 201 /.test(head) && /x-sum: 7/i.test(head), head);
      assertEquals(head.split("\r\n\r\n")[1], "");
      const get = await ask("GET", "Content-Length: 7\r\n", '{"a":1}');
      assert(get.includes('["GET","/x",7,null]'), get);
      const long = await ask("GET", "Content-Length: 100000\r\n", "x".repeat(100_000));
      assert(/^HTTP\/1.1 413 /.test(long), long.slice(0, 100));
    });
  });

  it("answers what no Request can be", async () => {
    await withListener(echo, async (url) => {
      for (const line of ["TRACE / HTTP/1.1\r\nHost: a", "GET / HTTP/1.1\r\nHost: a b"]) {
        const told = await spoken(url, `${line}\r\nConnection: close\r\n\r\n`);
        assert(/^HTTP\/1.1 (201|400) /.test(told), told);
      }
    });
  });

  it("answers before a body has come, and lets what is left of it pass, for a while", async () => {
    const refuse: Handle = () => new Response("too large", { status: 413 });
    const readSome: Handle = async (request) => {
      for await (const _ of request.body!) break;
      return new Response("too large", { status: 413 });
    };
    const part = new Uint8Array(100_000);
    const parts = () => ReadableStream.from(Array.from({ length: 50 }, () => part));
    for (const handle of [refuse, readSome]) {
      for (const body of [() => new Uint8Array(5_000_000), parts]) {
        await withListener(handle, async (url) => {
          // The second one comes over the connection of the first.
          for (let i = 0; i < 2; i++) {
            const response = await fetch(url, { method: "PUT", body: body() });
            assertEquals([response.status, await response.text()], [413, "too large"]);
          }
        });
      }
    }
    await withListener(refuse, async (url) => {
      const head = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n";
      const answer = await spoken(url, `${head}some of it`);
      assert(answer.startsWith("HTTP/1.1 413 ") && answer.includes("too large"), answer);
    });
  });

  it("streams, and stops reading when the client has gone", async () => {
    let pulled = 0;
    let isCancelled = false;
    let isAborted = false;
    const handle: Handle = (request) => {
      request.signal.addEventListener("abort", () => isAborted = true);
      return new Response(
        new ReadableStream({
          pull(controller) {
            pulled++;
            controller.enqueue(new Uint8Array(100_000));
          },
          cancel: () => void (isCancelled = true),
        }),
      );
    };
    await withListener(handle, async (url) => {
      const gone = new AbortController();
      const response = await fetch(url, { signal: gone.signal });
      const reader = response.body!.getReader();
      await reader.read();
      gone.abort();
      await reader.read().catch(() => {});
      await until(() => isCancelled && isAborted);
      assert(pulled < 1_000, `${pulled} pieces`);
    });
  });

  it("breaks an answer that fails half way, so that no part is taken for the whole", async () => {
    const handle: Handle = () => {
      const pieces = async function* () {
        yield new Uint8Array(10);
        await new Promise((resolve) => setTimeout(resolve, 10));
        throw new Error("half way");
      };
      return new Response(ReadableStream.from(pieces()));
    };
    await withListener(handle, async (url) => {
      const response = await fetch(url);
      await assertRejects(() => response.arrayBuffer(), Error);
    });
  });

  it("ends when what is in work is answered, and idle connections don't hold it", async () => {
    const begun = Promise.withResolvers<void>();
    const free = Promise.withResolvers<void>();
    const handle: Handle = async (request) => {
      if (request.url.endsWith("/slow")) {
        begun.resolve();
        await free.promise;
      }
      return new Response("done");
    };
    const listener = await listen({ host: "127.0.0.1", port: 0 }, handle);
    const url = `http://127.0.0.1:${listener.port}`;
    await (await fetch(url)).text(); // Its connection stays.
    const slow = fetch(`${url}/slow`).then((response) => response.text());
    await begun.promise;
    let isClosed = false;
    const closed = listener.close().then(() => isClosed = true);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert(!isClosed);
    free.resolve();
    assertEquals(await slow, "done");
    await closed;
    await assertRejects(() => fetch(url));
  });

  it("says where a port is taken", async () => {
    await withListener(echo, async (url) => {
      const port = Number(new URL(url).port);
      await assertRejects(
        () => listen({ host: "127.0.0.1", port }, echo),
        Deno.errors.AddrInUse,
      );
    });
  });
});
