import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { edge, NOW_MS, told } from "../tests/support/edge.ts";
import queries from "./routes/queries.ts";
import type { Route } from "./route.ts";
import { RateLimit } from "./rate_limit.ts";

const free: Route = {
  method: "GET",
  path: "/free",
  access: "read",
  isFree: true,
  doc: null,
  handle: (c) => c.json({ status: "success", message: "" }),
};

function limited(perMinute: number, burst: number, heavy = false) {
  const work = new RateLimit({ perMinute, burst }, () => NOW_MS);
  const made = edge({ limits: { work }, routes: [queries, free] }, () => {
    const text = JSON.stringify({ status: "success", message: "" });
    const length = heavy ? "50000000" : String(text.length);
    return new Response(text, {
      headers: { "content-type": "application/json", "content-length": length },
    });
  });
  const query = async () =>
    await made.request("POST", "/api/queries", {
      token: await made.tokens.issue("alice"),
      body: '{"query_type": "find", "query": {"catalog": "ZTF_alerts"}}',
    });
  return { ...made, work, query };
}

describe("a rate that is used up", () => {
  it("is 429, with a wait that the client of the field sits out, however long it really is", async () => {
    for (const [perMinute, seconds] of [[60, "1"], [20, "3"], [1, "4"]] as const) {
      const address = new RateLimit({ perMinute, burst: 1 }, () => NOW_MS);
      const { request } = edge({ limits: { address } });
      await request("GET", "/");
      const response = await request("GET", "/");
      assertEquals(response.headers.get("retry-after"), seconds);
      assertEquals(await told(response), [429, "Too Many Requests"]);
    }
  });

  it("is one for all addresses that one has", async () => {
    const address = new RateLimit({ perMinute: 1, burst: 1 }, () => NOW_MS);
    const { request } = edge({ limits: { address } });
    const from = async (address: string) => (await request("GET", "/", { address })).status;
    assertEquals([await from("2001:db8::1"), await from("2001:db8::2")], [401, 429]);
    assertEquals(await from("2001:db8:0:1::1"), 401);
  });
});

describe("the quota of work", () => {
  it("is charged for what a query costs, after it", async () => {
    const { query, work } = limited(60, 10, true);
    for (let i = 0; i < 2; i++) assertEquals((await query()).status, 200);
    assertEquals(work.look("alice").ok, false);
    const told = work.tell(9).get("alice")!;
    assert(told >= 10 && told < 11, `${told}`);
  });

  it("is 429 while it is soon over", async () => {
    const { query, work } = limited(60, 10);
    work.charge("alice", 12.5);
    const response = await query();
    assertEquals(response.headers.get("retry-after"), "4");
    assertEquals(await told(response), [429, "Too Many Requests"]);
  });

  it("is told in words where it isn't, as a client that tries again would show none", async () => {
    const { query, work, asked } = limited(1, 100);
    work.charge("alice", 109);
    const response = await query();
    assertEquals(response.headers.get("retry-after"), null);
    assertEquals(await told(response), [
      403,
      "Forbidden: your quota of work is used up; there is some again in 600 s",
    ]);
    assertEquals(asked.filter(({ url }) => url.includes("query")), []);
  });

  it("doesn't keep people from their tokens", async () => {
    const { request, tokens, work } = limited(1, 100);
    work.charge("alice", 200);
    const response = await request("GET", "/free", { token: await tokens.issue("alice") });
    assertEquals(response.status, 200);
  });

  it("is each user's own", async () => {
    const { request, tokens, work } = limited(1, 100);
    work.charge("alice", 200);
    const response = await request("POST", "/api/queries", {
      token: await tokens.issue("admin"),
      body: "{}",
    });
    assertEquals(response.status, 200);
  });
});
