import { z } from "zod";
import { Credentials, errorBody, UserRecord } from "../../core/contract/edge.ts";
import { parseExact, shortText } from "../../core/contract/json.ts";
import { placeOf } from "../address.ts";
import { CoreUnavailableError } from "../ask.ts";
import { askTarget } from "../target.ts";
import { tooMany } from "../too_many.ts";
import { defineRoute, type EdgeContext, type EdgeDeps } from "../route.ts";

const VERSION = "penquins.__version__";

/** As clients send it, for the documentation: what is wrong with it is told in words of its own. */
const LogIn = Credentials.extend({
  [VERSION]: z.string().optional().meta({ description: "Of the Python client; any 2.x" }),
});
const LoggedIn = z.object({ status: z.literal("success"), token: z.string() });

/** Log-in: a name and a password for a token. */
export default defineRoute({
  method: "POST",
  path: "/api/auth",
  access: "anyone",
  doc: {
    summary: "Log in: a name and a password for a token",
    tag: "auth",
    body: LogIn,
    answer: LoggedIn,
    statuses: [401],
  },
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
  { instances, limits, tokens }: EdgeDeps,
  credentials: Credentials,
): Promise<Response> {
  // Who fails too often waits, whether it is one address or one name that many try. Each try counts
  // until it is known to be right, so that many at once gain nothing.
  const keys = [`address ${placeOf(c.env.address)}`, `name ${credentials.username}`];
  const blocked = keys.map((key) => limits.logIn.look(key)).find(({ ok }) => !ok);
  if (blocked) return tooMany(c, blocked);
  const count = (tries: number) => keys.forEach((key) => limits.logIn.charge(key, tries));
  count(1);
  try {
    const request = {
      method: "POST",
      path: "/v1/auth",
      body: new TextEncoder().encode(JSON.stringify(credentials)),
      signal: c.req.raw.signal,
    } as const;
    const response = await askTarget("home", request, instances, { mayRepeat: true });
    if (response.ok) {
      const user = UserRecord.parse(await response.json());
      count(-1);
      return c.json({ status: "success", token: await tokens.issue(user) });
    }
    await response.body?.cancel();
    if (response.status !== 401) {
      throw new CoreUnavailableError(`Cannot log in: the core says ${response.status}`);
    }
    return c.json(errorBody("Unauthorized"), 401);
  } catch (error) {
    if (error instanceof CoreUnavailableError) count(-1);
    throw error;
  }
}

/** All of 2.x speak the same protocol; a list of releases would lock out the next one. */
function isSupported(version: unknown, more: readonly string[]): boolean {
  return typeof version === "string" && (/^2\.\d+\.\d+/.test(version) || more.includes(version));
}

function refuse(c: EdgeContext, message: string): Response {
  return c.json(errorBody(message), 400);
}
