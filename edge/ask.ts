/** Asks a core: signed, streamed through, and given up when the client goes. */
import { sign } from "../core/contract/edge.ts";
import type { Principal } from "../core/contract/query.ts";

export interface AskOptions {
  readonly method?: "GET" | "POST";
  /** Of the core, with its query string. */
  readonly path: string;
  readonly body?: Uint8Array<ArrayBuffer>;
  /** For whom; null: for the edge itself. */
  readonly principal?: Principal | null;
  readonly signal: AbortSignal;
}

/** Whatever the core answers. Throws `CoreUnavailableError` where it doesn't. */
export type Ask = (core: string, options: AskOptions) => Promise<Response>;

/** A core can't be reached, or there is none: trying again later may help. */
export class CoreUnavailableError extends Error {
  override name = "CoreUnavailableError";
}

export interface AskDeps {
  /** The key shared with the cores, from `importSharedKey`. */
  readonly sharedKey: CryptoKey;
  readonly fetch?: (request: Request) => Promise<Response>;
  now?(): number;
}

export function createAsk({ sharedKey, fetch = globalThis.fetch, now = Date.now }: AskDeps): Ask {
  return async function ask(core, options) {
    const { method = "GET", body = new Uint8Array(), principal = null, signal } = options;
    const url = new URL(options.path, core);
    const path = url.pathname + url.search;
    const headers = await sign(sharedKey, { method, path, body }, principal, now());
    try {
      return await fetch(
        new Request(url, { method, headers, signal, ...method === "POST" && { body } }),
      );
    } catch (error) {
      signal.throwIfAborted();
      throw new CoreUnavailableError(`Cannot reach the core ${core}`, { cause: error });
    }
  };
}
