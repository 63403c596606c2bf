/** Serves the edge on a port of this machine: for `deno task run`, and for the program `edge`. */
import { loadFolder } from "../core/base/registry.ts";
import { importSharedKey } from "../core/contract/edge.ts";
import { addressOf } from "./address.ts";
import { createApp } from "./app.ts";
import { createAsk } from "./ask.ts";
import { createFlights } from "./flights.ts";
import { createInstances, type InstancesOptions } from "./instances.ts";
import { listen } from "./listen.ts";
import type { About } from "./openapi.ts";
import { RateLimit, type RateLimitSettings } from "./rate_limit.ts";
import type { Route } from "./route.ts";
import { shareLimits } from "./shared_limits.ts";
import { createTokens, type TokenSettings } from "./tokens.ts";
import { createUsers } from "./users.ts";

export interface EdgeOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Addresses of the cores. */
  readonly cores: readonly string[];
  /** The secret shared with the cores. */
  readonly sharedSecret: string;
  readonly tokens: TokenSettings;
  readonly limits: {
    readonly address: RateLimitSettings;
    readonly user: RateLimitSettings;
    readonly logIn: RateLimitSettings;
    readonly work: RateLimitSettings;
  };
  /** How many proxies of ours stand between clients and this edge; 0 by default. */
  readonly proxies?: number;
  readonly bodyBytesMax: number;
  readonly about?: About;
  readonly penquinsVersions: readonly string[];
  onError(error: unknown, requestId?: string): void;
  /** How the cores are watched, and who is told when one goes. */
  readonly instances?: InstancesOptions;
}

export interface RunningEdge {
  readonly url: string;
  /** Takes no more requests, and resolves when those in work are answered. */
  close(): Promise<void>;
}

/** Rejects with `Deno.errors.AddrInUse` where the port is taken. */
export async function startEdge(options: EdgeOptions): Promise<RunningEdge> {
  const sharedKey = await importSharedKey(options.sharedSecret);
  const instances = createInstances(options.cores, createAsk({ sharedKey }), options.instances);
  const flights = createFlights();
  const routes = await loadFolder<Route | readonly Route[]>(new URL("./routes/", import.meta.url));
  const limits = {
    address: new RateLimit(options.limits.address),
    user: new RateLimit(options.limits.user),
    logIn: new RateLimit(options.limits.logIn),
    work: new RateLimit(options.limits.work),
  };
  const sharedLimits = shareLimits({ limits, instances });
  const app = createApp({
    routes: [...routes.values()].flat(),
    tokens: createTokens(options.tokens),
    users: createUsers(instances),
    instances,
    flights,
    limits,
    sharedLimits,
    bodyBytesMax: options.bodyBytesMax,
    ...options.about && { about: options.about },
    penquinsVersions: options.penquinsVersions,
    onError: options.onError,
  });
  const { host, port, proxies = 0 } = options;
  const server = await listen(
    { host, port },
    (request, { remote, body }) =>
      app.fetch(request, { address: addressOf(request.headers, remote, proxies), body }),
  );
  return {
    url: `http://${host}:${server.port}`,
    async close() {
      await server.close();
      await sharedLimits.settled();
      flights.close();
      await instances.close();
    },
  };
}
