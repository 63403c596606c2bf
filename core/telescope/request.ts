/** One HTTP request to the telescope's program: asked once, never again by itself. */
import { request as requestHttp, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import { joined } from "../contract/bytes.ts";
import {
  type TelescopeAnswer,
  TelescopeError,
  type TelescopeRequest,
} from "../contract/triggers.ts";

/** Where the program is: behind a socket of this machine, or at an address. */
export type Place =
  | { readonly socketPath: string; readonly host: string }
  | { readonly url: URL };

export interface AskLimits {
  /** Until the whole answer is there. */
  readonly answerMsMax: number;
  readonly answerBytesMax: number;
}

/** Not `fetch`, which sends no body with GET. Throws `TelescopeError`. */
export function ask(
  place: Place,
  { method, path, body }: TelescopeRequest,
  { answerMsMax, answerBytesMax }: AskLimits,
): Promise<TelescopeAnswer> {
  const bytes = new TextEncoder().encode(body);
  const headers = {
    "content-type": "application/json",
    "content-length": bytes.length,
    accept: "application/json",
    ..."host" in place && { host: place.host },
  };
  const signal = AbortSignal.timeout(answerMsMax);
  // Without an agent no connection is used twice, so none can be found closed.
  const options: RequestOptions = { method, headers, signal, agent: false };
  const { promise, resolve, reject } = Promise.withResolvers<TelescopeAnswer>();
  const fail = (error: unknown) =>
    reject(
      new TelescopeError(
        signal.aborted
          ? `no answer of the telescope in ${answerMsMax / 1000} s`
          : "the telescope can't be reached",
        { cause: error },
      ),
    );
  const request = "url" in place
    ? (place.url.protocol === "https:" ? requestHttps : requestHttp)(
      new URL(place.url.pathname.replace(/\/$/, "") + path, place.url),
      options,
    )
    : requestHttp({ ...options, path, socketPath: place.socketPath });
  request.on("error", fail);
  request.on("response", (response) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    response.on("error", fail);
    response.on("data", (chunk: Uint8Array) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length <= answerBytesMax) return;
      fail(new Error(`More than ${answerBytesMax} bytes`));
      request.destroy();
    });
    response.on("end", () => {
      if (!response.complete) return fail(new Error("The answer is cut"));
      resolve({
        httpStatus: response.statusCode ?? 0,
        headers: pairs(response.rawHeaders),
        text: new TextDecoder().decode(joined(chunks)),
      });
    });
  });
  request.end(bytes);
  return promise;
}

function pairs(rawHeaders: readonly string[]): Record<string, string> {
  const names = rawHeaders.filter((_, i) => i % 2 === 0);
  return Object.fromEntries(names.map((name, i) => [name, rawHeaders[2 * i + 1]!]));
}
