/** What every answer carries: the request's id, the charset, and what keeps browsers from mischief. */
import type { EdgeContext } from "./route.ts";

/** What a client may call its request, so that it finds it in our logs and can't write lines of them. */
const REQUEST_ID = /^[\w.-]{1,128}$/;

const ALWAYS = {
  "x-content-type-options": "nosniff",
  // Answers are for one user.
  "cache-control": "no-store",
};
/** Pages load nothing from elsewhere, and are in nobody's frame. */
const OF_PAGES = {
  "content-security-policy":
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; " +
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
};

export function requestIdOf(c: EdgeContext): string {
  const asked = c.req.header("x-request-id") ?? "";
  return REQUEST_ID.test(asked) ? asked : crypto.randomUUID();
}

/** What the answer says itself of these, it knows better. */
export function stamp(c: EdgeContext, requestId: string): void {
  const type = c.res.headers.get("content-type");
  const isPage = type?.startsWith("text/html") === true;
  const stamps = { ...ALWAYS, ...isPage && OF_PAGES };
  try {
    c.res.headers.set("x-request-id", requestId);
  } catch {
    // The answer of another server, as it is: its headers can't be changed.
    c.res = new Response(c.res.body, c.res);
    c.res.headers.set("x-request-id", requestId);
  }
  if (type === "application/json") c.res.headers.set("content-type", `${type}; charset=utf-8`);
  for (const [name, value] of Object.entries(stamps)) {
    if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  }
}
