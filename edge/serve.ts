/** Serves the edge on a port of this machine: for `deno task run`, and for the program `edge`. */
import { loadFolder } from "../core/base/registry.ts";
import { importSharedKey } from "../core/contract/edge.ts";
import { createApp } from "./app.ts";
import { createAsk } from "./ask.ts";
import { createInstances } from "./instances.ts";
import { RateLimit, type RateLimitSettings } from "./rate_limit.ts";
import type { Route } from "./route.ts";
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
  };
  readonly bodyBytesMax: number;
  readonly penquinsVersions: readonly string[];
  onError(error: unknown): void;
}

export interface RunningEdge {
  readonly url: string;
  /** Takes no more requests, and resolves when those in work are answered. */
  close(): Promise<void>;
}

/** Rejects with `Deno.errors.AddrInUse` where the port is taken. */
export async function startEdge(options: EdgeOptions): Promise<RunningEdge> {
  const ask = createAsk({ sharedKey: await importSharedKey(options.sharedSecret) });
  const instances = createInstances(options.cores, ask);
  const routes = await loadFolder<Route>(new URL("./routes/", import.meta.url));
  const { limits } = options;
  const app = createApp({
    routes: [...routes.values()],
    tokens: createTokens(options.tokens),
    users: createUsers(instances, ask),
    instances,
    ask,
    limits: {
      address: new RateLimit(limits.address),
      user: new RateLimit(limits.user),
      logIn: new RateLimit(limits.logIn),
    },
    bodyBytesMax: options.bodyBytesMax,
    penquinsVersions: options.penquinsVersions,
    onError: options.onError,
  });
  const { host, port } = options;
  const server = Deno.serve(
    { hostname: host, port, onListen: () => {} },
    (request, { remoteAddr }) => app.fetch(request, { address: remoteAddr.hostname }),
  );
  return {
    url: `http://${host}:${server.addr.port}`,
    close: () => server.shutdown(),
  };
}
