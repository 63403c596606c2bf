/** How a client is told that it has had enough for now. */
import { errorBody } from "../core/contract/edge.ts";
import type { Taken } from "./rate_limit.ts";
import type { EdgeContext } from "./route.ts";

/**
 * The client of the field waits for as long as it is told, three times, and then gives up; left alone
 * it would wait 1, 2 and 4 s. A longer wait would look like a server that hangs.
 */
const RETRY_AFTER_S_MAX = 4;
const WAITED_S_MAX = 7;

/** Try again soon. */
export function tooMany(c: EdgeContext, { retryAfterS }: Taken): Response {
  return c.json(errorBody("Too Many Requests"), 429, {
    "retry-after": String(Math.min(retryAfterS, RETRY_AFTER_S_MAX)),
  });
}

/**
 * The quota is used up. Where that is over before the client gives up, it is told to wait; else, at
 * once and in words, when to come back: a client that tries again shows its user no words.
 */
export function overQuota(c: EdgeContext, taken: Taken): Response {
  if (taken.retryAfterS <= WAITED_S_MAX) return tooMany(c, taken);
  return c.json(
    errorBody(
      `Forbidden: your quota of work is used up; there is some again in ${taken.retryAfterS} s`,
    ),
    403,
  );
}
