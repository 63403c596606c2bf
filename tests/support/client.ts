/** A client of the API in a test: one call, and all of its answer that a test may look at. */

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // deno-lint-ignore no-explicit-any
  readonly body: any;
}

export interface Call {
  /** The header `Authorization`, as it is. */
  readonly token?: string | undefined;
  /** Sent as JSON, or as it is where it is text. */
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export type Client = (method: string, path: string, call?: Call) => Promise<Answer>;

/** Of the API at `url`. What isn't JSON has no `body`. */
export function clientOf(url: string): Client {
  return async function call(method, path, { token, body, headers = {} } = {}) {
    const response = await fetch(url + path, {
      method,
      headers: { ...headers, ...token !== undefined && { authorization: token } },
      ...body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) },
    });
    const text = await response.text();
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      // Bytes, or a page.
    }
    return { status: response.status, headers: response.headers, text, body: parsed };
  };
}
