/**
 * The whole edge, in the order a request meets it: its address's rate, its token, its user's rate, its
 * size, its route. A pure function from request to response, of web standards only; `serve.ts` opens
 * the port.
 */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { createMiddleware } from "hono/factory";
import { errorBody } from "../core/contract/edge.ts";
import { JsonError } from "../core/contract/json.ts";
import { CoreUnavailableError } from "./ask.ts";
import type { Taken } from "./rate_limit.ts";
import type { EdgeContext, EdgeDeps, EdgeEnv, Route } from "./route.ts";
import { TokenError } from "./tokens.ts";

export function createApp(deps: EdgeDeps): Hono<EdgeEnv> {
  const { limits, tokens, users, routes, bodyBytesMax } = deps;

  const limitAddress = createMiddleware<EdgeEnv>(async function limitAddress(c, next) {
    // Before the token is read, so that guessing tokens is slow.
    const taken = limits.address.take(c.env.address);
    if (!taken.ok) return tooMany(c, taken);
    await next();
  });
  const authenticate = createMiddleware<EdgeEnv>(async function authenticate(c, next) {
    const identity = await tokens.read(c.req.header("authorization"));
    if (identity !== null) {
      const user = await users.find(identity.userId, c.req.raw.signal);
      // Of a user who was deleted, or from before their password changed.
      if (!user || identity.issuedAtS < user.tokensValidFromS) throw new TokenError();
      const taken = limits.user.take(user.name);
      if (!taken.ok) return tooMany(c, taken);
      c.set("user", user);
    }
    await next();
  });
  const limitBody = bodyLimit({
    maxSize: bodyBytesMax,
    onError: (c) => c.json(errorBody(`Request body must be <= ${bodyBytesMax} bytes`), 413),
  });

  const app = new Hono<EdgeEnv>()
    .onError((error, c) => answerTo(error, c, deps.onError))
    .notFound((c) => c.json(errorBody("Not Found"), 404));
  for (const route of routes.filter(({ access }) => access === "unchecked")) add(route);
  app.use("*", limitAddress, authenticate, limitBody);
  for (const route of routes.filter(({ access }) => access !== "unchecked")) add(route);
  for (const [path, same] of Map.groupBy(routes, ({ path }) => path)) {
    const allow = same.map(({ method }) => method).join(", ");
    app.all(path, (c) => c.json(errorBody("Method Not Allowed"), 405, { allow }));
  }
  return app;

  function add(route: Route): void {
    app.on(route.method, route.path, (c) => {
      const user = c.get("user");
      if (route.access !== "unchecked" && route.access !== "anyone") {
        if (!user) return c.json(errorBody("Unauthorized"), 401);
        if (!user.permissions.includes(route.access)) {
          return c.json(errorBody(`Forbidden: this needs the permission "${route.access}"`), 403);
        }
      }
      return route.handle(c, deps);
    });
  }
}

function tooMany(c: EdgeContext, { retryAfterS }: Taken): Response {
  return c.json(errorBody("Too Many Requests"), 429, { "retry-after": String(retryAfterS) });
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
  onError(error);
  // What a stranger is told of a bug is that there is one.
  return error instanceof CoreUnavailableError
    ? c.json(errorBody("Service Unavailable"), 503, { "retry-after": "1" })
    : c.json(errorBody("Internal Server Error"), 500);
}
