/** An API with its admin, and people who come and go: for tests of users and tokens. */
import { startApi, type TestApi } from "./api.ts";
import { type Answer, type Client, clientOf } from "./client.ts";

/** Everybody's, until it is changed. */
export const PASSWORD = "the first one";
export const WELL = [200, "greetings from Kowalski!"];
export const INVALID = [400, "token is invalid"];

export interface Someone {
  readonly name: string;
  /** `/api/users/` and the name. */
  readonly path: string;
  /** Got by logging in. */
  readonly token: string;
}

export interface Accounts extends AsyncDisposable {
  readonly api: TestApi;
  readonly call: Client;
  /** The admin's token. */
  readonly admin: string;
  /** Undefined where the password is wrong. */
  logIn(username: string, password?: string): Promise<string | undefined>;
  /** What a token is worth at `/`: `WELL`, `INVALID`, or else. */
  ping(token: string | undefined, at?: Client): Promise<unknown[]>;
  /** A new user, logged in. */
  someone(more?: Record<string, unknown>): Promise<Someone>;
  /** A personal access token, and what is told with it. */
  personal(
    token: string,
    scopes: string[],
    more?: Record<string, unknown>,
  ): Promise<Record<"id" | "token" | "created_at" | "expires_at", string>>;
}

export function told({ status, body }: Answer): unknown[] {
  return [status, body.message];
}

export async function startAccounts(): Promise<Accounts> {
  const api = await startApi();
  const call = clientOf(api.edge.url);
  const admin = await api.token();
  const logIn: Accounts["logIn"] = async (username, password = PASSWORD) =>
    (await call("POST", "/api/auth", { body: { username, password } })).body.token;
  return {
    api,
    call,
    admin,
    logIn,
    ping: async (token, at = call) => told(await at("GET", "/", { token })),
    async someone(more = {}) {
      const name = crypto.randomUUID();
      const body = { username: name, password: PASSWORD, ...more };
      await call("POST", "/api/users", { token: admin, body });
      const token = (await logIn(name, body.password))!;
      return { name, path: `/api/users/${name}`, token };
    },
    async personal(token, scopes, more = {}) {
      const body = { name: "a program", scopes, ...more };
      return (await call("POST", "/api/tokens", { token, body })).body.data;
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}
