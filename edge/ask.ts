/** Asks a core: signed, streamed through, and given up when the client goes. */
import { type Origin, type SharedKey, sign } from "../core/contract/edge.ts";
import type { Principal } from "../core/contract/query.ts";

export interface AskOptions {
  readonly method?: "GET" | "POST";
  /** Of the core, with its query string. */
  readonly path: string;
  readonly body?: Uint8Array<ArrayBuffer>;
  /** The client's header `Accept`: which format the answer is to have. */
  readonly accept?: string | undefined;
  /** For whom; null: for the edge itself. */
  readonly principal?: Principal | null;
  /** Where the client's request came from; none: the edge asks on its own account. */
  readonly origin?: Origin | undefined;
  readonly signal: AbortSignal;
}

/** Whatever the core answers. Throws `CoreUnavailableError` where it doesn't. */
export type Ask = (core: string, options: AskOptions) => Promise<Response>;

/** A core can't be reached, or there is none: trying again later may help. */
export class CoreUnavailableError extends Error {
  override name = "CoreUnavailableError";
}

/**
 * Ends with the other, or before it. One of its own, and not what `AbortSignal.any` makes of two: that
 * may be collected while it is needed.
 */
export function endedWith(signal: AbortSignal): AbortController {
  const ended = new AbortController();
  const end = () => ended.abort(signal.reason);
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  return ended;
}

export interface AskDeps {
  /** The key shared with the cores, from `importSharedKey`. */
  readonly sharedKey: SharedKey;
  readonly fetch?: (url: URL, init: RequestInit) => Promise<Response>;
  now?(): number;
}

export function createAsk({ sharedKey, fetch = globalThis.fetch, now = Date.now }: AskDeps): Ask {
  return async function ask(core, options) {
    const { method = "GET", body = new Uint8Array(), principal = null } = options;
    const { accept, origin, signal } = options;
    const url = new URL(options.path, core);
    const path = url.pathname + url.search;
    const signed = await sign(sharedKey, { method, path, body }, principal, now(), origin);
    const headers = { ...signed, ...accept !== undefined && { accept } };
    try {
      return await fetch(url, { method, headers, signal, ...method === "POST" && { body } });
    } catch (error) {
      signal.throwIfAborted();
      throw new CoreUnavailableError(`Cannot reach the core ${core}`, { cause: error });
    }
  };
}
