/**
 * The whole edge, in the order a request meets it: its address's rate, its token, its user's rate, its
 * size, its route, its user's quota. A pure function from request to response, of web standards only;
 * `serve.ts` opens the port.
 */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { createMiddleware } from "hono/factory";
import { errorBody, NO_ORIGIN } from "../core/contract/edge.ts";
import { JsonError } from "../core/contract/json.ts";
import { placeOf } from "./address.ts";
import { type Ask, CoreUnavailableError } from "./ask.ts";
import { type Caller, createAuthenticate } from "./authenticate.ts";
import { meteredAsk } from "./metered_ask.ts";
import type { EdgeContext, EdgeDeps, EdgeEnv, Route } from "./route.ts";
import { requestIdOf, stamp } from "./stamp.ts";
import { TokenError } from "./tokens.ts";
import { overQuota, tooMany } from "./too_many.ts";

/** What is done with it outlasts the few seconds for which a user is remembered. */
const LASTING: Route["access"] = "users";

export function createApp(deps: EdgeDeps): Hono<EdgeEnv> {
  const { limits, tokens, users, routes, bodyBytesMax } = deps;
  const authenticate = createAuthenticate(tokens, users);

  const identify = createMiddleware<EdgeEnv>(async function identify(c, next) {
    const requestId = requestIdOf(c);
    c.set("origin", { ...NO_ORIGIN, address: c.env.address, requestId });
    await next();
    stamp(c, requestId);
  });
  const limitAddress = createMiddleware<EdgeEnv>(async function limitAddress(c, next) {
    // Before the token is read, so that guessing tokens is slow.
    const taken = limits.address.take(placeOf(c.env.address));
    if (!taken.ok) return tooMany(c, taken);
    await next();
    deps.sharedLimits?.touch();
  });
  const findUser = createMiddleware<EdgeEnv>(async function findUser(c, next) {
    const { signal } = c.req.raw;
    const caller = await authenticate(c.req.header("authorization"), { signal });
    if (caller !== null) {
      const taken = limits.user.take(caller.user.name);
      if (!taken.ok) return tooMany(c, taken);
      setCaller(c, caller);
    }
    await next();
  });
  const limitBody = createMiddleware<EdgeEnv>(async function limitBody(c, next) {
    const { method, path } = c.req;
    const route = routes.find((each) => each.method === method && each.path === path);
    // Strangers could fill the memory with what is refused in the end.
    const own = c.get("user") ? route?.bodyBytesMax ?? 0 : 0;
    const maxSize = Math.max(bodyBytesMax, own);
    const onError = () => c.json(errorBody(`Request body must be <= ${maxSize} bytes`), 413);
    return await bodyLimit({ maxSize, onError })(c, next);
  });

  const app = new Hono<EdgeEnv>()
    .onError((error, c) => answerTo(error, c, deps.onError))
    .notFound((c) => c.json(errorBody("Not Found"), 404));
  app.use("*", identify);
  for (const route of routes.filter(({ access }) => access === "unchecked")) add(route);
  app.use("*", limitAddress, findUser, limitBody);
  for (const path of namedFirst(routes.map(({ path }) => path))) {
    routes.filter((route) => route.path === path && route.access !== "unchecked").forEach(add);
    app.all(path, notAllowed(path));
  }
  return app;

  function add(route: Route): void {
    const ofPath = routes.filter(({ path }) => path === route.path);
    app.on(route.method, route.path, async (c) => {
      // Hono asks GET's route for HEAD, too.
      const asked = ofPath.find(({ method }) => method === c.req.method);
      if (!asked) return notAllowed(route.path)(c);
      return await refusal(c, asked) ?? await asked.handle(c, depsFor(c, asked));
    });
  }

  function notAllowed(path: string) {
    const allow = routes.filter((each) => each.path === path).map(({ method }) => method);
    return (c: EdgeContext) =>
      c.json(errorBody("Method Not Allowed"), 405, { allow: allow.join(", ") });
  }

  async function refusal(c: EdgeContext, route: Route): Promise<Response | null> {
    const { access } = route;
    if (access === "unchecked" || access === "anyone") return null;
    if (!c.get("user")) return c.json(errorBody("Unauthorized"), 401);
    const { isFresh = access === LASTING } = route;
    if (typeof isFresh === "function" ? await isFresh(c) : isFresh) {
      const lookUp = { signal: c.req.raw.signal, isFresh: true };
      setCaller(c, (await authenticate(c.req.header("authorization"), lookUp))!);
    }
    const { name, permissions } = c.get("user")!;
    if (!permissions.includes(access)) {
      return c.json(errorBody(`Forbidden: this needs the permission "${access}"`), 403);
    }
    const work = limits.work.look(name);
    return work.ok || route.isFree ? null : overQuota(c, work);
  }

  /** What the route asks of cores says where it comes from, and is counted as its user's work. */
  function depsFor(c: EdgeContext, { isFree = false }: Route): EdgeDeps {
    const user = c.get("user");
    const origin = c.get("origin");
    const ask: Ask = (core, options) =>
      deps.instances.ask(core, { ...options, origin: options.origin ?? origin });
    const counted = user && !isFree
      ? meteredAsk(ask, (units) => limits.work.charge(user.name, units))
      : ask;
    return { ...deps, instances: { ...deps.instances, ask: counted } };
  }
}

/** A path that says a name comes before one that has any name there. */
function namedFirst(paths: readonly string[]): string[] {
  const key = (path: string) => path.replaceAll("/:", "/~");
  return [...new Set(paths)].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function setCaller(c: EdgeContext, { user, tokenId }: Caller): void {
  c.set("user", user);
  c.set("origin", { ...c.get("origin"), tokenId, epochMs: user.tokensValidFromMs });
}

function answerTo(
  error: Error,
  c: EdgeContext,
  onError: EdgeDeps["onError"],
): Response {
  if (error instanceof TokenError) return c.json(errorBody(error.message), 400);
  if (error instanceof JsonError) {
    return c.json(errorBody(`JSONDecodeError: ${error.message}`), 400);
  }
  if (error instanceof HTTPException) return c.json(errorBody(error.message), error.status);
  // Nobody waits for this answer, and it is nobody's fault.
  if (c.req.raw.signal.aborted) return c.json(errorBody("The client has gone"), 400);
  onError(error, c.get("origin")?.requestId);
  // What a stranger is told of a bug is that there is one.
  return error instanceof CoreUnavailableError
    ? c.json(errorBody("Service Unavailable"), 503, { "retry-after": "1" })
    : c.json(errorBody("Internal Server Error"), 500);
}
