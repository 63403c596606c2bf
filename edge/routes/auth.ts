import { z } from "zod";
import { Credentials, errorBody, UserRecord } from "../../core/contract/edge.ts";
import { parseExact, shortText } from "../../core/contract/json.ts";
import { CoreUnavailableError } from "../ask.ts";
import { defineRoute, type EdgeContext, type EdgeDeps } from "../route.ts";

const VERSION = "penquins.__version__";

/** Log-in: a name and a password for a token. */
export default defineRoute({
  method: "POST",
  path: "/api/auth",
  access: "anyone",
  doc: { summary: "Log in: a name and a password for a token", tag: "auth" },
  async handle(c, deps) {
    const request = z.record(z.string(), z.unknown()).safeParse(parseExact(await c.req.text()));
    if (!request.success) return refuse(c, "the body must be a JSON object");
    const { username, password, [VERSION]: version } = request.data;
    if (username == null || username === "") return refuse(c, "missing username");
    if (password == null || password === "") return refuse(c, "missing password");
    if (VERSION in request.data && !isSupported(version, deps.penquinsVersions)) {
      return refuse(c, `unsupported version of penquins: ${shortText(version)}`);
    }
    const credentials = Credentials.safeParse({ username, password });
    if (!credentials.success) return refuse(c, "username and password must be strings");
    return await logIn(c, deps, credentials.data);
  },
});

async function logIn(
  c: EdgeContext,
  { instances, ask, limits, tokens }: EdgeDeps,
  credentials: Credentials,
): Promise<Response> {
  // Who fails too often waits, whether it is one address or one name that many try.
  const keys = [`address ${c.env.address}`, `name ${credentials.username}`];
  const blocked = keys.map((key) => limits.logIn.look(key)).find(({ ok }) => !ok);
  if (blocked) {
    return c.json(errorBody("Too Many Requests"), 429, {
      "retry-after": String(blocked.retryAfterS),
    });
  }
  const response = await ask(await instances.choose([]), {
    method: "POST",
    path: "/v1/auth",
    body: new TextEncoder().encode(JSON.stringify(credentials)),
    signal: c.req.raw.signal,
  });
  if (response.ok) {
    const { name } = UserRecord.parse(await response.json());
    return c.json({ status: "success", token: await tokens.issue(name) });
  }
  await response.body?.cancel();
  if (response.status !== 401) {
    throw new CoreUnavailableError(`Cannot log in: the core says ${response.status}`);
  }
  for (const key of keys) limits.logIn.take(key);
  return c.json(errorBody("Unauthorized"), 401);
}

/** All of 2.x speak the same protocol; a list of releases would lock out the next one. */
function isSupported(version: unknown, more: readonly string[]): boolean {
  return typeof version === "string" && (/^2\.\d+\.\d+/.test(version) || more.includes(version));
}

function refuse(c: EdgeContext, message: string): Response {
  return c.json(errorBody(message), 400);
}
