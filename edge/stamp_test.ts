import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { edge } from "../tests/support/edge.ts";
import type { Route } from "./route.ts";

function route(path: string, handle: Route["handle"]): Route {
  return { method: "GET", path, access: "anyone", doc: null, handle };
}

const routes = [
  route("/page", (c) => c.html("<p>")),
  route(
    "/own",
    (c) => c.html("<p>", 200, { "content-security-policy": "own", "cache-control": "max-age=60" }),
  ),
  route("/fails", () => {
    throw new Error("bug");
  }),
  // As `fetch` gives them: with headers that can't be changed.
  route("/foreign", async () => await fetch("data:application/json,{}")),
];

describe("a request's id", () => {
  it("is the client's own, where that is one", async () => {
    const { request } = edge({ routes });
    for (const id of ["a", "of-this_run.7", "x".repeat(128)]) {
      const response = await request("GET", "/page", { headers: { "x-request-id": id } });
      assertEquals(response.headers.get("x-request-id"), id);
    }
  });

  it("is made, where the client's would make lines in a log, or there is none", async () => {
    const { request } = edge({ routes });
    const made = new Set<string>();
    for (const id of ["", "a b", "ä", "x".repeat(129), '"},{', undefined]) {
      const headers: Record<string, string> = id === undefined ? {} : { "x-request-id": id };
      const response = await request("GET", "/page", { headers });
      made.add(response.headers.get("x-request-id")!);
    }
    assertEquals(made.size, 6);
    for (const id of made) assert(/^[0-9a-f-]{36}$/.test(id), id);
  });

  it("is in every answer, and told with a fault", async () => {
    const told: unknown[] = [];
    const { request } = edge({ routes, onError: (_, requestId) => void told.push(requestId) });
    for (const path of ["/page", "/fails", "/nothing", "/foreign"]) {
      const headers = { "x-request-id": `of ${path}`.replace(" /", "-") };
      const response = await request("GET", path, { headers });
      assertEquals(response.headers.get("x-request-id"), headers["x-request-id"]);
      await response.body?.cancel();
    }
    assertEquals(told, ["of-fails"]);
  });
});

describe("a page", () => {
  it("loads nothing from elsewhere, and is in nobody's frame", async () => {
    const { headers } = await edge({ routes }).request("GET", "/page");
    const policy = headers.get("content-security-policy")!;
    for (const part of ["default-src 'self'", "frame-ancestors 'none'", "object-src 'none'"]) {
      assert(policy.includes(part), policy);
    }
    assertEquals(
      ["x-frame-options", "referrer-policy", "x-content-type-options", "cache-control"]
        .map((name) => headers.get(name)),
      ["DENY", "no-referrer", "nosniff", "no-store"],
    );
  });

  it("that says otherwise itself is left so", async () => {
    const { headers } = await edge({ routes }).request("GET", "/own");
    assertEquals(headers.get("content-security-policy"), "own");
    assertEquals(headers.get("cache-control"), "max-age=60");
  });

  it("is what these are for: JSON has none of them", async () => {
    const { headers } = await edge({ routes }).request("GET", "/nothing");
    assertEquals(headers.get("content-security-policy"), null);
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("content-type"), "application/json; charset=utf-8");
  });
});
