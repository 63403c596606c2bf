/** A public path: one file of `edge/routes/`, or one of a file's list, held to this contract. */
import type { Context } from "hono";
import type { z } from "zod";
import type { Origin, UserRecord } from "../core/contract/edge.ts";
import type { Permission } from "../core/contract/permissions.ts";
import type { Principal } from "../core/contract/query.ts";
import type { Flights } from "./flights.ts";
import type { Instances } from "./instances.ts";
import type { About } from "./openapi.ts";
import type { RateLimit } from "./rate_limit.ts";
import type { SharedLimits } from "./shared_limits.ts";
import type { Tokens } from "./tokens.ts";
import type { Users } from "./users.ts";

/** What a request meets, and what the answers are made with. */
export interface EdgeDeps {
  readonly routes: readonly Route[];
  readonly tokens: Tokens;
  readonly users: Users;
  readonly instances: Instances;
  readonly flights: Flights;
  readonly limits: EdgeLimits;
  /** Without it, this edge counts alone. */
  readonly sharedLimits?: SharedLimits;
  readonly bodyBytesMax: number;
  /** Whose system it is, for the documentation. */
  readonly about?: About;
  /** Versions of the Python client that may log in besides all 2.x. */
  readonly penquinsVersions: readonly string[];
  /** Told of faults that are ours: what the client gets to know of them is that there was one. */
  onError(error: unknown, requestId?: string): void;
}

export interface EdgeLimits {
  readonly address: RateLimit;
  readonly user: RateLimit;
  /** Of log-ins that failed, by address and by the name that was tried. */
  readonly logIn: RateLimit;
  /** Of one user's work, in seconds of a core's time (`metered_ask.ts`). */
  readonly work: RateLimit;
}

export interface EdgeEnv {
  Bindings: {
    /** The network address that the request is from. */
    readonly address: string;
    /** Of GET and HEAD, for which a `Request` can have none. */
    readonly body?: Uint8Array<ArrayBuffer> | undefined;
  };
  Variables: {
    /** Who asks; undefined: nobody who said so. */
    readonly user: UserRecord | undefined;
    readonly origin: Origin;
  };
}

export type EdgeContext = Context<EdgeEnv>;

/** A route as the OpenAPI document tells it; schemas are those that parse, from `core/contract`. */
export interface RouteDoc {
  readonly summary: string;
  readonly description?: string;
  /** One of: system, auth, users, queries, filters, triggers, mma-triggers, skymap, cutouts, classifications. */
  readonly tag: string;
  /** Of each `:name` of the path. */
  readonly params?: Readonly<Record<string, z.ZodType>>;
  readonly search?: Readonly<Record<string, z.ZodType>>;
  readonly body?: z.ZodType;
  /** What is in `data` where all went well; absent: nothing is. */
  readonly data?: z.ZodType;
  /** The whole answer where all went well, where that is no envelope. */
  readonly answer?: z.ZodType;
  /** Other than JSON; in its place, where there is neither `data` nor `answer`. */
  readonly contentTypes?: readonly string[];
  /** That it may answer besides 200, 400, 401, 403, 413, 429, 503. */
  readonly statuses?: readonly number[];
}

export interface Route {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  /**
   * `unchecked`: neither rates nor tokens are looked at, for machines that watch over us. `anyone`: a
   * token may be missing, but not wrong. Else what the token's user needs to have.
   */
  readonly access: "unchecked" | "anyone" | Permission;
  /** The user is looked up anew: what this does outlasts the seconds for which one is remembered. */
  readonly isFresh?: boolean | ((c: EdgeContext) => Promise<boolean>);
  /** It is no work, and goes where the quota of work is used up: so that people get at their tokens. */
  readonly isFree?: boolean;
  /** Where its bodies may be larger than others. */
  readonly bodyBytesMax?: number;
  /** What OpenAPI says of it; null: it isn't for people. */
  readonly doc: RouteDoc | null;
  handle(c: EdgeContext, deps: EdgeDeps): Promise<Response> | Response;
}

export function defineRoute(route: Route): Route {
  return route;
}

/** For whom a core is asked; the route's access has seen to it that there is somebody. */
export function principalOf(c: EdgeContext): Principal {
  const { name, admin, permissions, programIds } = c.get("user")!;
  return { name, admin, permissions, programIds };
}
