/** The way to the telescope that the settings tell: a relay, a tunnel that requests share, or none. */
import type { Log } from "../base/log.ts";
import { type Telescope, TelescopeError, type TelescopeRequest } from "../contract/triggers.ts";
import { ask, type AskLimits } from "./request.ts";
import { openTunnel, type Tunnel, type TunnelOptions } from "./tunnel.ts";

export type Way =
  | { readonly kind: "none" }
  /** A program that passes requests on, at this address. */
  | { readonly kind: "relay"; readonly url: string }
  | ({ readonly kind: "tunnel" } & Omit<TunnelOptions, "openMsMax">);

const LIMITS: TelescopeLimits = {
  openMsMax: 10_000,
  answerMsMax: 10_000,
  answerBytesMax: 16 * 1024 * 1024,
};

export interface TelescopeLimits extends AskLimits {
  readonly openMsMax: number;
}

export function openTelescope(
  way: Way,
  log: Log,
  limits: TelescopeLimits = LIMITS,
): Telescope & AsyncDisposable {
  if (way.kind === "tunnel") return new Tunnelled(way, log, limits);
  return {
    async send(request) {
      if (way.kind === "none") throw new TelescopeError("no telescope is configured");
      return await ask({ url: new URL(way.url) }, request, limits);
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** A tunnel and who uses it: it is closed when it is no longer good and nobody's request is in it. */
interface Shared {
  readonly tunnel: Promise<Tunnel>;
  users: number;
}

/** One tunnel, opened by the first request and closed by the first error. */
class Tunnelled implements Telescope, AsyncDisposable {
  readonly #way: Omit<TunnelOptions, "openMsMax">;
  readonly #log: Log;
  readonly #limits: TelescopeLimits;
  readonly #closing = new Set<Promise<void>>();
  #shared: Shared | null = null;

  constructor(way: Omit<TunnelOptions, "openMsMax">, log: Log, limits: TelescopeLimits) {
    this.#way = way;
    this.#log = log;
    this.#limits = limits;
  }

  async send(request: TelescopeRequest) {
    const shared = this.#shared ??= this.#open();
    shared.users++;
    try {
      const { socketPath } = await shared.tunnel;
      const { host, port } = this.#way.target;
      return await ask({ socketPath, host: `${host}:${port}` }, request, this.#limits);
    } catch (error) {
      this.#forget(shared);
      this.#log.warn("the telescope wasn't reached", {
        error: String(error),
        cause: causeOf(error),
      });
      throw error instanceof TelescopeError
        ? error
        : new TelescopeError("the tunnel to the telescope can't be opened", { cause: error });
    } finally {
      shared.users--;
      this.#closeIfUnused(shared);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const shared = this.#shared;
    this.#shared = null;
    if (shared) this.#closeIfUnused(shared);
    await Promise.all(this.#closing);
  }

  #open(): Shared {
    const shared: Shared = {
      tunnel: openTunnel({ ...this.#way, openMsMax: this.#limits.openMsMax }),
      users: 0,
    };
    shared.tunnel.then(({ ended }) => ended).then((said) => {
      if (this.#shared === shared) this.#log.warn("the tunnel to the telescope ended", { said });
      this.#forget(shared);
    }, () => {}); // Told to whom it was opened for.
    return shared;
  }

  #forget(shared: Shared): void {
    if (this.#shared === shared) this.#shared = null;
  }

  #closeIfUnused(shared: Shared): void {
    if (shared.users > 0 || this.#shared === shared) return;
    const closed = shared.tunnel.then((tunnel) => tunnel[Symbol.asyncDispose](), () => {});
    this.#closing.add(closed);
    closed.finally(() => this.#closing.delete(closed));
  }
}

function causeOf(error: unknown): string | undefined {
  const cause = (error as Error).cause;
  return cause === undefined ? undefined : String(cause);
}
