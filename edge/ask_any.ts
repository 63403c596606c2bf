/** Asks one of several cores that can answer the same, and tells who is missing where none does. */
import { errorBody } from "../core/contract/edge.ts";
import { type AskOptions, CoreUnavailableError } from "./ask.ts";
import type { Instances } from "./instances.ts";
import type { Instance, Missing } from "./plan.ts";

/** One more try is a chance; more would only multiply the load where all are busy. */
const TRIES_MAX = 2;
/** That a core can't answer now, or that what stands before it can't. */
const UNAVAILABLE = [502, 503, 504];

/**
 * The answer of the first of the cores. Where it can't be had the next one is asked, if the request
 * `mayRepeat`: the core may have begun what it was asked, but nothing of its answer has gone to the
 * client. Throws `CoreUnavailableError`.
 */
export async function askAny(
  cores: readonly Instance[],
  options: AskOptions,
  { ask }: Pick<Instances, "ask">,
  { mayRepeat }: { readonly mayRepeat: boolean },
): Promise<Response> {
  // Who alone can answer is asked again: it may have been the connection.
  const tries = mayRepeat ? [...cores, ...cores].slice(0, TRIES_MAX) : cores.slice(0, 1);
  for (const [i, { url }] of tries.entries()) {
    const isLast = i === tries.length - 1;
    try {
      const answer = await ask(url, options);
      if (isLast || !isUnavailable(answer)) return answer;
      await answer.body?.cancel();
    } catch (error) {
      if (isLast || !(error instanceof CoreUnavailableError)) throw error;
    }
  }
  throw new CoreUnavailableError("Cannot ask a core as one must be up");
}

export function isUnavailable({ status }: Response): boolean {
  return UNAVAILABLE.includes(status);
}

export function unavailable(missing: readonly Missing[], total: number): Response {
  const catalogs = [...new Set(missing.map(({ catalog }) => catalog))];
  return serviceUnavailable(unavailableMessage(missing, total), { missing: catalogs });
}

/** 503: a client tries again, and finds the instance if it is back by then. */
export function serviceUnavailable(message: string, more: Record<string, unknown> = {}): Response {
  return Response.json({ ...errorBody(message), ...more }, {
    status: 503,
    headers: { "retry-after": "1" },
  });
}

export function unavailableMessage(missing: readonly Missing[], total: number): string {
  if (missing.length === 0) return "Service Unavailable";
  const each = missing.map(({ catalog, instances }) =>
    `${catalog} of ${namesOf(instances, total)}`
  );
  return `Cannot read ${[...new Set(each)].join(", ")} for now`;
}

/** By their numbers: addresses of cores are nobody's business. */
export function namesOf(instances: readonly Instance[], total: number): string {
  const numbers = instances.map(({ number }) => number).sort((one, other) => one - other);
  return `instance ${numbers.join(" and ")} (of ${total})`;
}
