/** A public path: one file of `edge/routes/`, held to this contract. */
import type { Context } from "hono";
import type { UserRecord } from "../core/contract/edge.ts";
import type { Ask } from "./ask.ts";
import type { Instances } from "./instances.ts";
import type { RateLimit } from "./rate_limit.ts";
import type { Tokens } from "./tokens.ts";
import type { Users } from "./users.ts";

/** What a request meets, and what the answers are made with. */
export interface EdgeDeps {
  readonly routes: readonly Route[];
  readonly tokens: Tokens;
  readonly users: Users;
  readonly instances: Instances;
  readonly ask: Ask;
  readonly limits: EdgeLimits;
  readonly bodyBytesMax: number;
  /** Versions of the Python client that may log in besides all 2.x. */
  readonly penquinsVersions: readonly string[];
  /** Told of faults that are ours: what the client gets to know of them is that there was one. */
  onError(error: unknown): void;
}

export interface EdgeLimits {
  readonly address: RateLimit;
  readonly user: RateLimit;
  /** Of log-ins that failed, by address and by the name that was tried. */
  readonly logIn: RateLimit;
}

export interface EdgeEnv {
  Bindings: {
    /** The network address that the request is from. */
    readonly address: string;
  };
  Variables: {
    /** Who asks; undefined: nobody who said so. */
    readonly user: UserRecord | undefined;
  };
}

export type EdgeContext = Context<EdgeEnv>;

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  /**
   * `unchecked`: neither rates nor tokens are looked at, for machines that watch over us. `anyone`: a
   * token may be missing, but not wrong. `user`, `admin`: a token is needed.
   */
  readonly access: "unchecked" | "anyone" | "user" | "admin";
  handle(c: EdgeContext, deps: EdgeDeps): Promise<Response> | Response;
}

export function defineRoute(route: Route): Route {
  return route;
}
