/** What is asked of every archive, and the one answer that comes of it. */
import { ABSENT_HEADER } from "../core/contract/edge.ts";
import { CoreUnavailableError, endedWith } from "./ask.ts";
import { isUnavailable, namesOf, serviceUnavailable } from "./ask_any.ts";
import { type ListOrder, mergedLists } from "./merge_lists.ts";
import type { Instance } from "./plan.ts";

export interface Archives {
  /** Of each of them, who stands before it. */
  readonly archives: readonly (readonly Instance[])[];
  /** What one answers; null: it can't be reached. */
  ask(archive: readonly Instance[], signal: AbortSignal): Promise<Told>;
  /** How many instances there are. */
  readonly total: number;
  /** Of the request. */
  readonly signal: AbortSignal;
}

type Told = Response | null;

/** The answer of who has it. */
export async function askOwner(asked: Archives): Promise<Response> {
  const { found, answers } = await firstOk(asked);
  if (found) return found.told;
  const lost = lostOf(asked.archives, answers);
  // Who has it knows better why it can't be done than who hasn't.
  const present = answers.find((told) => !isLost(told) && !isAbsent(told!));
  const unknown = () =>
    serviceUnavailable(
      `Cannot reach ${namesOf(lost, asked.total)} for now, and nobody else has it`,
    );
  return only(present ?? (lost.length > 0 ? unknown() : answers[0]!), answers);
}

/** The archive that has what is asked for; undefined: none of those that can be reached. */
export async function findOwner(asked: Archives): Promise<readonly Instance[] | undefined> {
  const { found, answers } = await firstOk(asked);
  for (const told of found ? [found.told] : answers) discard(told);
  return found?.archive;
}

/** The answer of one of them, once all have done it: what one lacks is told as a failure. */
export async function askAll({ archives, ask, total, signal }: Archives): Promise<Response> {
  const answers = await Promise.all(archives.map((archive) => ask(archive, signal)));
  const lost = lostOf(archives, answers);
  if (lost.length === 0) return only(answers.find((told) => told!.ok) ?? answers[0]!, answers);
  const done = `${answers.filter((told) => !isLost(told)).length} of ${archives.length}`;
  const without = namesOf(lost, total);
  return only(
    serviceUnavailable(`Done by ${done} archives, and not by ${without}: to be repeated`),
    answers,
  );
}

/** One list of what all of them list. Throws `CoreUnavailableError`. */
export async function askLists(
  { archives, ask, total, signal }: Archives,
  order: ListOrder,
): Promise<Response> {
  const answers = await Promise.all(archives.map((archive) => ask(archive, signal)));
  const lost = lostOf(archives, answers);
  if (lost.length > 0) {
    const message = `Cannot list what ${
      namesOf(lost, total)
    } has for now: name a catalog of another`;
    return only(serviceUnavailable(message), answers);
  }
  const refused = answers.find((told) => !told!.ok);
  if (refused) return only(refused, answers);
  const texts = await Promise.all(answers.map((told) => told!.text())).catch((cause) => {
    throw new CoreUnavailableError("Cannot read a core's list", { cause });
  });
  return new Response(mergedLists(texts, order), {
    headers: { "content-type": "application/json; charset=utf-8" },
  });
}

interface Found {
  readonly archive: readonly Instance[];
  readonly told: Response;
}

/** The first that has done it, as soon as it has: the others are given up. Else what all of them say. */
async function firstOk(
  { archives, ask, signal }: Archives,
): Promise<{ readonly found: Found | null; readonly answers: readonly Told[] }> {
  const asked = archives.map((archive) => {
    const ended = endedWith(signal);
    return { ended, answer: ask(archive, ended.signal) };
  });
  const first = Promise.withResolvers<{ at: number; told: Response } | null>();
  const all = Promise.all(asked.map(async ({ answer }, at) => {
    const told = await answer;
    if (told?.ok) first.resolve({ at, told });
    return told;
  }));
  all.then(() => first.resolve(null), first.reject);
  const found = await first.promise;
  if (found === null) return { found, answers: await all };
  for (const [i, { ended }] of asked.entries()) if (i !== found.at) ended.abort();
  return { found: { archive: archives[found.at]!, told: found.told }, answers: [] };
}

/** Whether nothing is known of what became of it. */
function isLost(told: Told): boolean {
  return told === null || isUnavailable(told) || told.status === 429 || told.status === 500;
}

function isAbsent({ status, headers }: Response): boolean {
  return status === 404 || headers.has(ABSENT_HEADER);
}

function lostOf(archives: Archives["archives"], answers: readonly Told[]): Instance[] {
  return archives.flatMap((archive, i) => isLost(answers[i]!) ? archive : []);
}

/** That one, and none of the others. */
function only(one: Response, answers: readonly Told[]): Response {
  for (const told of answers) if (told !== one) discard(told);
  return one;
}

function discard(told: Told): void {
  told?.body?.cancel().catch(() => {});
}
