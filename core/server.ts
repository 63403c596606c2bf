/**
 * What the edge talks to: queries, log-in, users, catalogs, and for operators health and metrics. A
 * pure function from request to response; whoever serves it opens the port.
 */
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import {
  type Catalogs,
  Credentials,
  errorBody,
  SignatureError,
  type UserRecord,
  verifySigned,
} from "./contract/edge.ts";
import {
  type ArchiveView,
  type Principal,
  type QueryDef,
  QueryError,
  UnavailableError,
} from "./contract/query.ts";
import { JsonError } from "./contract/json.ts";
import { type OperationDef, RefusedError } from "./operation.ts";
import type { Stores } from "./archive/stores.ts";
import { answerOperation } from "./server/answer_operation.ts";
import { answerQuery, type ViewRequest } from "./server/answer_query.ts";

export interface CoreServerDeps {
  /** The key that the edge signs with, from `importSharedKey`. */
  readonly sharedKey: CryptoKey;
  /** What `core/queries` holds, by name. */
  readonly queries: ReadonlyMap<string, QueryDef<unknown>>;
  /** What `core/operations` holds, by name, and what they work with. */
  readonly operations: ReadonlyMap<string, OperationDef<unknown>>;
  readonly stores: Stores;
  /** The archive for one query of one principal. */
  view(principal: Principal, request: ViewRequest): ArchiveView;
  findUser(name: string): Promise<UserRecord | null>;
  checkCredentials(credentials: Credentials): Promise<UserRecord | null>;
  /** Whether requests can be answered: the archive is reached, the start is over, the end not near. */
  ready(): Promise<boolean> | boolean;
  /** What an operator wants to see, as JSON. */
  health(): Promise<unknown> | unknown;
  /** Prometheus's text. */
  metrics(): Promise<string> | string;
  /** Told of faults that are ours: what the client gets to know of them is that there was one. */
  onError(error: unknown): void;
  /** Told of each query when it ended, however it did. */
  onQuery?(query: { readonly type: string; readonly seconds: number; readonly ok: boolean }): void;
  /** How long a query may take that doesn't say. */
  readonly maxTimeMs?: number;
  readonly queriesMax?: number;
  now?(): number;
}

export interface CoreServer {
  fetch(request: Request): Promise<Response>;
}

/** The edge lets less through; this is for who isn't the edge. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;
/** Queries that run at once; more only take each other's memory. */
const QUERIES_MAX = 200;
/** What no query is, but reads the archive. */
const OPERATION_MS_MAX = 10_000;
const RETRY_AFTER_S = "1";

interface Signed {
  readonly principal: Principal | null;
  readonly body: string;
}

export function createCoreServer(deps: CoreServerDeps): CoreServer {
  const { now = Date.now, queriesMax = QUERIES_MAX } = deps;
  let running = 0;

  /** The request's body and principal, once it is known to be the edge's. */
  async function signed(c: Context): Promise<Signed> {
    const { pathname, search } = new URL(c.req.url);
    const body = new Uint8Array(await c.req.arrayBuffer());
    const request = { method: c.req.method, path: pathname + search, body };
    const principal = await verifySigned(deps.sharedKey, request, c.req.raw.headers, now());
    return { principal, body: decodeUtf8(body) };
  }

  const app = new Hono()
    .onError((error, c) => {
      if (error instanceof SignatureError) return c.json(errorBody(error.message), 401);
      if (error instanceof RefusedError) {
        const { status, message, data } = error;
        return c.json({ status, message, ...data !== undefined && { data } }, error.httpStatus);
      }
      if (error instanceof QueryError) return c.json(errorBody(error.message), 400);
      if (error instanceof JsonError) {
        return c.json(errorBody(`JSONDecodeError: ${error.message}`), 400);
      }
      if (error instanceof UnavailableError) {
        deps.onError(error);
        return c.json(errorBody(error.message), 503, { "retry-after": RETRY_AFTER_S });
      }
      // Nobody waits for this answer, and it is nobody's fault.
      if (c.req.raw.signal.aborted) return c.json(errorBody("The client has gone"), 400);
      deps.onError(error);
      return c.json(errorBody("Internal Server Error"), 500);
    })
    .notFound((c) => c.json(errorBody("Not Found"), 404))
    .get("/health/live", (c) => c.json({ status: "ok" }))
    .get(
      "/health/ready",
      async (c) =>
        await deps.ready() ? c.json({ status: "ok" }) : c.json(errorBody("Not ready"), 503),
    )
    .get("/health", async (c) => c.json(await deps.health()))
    .get("/metrics", async (c) => {
      c.header("content-type", "text/plain; version=0.0.4; charset=utf-8");
      return c.body(await deps.metrics());
    })
    .use("/v1/*", bodyLimit({ maxSize: BODY_BYTES_MAX }))
    .post("/v1/query", async (c) => {
      const { principal, body } = await signed(c);
      if (principal === null) return c.json(errorBody("Unauthorized"), 401);
      if (running >= queriesMax) throw new UnavailableError(`${queriesMax} queries are running`);
      running++;
      return await answerQuery(deps, principal, body, c.req.raw.signal, () => running--);
    })
    .post("/v1/operations/:name", async (c) => {
      const { principal, body } = await signed(c);
      const operation = deps.operations.get(c.req.param("name"));
      if (principal === null) return c.json(errorBody("Unauthorized"), 401);
      if (operation === undefined) return c.json(errorBody("Not Found"), 404);
      const { path = "{}", search = "" } = c.req.query();
      const { signal } = c.req.raw;
      return await answerOperation(operation, { path, search, body }, {
        stores: deps.stores,
        archive: deps.view(principal, { signal, maxTimeMs: OPERATION_MS_MAX }),
        principal,
        signal,
      });
    })
    .post("/v1/auth", async (c) => {
      const { body } = await signed(c);
      const user = await deps.checkCredentials(Credentials.parse(JSON.parse(body)));
      return user ? c.json(user) : c.json(errorBody("Unauthorized"), 401);
    })
    .get("/v1/users/:name", async (c) => {
      await signed(c);
      const user = await deps.findUser(c.req.param("name"));
      return user ? c.json(user) : c.json(errorBody("Not Found"), 404);
    })
    .get("/v1/catalogs", async (c) => {
      await signed(c);
      const nobody = { name: "edge", admin: false, permissions: [], programIds: [] };
      const { signal } = c.req.raw;
      const catalogs = await deps.view(nobody, { signal, maxTimeMs: 5_000 }).catalogNames();
      return c.json({ catalogs } satisfies Catalogs);
    });
  return { fetch: async (request) => await app.fetch(request) };
}

function decodeUtf8(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw new JsonError("Cannot read JSON as it must be UTF-8");
  }
}
