/** A core without a port or an archive, with the edge's key: for tests of the core's server. */
import { z } from "zod";
import { importSharedKey, sign } from "../../core/contract/edge.ts";
import {
  type Answer,
  defineQuery,
  type Principal,
  type QueryDef,
} from "../../core/contract/query.ts";
import { type CoreServerDeps, createCoreServer } from "../../core/server.ts";
import type { ViewRequest } from "../../core/server/answer_query.ts";

export const sharedKey = await importSharedKey("the key of edge and core");
export const alice: Principal = { name: "alice", admin: false, permissions: [], programIds: [1] };
export const NOW_MS = 1_700_000_000_000;
/** What the core finds of her. */
export const record = {
  name: "alice",
  admin: false,
  permissions: [],
  programIds: [1],
  tokensValidFromMs: 0,
};

/** A query that does what the test wants. */
export function queryOf(run: (context: { signal: AbortSignal }) => Promise<Answer> | Answer) {
  const query = defineQuery<unknown>({ name: "find", input: z.unknown(), run: (_, c) => run(c) });
  return new Map<string, QueryDef<unknown>>([["find", query]]);
}

/** Whatever a test doesn't say is answered in the simplest way. */
export function server(overrides: Partial<CoreServerDeps> = {}) {
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

/** Its status and message. */
export async function told(response: Response): Promise<[number, string]> {
  return [response.status, (await response.json()).message];
}
