/**
 * What the edge talks to: queries, log-in, users, catalogs, and for operators health and metrics. A
 * pure function from request to response; whoever serves it opens the port.
 */
import { type Context, Hono } from "hono";
import { BodyTooLargeError, readBody } from "./contract/body.ts";
import {
  ABSENT_HEADER,
  Credentials,
  errorBody,
  RateReport,
  type RatesLeft,
  type SharedKey,
  SignatureError,
  type Signed,
  TokenHash,
  type UserRecord,
  verifySigned,
} from "./contract/edge.ts";
import type { InstanceReport } from "./contract/instances.ts";
import {
  AbsentError,
  type ArchiveView,
  type Principal,
  type QueryContext,
  type QueryDef,
  QueryError,
  UnavailableError,
} from "./contract/query.ts";
import { JsonError } from "./contract/json.ts";
import { type OperationDef, RefusedError } from "./operation.ts";
import type { Stores } from "./archive/stores.ts";
import type { FormatDef } from "./server/format.ts";
import { answerOperation } from "./server/answer_operation.ts";
import { answerQuery, type ViewRequest } from "./server/answer_query.ts";
import { createRates } from "./server/rates.ts";
import { Replays } from "./server/replays.ts";
import { Running, type RunningMax, TooManyError } from "./server/running.ts";

export interface CoreServerDeps {
  /** The key that the edge signs with, from `importSharedKey`. */
  readonly sharedKey: SharedKey;
  /** What `core/queries` holds, by name. */
  readonly queries: ReadonlyMap<string, QueryDef<unknown>>;
  /** What `core/server/formats` holds, by name; JSON alone by default. */
  readonly formats?: ReadonlyMap<string, FormatDef>;
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
  onError(error: unknown, requestId?: string): void;
  /** Told of each query when it ended, however it did. */
  onQuery?(query: { readonly type: string; readonly seconds: number; readonly ok: boolean }): void;
  /** How long a query may take that doesn't say. */
  readonly maxTimeMs?: number;
  readonly queriesMax?: RunningMax;
  now?(): number;
}

export interface CoreServer {
  fetch(request: Request): Promise<Response>;
}

/** The edge lets less through; this is for who isn't the edge. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;
/** Queries that run at once; more only take each other's memory. */
const QUERIES_MAX: RunningMax = { all: 200, ofOne: 100 };
/** What no query is, but reads the archive. */
const OPERATION_MS_MAX = 10_000;
const RETRY_AFTER_S = "1";

interface CoreEnv {
  Variables: { readonly requestId: string | undefined };
}

export function createCoreServer(deps: CoreServerDeps): CoreServer {
  const { now = Date.now, queriesMax = QUERIES_MAX } = deps;
  const running = new Running(queriesMax);
  const replays = new Replays(now);
  const rates = createRates(now);

  /** The request's body and whom it is for, once it is known to be the edge's, and a new one. */
  async function signed(c: Context<CoreEnv>): Promise<Signed & { readonly body: string }> {
    const { pathname, search } = new URL(c.req.url);
    const body = await readBody(c.req.raw, BODY_BYTES_MAX);
    const request = { method: c.req.method, path: pathname + search, body };
    const signed = await verifySigned(deps.sharedKey, request, c.req.raw.headers, now());
    replays.admit(signed);
    c.set("requestId", signed.origin.requestId);
    return { ...signed, body: decodeUtf8(body) };
  }

  const app = new Hono<CoreEnv>()
    .onError((error, c) => {
      if (error instanceof SignatureError) return c.json(errorBody(error.message), 401);
      if (error instanceof RefusedError) {
        const { status, message, data } = error;
        return c.json({ status, message, ...data !== undefined && { data } }, error.httpStatus);
      }
      if (error instanceof AbsentError) {
        return c.json(errorBody(error.message), 400, { [ABSENT_HEADER]: "true" });
      }
      if (error instanceof QueryError) return c.json(errorBody(error.message), 400);
      if (error instanceof BodyTooLargeError) return c.json(errorBody(error.message), 413);
      if (error instanceof JsonError) {
        return c.json(errorBody(`JSONDecodeError: ${error.message}`), 400);
      }
      if (error instanceof TooManyError) {
        return c.json(errorBody(error.message), 429, { "retry-after": RETRY_AFTER_S });
      }
      if (error instanceof UnavailableError) {
        deps.onError(error, c.get("requestId"));
        return c.json(errorBody(error.message), 503, { "retry-after": RETRY_AFTER_S });
      }
      // Nobody waits for this answer, and it is nobody's fault.
      if (c.req.raw.signal.aborted) return c.json(errorBody("The client has gone"), 400);
      deps.onError(error, c.get("requestId"));
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
    .post("/v1/query", async (c) => {
      const { principal, origin, body } = await signed(c);
      if (principal === null) return c.json(errorBody("Unauthorized"), 401);
      const ended = running.begin(principal.name);
      const onError = (error: unknown) => deps.onError(error, origin.requestId);
      const audited: QueryContext["audited"] = (deed, work) =>
        deps.stores.audit.write({ principal, origin }, deed, work);
      const told = { ...deps, onError, audited };
      const text = { body, accept: c.req.header("accept") ?? null };
      return await answerQuery(told, principal, text, c.req.raw.signal, ended);
    })
    .post("/v1/operations/:name", async (c) => {
      const { principal, origin, body } = await signed(c);
      const operation = deps.operations.get(c.req.param("name"));
      if (principal === null) return c.json(errorBody("Unauthorized"), 401);
      if (operation === undefined) return c.json(errorBody("Not Found"), 404);
      const { path = "{}", search = "" } = c.req.query();
      const { signal } = c.req.raw;
      return await answerOperation(operation, { path, search, body }, {
        stores: deps.stores,
        archive: deps.view(principal, { signal, maxTimeMs: OPERATION_MS_MAX }),
        principal,
        origin,
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
    .post("/v1/tokens", async (c) => {
      const { hash } = TokenHash.parse(JSON.parse((await signed(c)).body));
      const token = await deps.stores.tokens.resolve(hash);
      return token ? c.json(token) : c.json(errorBody("Not Found"), 404);
    })
    .post("/v1/rates", async (c) => {
      const report = RateReport.parse(JSON.parse((await signed(c)).body));
      return c.json({ left: rates.count(report) } satisfies RatesLeft);
    })
    .get("/v1/catalogs", async (c) => {
      await signed(c);
      const nobody = { name: "edge", admin: false, permissions: [], programIds: [] };
      const { signal } = c.req.raw;
      const names = await deps.view(nobody, { signal, maxTimeMs: 5_000 }).catalogNames();
      const holdings = await deps.stores.holdings.read(names);
      return c.json({ ...holdings, running: running.count } satisfies InstanceReport);
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
