/** An edge without a port before a core that a test plays: for tests of the edge. */
import { assertEquals } from "@std/assert";
import { importSharedKey, type UserRecord, verifySigned } from "../../core/contract/edge.ts";
import type { InstanceReport } from "../../core/contract/instances.ts";
import { PERMISSIONS } from "../../core/contract/permissions.ts";
import { createApp } from "../../edge/app.ts";
import { createAsk } from "../../edge/ask.ts";
import { createFlights } from "../../edge/flights.ts";
import { createInstances } from "../../edge/instances.ts";
import { RateLimit } from "../../edge/rate_limit.ts";
import type { EdgeDeps, EdgeLimits, Route } from "../../edge/route.ts";
import auth from "../../edge/routes/auth.ts";
import healthz from "../../edge/routes/healthz.ts";
import ping from "../../edge/routes/ping.ts";
import queries from "../../edge/routes/queries.ts";
import { createTokens } from "../../edge/tokens.ts";
import { createUsers } from "../../edge/users.ts";

export const sharedKey = await importSharedKey("the key of edge and core");
export const JWT_KEY = "the key of tokens, 32 characters long";
export const NOW_MS = 1_700_000_000_000;
export const plenty = { perMinute: 1e6, burst: 1e6 };
export const alice: UserRecord = {
  name: "alice",
  admin: false,
  permissions: ["read"],
  programIds: [1],
  tokensValidFromMs: 0,
};
const report: InstanceReport = {
  archive: "a",
  catalogs: { ZTF_alerts: 1 },
  surveys: { ztf: "ZTF_alerts" },
  running: 0,
};
const adminOnly: Route = {
  method: "DELETE",
  path: "/admin",
  access: "users",
  doc: null,
  handle: (c) => c.text("done"),
};

interface Asked {
  readonly url: string;
  readonly method: string;
  readonly body: string;
  readonly principal: unknown;
}

/** An edge before a core that `core` plays; alice's password is "right". */
export function edge(
  { limits, ...overrides }: Partial<Omit<EdgeDeps, "limits">> & {
    limits?: Partial<EdgeLimits>;
  } = {},
  core: (asked: Asked) => Response | Promise<Response> = () => Response.json({ data: 7 }),
) {
  const asked: Asked[] = [];
  const errors: unknown[] = [];
  const users = new Map([["alice", alice], ["admin", {
    ...alice,
    name: "admin",
    admin: true,
    permissions: PERMISSIONS.slice(),
  }]]);
  const ask = createAsk({
    sharedKey,
    now: () => NOW_MS,
    async fetch(url, init) {
      const request = new Request(url, init);
      const { pathname } = url;
      const body = new Uint8Array(await request.arrayBuffer());
      const signed = { method: request.method, path: pathname, body };
      const { principal } = await verifySigned(sharedKey, signed, request.headers, NOW_MS);
      const text = new TextDecoder().decode(body);
      asked.push({ url: request.url, method: request.method, body: text, principal });
      if (pathname.startsWith("/v1/users/")) {
        const user = users.get(decodeURIComponent(pathname.slice("/v1/users/".length)));
        return user ? Response.json(user) : new Response("{}", { status: 404 });
      }
      if (pathname === "/v1/auth") {
        const { username, password } = JSON.parse(text);
        return password === "right"
          ? Response.json({ ...alice, name: username })
          : new Response("{}", { status: 401 });
      }
      if (pathname === "/v1/catalogs") return Response.json(report);
      return core({ url: request.url, method: request.method, body: text, principal });
    },
  });
  const instances = createInstances(["http://core"], ask, { now: () => NOW_MS });
  const tokens = createTokens(
    { keys: [JWT_KEY], algorithm: "HS256", lifetimeS: 3600 },
    () => NOW_MS,
  );
  const app = createApp({
    routes: [auth, healthz, ping, queries, adminOnly],
    tokens,
    users: createUsers(instances, () => NOW_MS),
    instances,
    flights: createFlights(),
    limits: {
      address: new RateLimit(plenty, () => NOW_MS),
      user: new RateLimit(plenty, () => NOW_MS),
      logIn: new RateLimit({ perMinute: 1, burst: 3 }, () => NOW_MS),
      work: new RateLimit(plenty, () => NOW_MS),
      ...limits,
    },
    bodyBytesMax: 1000,
    penquinsVersions: ["1.9.9"],
    onError: (error) => void errors.push(error),
    ...overrides,
  });
  const request = async (
    method: string,
    path: string,
    { token, body, headers = {}, address = "192.0.2.1" }: {
      token?: string;
      body?: BodyInit;
      headers?: Record<string, string>;
      address?: string;
    } = {},
  ) =>
    await app.request(path, {
      method,
      headers: { ...token !== undefined && { authorization: token }, ...headers },
      ...body !== undefined && { body },
    }, { address });
  const logIn = (body: unknown, address?: string) =>
    request("POST", "/api/auth", {
      body: typeof body === "string" ? body : JSON.stringify(body),
      ...address !== undefined && { address },
    });
  const issue = (name: string) => tokens.issue({ name, tokensValidFromMs: 0 });
  return { app, request, logIn, asked, errors, tokens: { issue } };
}

/** Its status and message, once it is sure to be JSON of the right form. */
export async function told(response: Response): Promise<[number, unknown]> {
  assertEquals(response.headers.get("content-type")?.startsWith("application/json"), true);
  const { status, message } = await response.json();
  assertEquals(status, response.ok ? "success" : "error");
  return [response.status, message];
}
