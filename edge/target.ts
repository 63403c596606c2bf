/** Which of several cores do an operation, by what it is about. */
import { errorBody } from "../core/contract/edge.ts";
import { type AskOptions, CoreUnavailableError } from "./ask.ts";
import { askAny, isUnavailable, namesOf, serviceUnavailable } from "./ask_any.ts";
import type { Instances } from "./instances.ts";
import { alertsOf, ApartError, archivesOf, holdersOf, homeOf, type Instance } from "./plan.ts";

/**
 * | target | whose archive |
 * | --- | --- |
 * | `home` | the first instance's, where users, tokens and filters are |
 * | `any` | anybody's; for what every archive has, and only to read it |
 * | `all` | everybody's: what one lacks afterwards is told as a failure, to be repeated |
 * | `owner` | that of who has it, which nobody else knows: all are asked, and one can do it |
 * | `{ catalogs }` | that of who holds all of these |
 * | `{ survey }` | that of who holds the survey's alerts, by its name in any case |
 */
export type Target =
  | "home"
  | "any"
  | "all"
  | "owner"
  | { readonly catalogs: readonly string[] }
  | { readonly survey: string };

/**
 * The answer of who does it. What `mayRepeat` is asked of another, also before another archive, where
 * the first can't be reached; what writes is always done before the same archive.
 */
export async function askTarget(
  target: Target,
  request: AskOptions,
  instances: Instances,
  { mayRepeat }: { readonly mayRepeat: boolean },
): Promise<Response> {
  const [single, ...others] = instances.urls;
  if (single !== undefined && others.length === 0) return await instances.ask(single, request);
  const all = await instances.known();
  const archives = archivesFor(target, all);
  if (archives instanceof ApartError) {
    return Response.json(errorBody(archives.message), { status: 400 });
  }
  const askOne = async (able: readonly Instance[]): Promise<Response | null> => {
    const up = able.filter(({ isUp }) => isUp);
    if (up.length < able.length) instances.lookFor(able.filter(({ isUp }) => !isUp));
    try {
      return await askAny(up, request, instances, { mayRepeat });
    } catch (error) {
      if (error instanceof CoreUnavailableError) return null;
      throw error;
    }
  };
  if (target === "all" || target === "owner") {
    return combined(target, await Promise.all(archives.map(askOne)), archives, all.length);
  }
  const able = mayRepeat ? archives.flat() : archives[0] ?? [];
  return await askOne(able) ??
    serviceUnavailable(`Cannot reach ${namesOf(able, all.length)} for now`);
}

/** Who can do it, archive by archive: the one that comes first is where it is written. */
function archivesFor(target: Target, all: readonly Instance[]): Instance[][] | ApartError {
  if (target === "any" || target === "all" || target === "owner") return archivesOf(all);
  if (target === "home") return [homeOf(all)];
  const catalogs = "survey" in target
    // One that nobody is known to have is as a catalog that nobody has.
    ? [alertsOf(target.survey, all) ?? target.survey]
    : target.catalogs;
  if (catalogs.length === 0) return [homeOf(all)];
  const able = catalogs.map((name) => holdersOf(name, all))
    .reduce((some, others) => some.filter((instance) => others.includes(instance)));
  return able.length > 0 ? archivesOf(able) : new ApartError(catalogs);
}

/** One answer for those of all archives. */
function combined(
  target: "all" | "owner",
  answers: readonly (Response | null)[],
  archives: readonly Instance[][],
  total: number,
): Response {
  const lost = archives.filter((_, i) => {
    const answer = answers[i];
    return !answer || isUnavailable(answer) || answer.status === 500;
  });
  const done = answers.find((answer) => answer?.ok);
  const without = lost.map((each) => namesOf(each, total)).join(", ");
  let told: Response;
  if (target === "owner") {
    // Who has it knows better why it can't be done than who hasn't.
    told = done ??
      (lost.length > 0
        ? serviceUnavailable(`Cannot reach ${without} for now, and nobody else has it`)
        : answers.find((answer) => answer!.status !== 404) ?? answers[0]!);
  } else if (lost.length > 0) {
    const done = `${archives.length - lost.length} of ${archives.length}`;
    told = serviceUnavailable(`Done by ${done} archives, and not by ${without}: to be repeated`);
  } else told = done ?? answers[0]!;
  for (const answer of answers) {
    if (answer !== told) answer?.body?.cancel().catch(() => {});
  }
  return told;
}
