/** Each public path is closed to who has no token for it: none, a wrong one, one that isn't good for it. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { loadFolder } from "../../core/base/registry.ts";
import type { Route } from "../../edge/route.ts";
import { ADMIN, startApi, type TestApi } from "../support/api.ts";

const folder = new URL("../../edge/routes/", import.meta.url);
const routes = [...(await loadFolder<Route | readonly Route[]>(folder)).values()].flat();
const OPEN: readonly Route["access"][] = ["anyone", "unchecked"];

let api: TestApi;
/** Of the administrator, but only to read with. */
let reader: string;
before(async () => {
  api = await startApi();
  const made = await call("POST", "/api/tokens", await api.token(), {
    name: "reader",
    scopes: ["read"],
  });
  reader = JSON.parse(made.text).data.token;
});
after(() => api[Symbol.asyncDispose]());

async function call(
  method: string,
  path: string,
  token?: string,
  body?: unknown,
): Promise<{ status: number; text: string }> {
  const response = await fetch(api.edge.url + path, {
    method,
    headers: token === undefined ? {} : { authorization: token },
    ...body !== undefined && { body: JSON.stringify(body) },
  });
  return { status: response.status, text: await response.text() };
}

/** A path of the route; what it names needn't be there. */
function pathOf(route: Route): string {
  return route.path.replaceAll(/:\w+(\{[^}]*\})?/g, "1");
}

describe("each route", () => {
  const closed = routes.filter(({ access }) => !OPEN.includes(access));
  for (const route of closed) {
    const { method, access } = route;
    const path = pathOf(route);
    const told = ({ text }: { text: string }) => method === "HEAD" ? "" : JSON.parse(text).message;

    it(`is closed without a token that holds: ${method} ${route.path}`, async () => {
      const none = await call(method, path);
      assertEquals([none.status, told(none)], [401, method === "HEAD" ? "" : "Unauthorized"]);
      const wrong = await call(method, path, "no_token");
      assertEquals([wrong.status, told(wrong)], [400, method === "HEAD" ? "" : "token is invalid"]);
    });

    if (access === "read") continue;
    it(`needs a token that is good for "${access}": ${method} ${route.path}`, async () => {
      const answer = await call(method, path, reader);
      assertEquals(answer.status, 403, answer.text);
      assert(method === "HEAD" || told(answer).includes(`"${access}"`), answer.text);
    });
  }

  it("is closed, but for log-in, health and the documentation", () => {
    const open = routes.filter((route) => !closed.includes(route)).map(({ path }) => path);
    for (const path of open) assert(/^\/(api\/auth|healthz|docs\/api(\/.*)?)$/.test(path), path);
    assert(closed.length > 30);
  });

  it("changed nothing meanwhile", async () => {
    assertEquals(api.errors, []);
    const db = api.database.client.db(api.database.name);
    const users = await db.collection("users").find().toArray();
    assertEquals(users.map(({ _id }) => `${_id}`), [ADMIN.username]);
  });
});
