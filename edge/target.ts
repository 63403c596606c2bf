/** Which of several cores do an operation, by what it is about. */
import { errorBody } from "../core/contract/edge.ts";
import { type AskOptions, CoreUnavailableError } from "./ask.ts";
import { askAny, namesOf, serviceUnavailable } from "./ask_any.ts";
import { type Archives, askAll, askLists, askOwner, findOwner } from "./ask_archives.ts";
import type { Instances } from "./instances.ts";
import type { ListOrder } from "./merge_lists.ts";
import {
  alertsOf,
  ApartError,
  archivesOf,
  copiesOf,
  holdersOf,
  homeOf,
  type Instance,
} from "./plan.ts";

/**
 * | target | whose archive |
 * | --- | --- |
 * | `home` | the first instance's, where the users and their tokens are |
 * | `all` | everybody's: what one lacks afterwards is told as a failure, to be repeated |
 * | `owner` | that of who has it, which nobody else knows: all are asked, and one can do it |
 * | `{ lists }` | everybody's: one list of what all have |
 * | `{ copiesOf }` | that of each who holds something of this catalog: told as `all` is |
 * | `{ catalogs }` | that of who holds all of these; unless one has it already, by `whoHas` |
 * | `{ survey }` | that of who holds the survey's alerts, by its name in any case |
 */
export type Target =
  | "home"
  | "all"
  | "owner"
  | { readonly lists: ListOrder }
  | { readonly copiesOf: string }
  | {
    readonly catalogs: readonly string[];
    /** The path of a core that answers 200 where its archive has it. */
    readonly whoHas?: string;
  }
  | { readonly survey: string };

/** What is asked, and what is known of them. */
export type Cores = Pick<Instances, "urls" | "known" | "ask" | "lookFor">;

/**
 * The answer of who does it. What `mayRepeat` is asked of another, also before another archive, where
 * the first can't be reached; what writes is always done before the same archive.
 */
export async function askTarget(
  target: Target,
  request: AskOptions,
  instances: Cores,
  { mayRepeat }: { readonly mayRepeat: boolean },
): Promise<Response> {
  const [single, ...others] = instances.urls;
  if (single !== undefined && others.length === 0) return await instances.ask(single, request);
  const all = await instances.known();
  const everybody = (asked: AskOptions, how: { mayRepeat: boolean }): Archives => ({
    archives: archivesOf(all),
    ask: (archive, signal) => askUp(archive, { ...asked, signal }, instances, how),
    total: all.length,
    signal: request.signal,
  });
  if (target === "owner") return await askOwner(everybody(request, { mayRepeat }));
  if (target === "all") return await askAll(everybody(request, { mayRepeat }));
  if (target !== "home" && "lists" in target) {
    return await askLists(everybody(request, { mayRepeat }), target.lists);
  }
  if (target !== "home" && "copiesOf" in target) {
    const copies = copiesOf(target.copiesOf, all);
    const archives = archivesOf(copies.length > 0 ? copies : homeOf(all));
    return await askAll({ ...everybody(request, { mayRepeat }), archives });
  }
  let able: readonly Instance[] | ApartError | undefined;
  if (target !== "home" && "whoHas" in target && target.whoHas !== undefined) {
    const asked = { ...request, path: target.whoHas, body: new Uint8Array() };
    able = await findOwner(everybody(asked, { mayRepeat: true }));
  }
  able ??= ableFor(target, all, { mayRepeat });
  if (able instanceof ApartError) return Response.json(errorBody(able.message), { status: 400 });
  return await askUp(able, request, instances, { mayRepeat }) ??
    serviceUnavailable(`Cannot reach ${namesOf(able, all.length)} for now`);
}

/** What one of them answers who is up; null: none does. */
async function askUp(
  able: readonly Instance[],
  request: AskOptions,
  instances: Cores,
  how: { readonly mayRepeat: boolean },
): Promise<Response | null> {
  const up = able.filter(({ isUp }) => isUp);
  if (up.length < able.length) instances.lookFor(able.filter(({ isUp }) => !isUp));
  try {
    return await askAny(up, request, instances, how);
  } catch (error) {
    if (error instanceof CoreUnavailableError) return null;
    throw error;
  }
}

/** Who can do it; what writes, only before the first of the archives that can. */
function ableFor(
  target: Extract<Target, "home" | { readonly catalogs: unknown } | { readonly survey: unknown }>,
  all: readonly Instance[],
  { mayRepeat }: { readonly mayRepeat: boolean },
): readonly Instance[] | ApartError {
  if (target === "home") return homeOf(all);
  const catalogs = "survey" in target
    // One that nobody is known to have is as a catalog that nobody has.
    ? [alertsOf(target.survey, all) ?? target.survey]
    : target.catalogs;
  if (catalogs.length === 0) return homeOf(all);
  const able = catalogs.map((name) => holdersOf(name, all))
    .reduce((some, others) => some.filter((instance) => others.includes(instance)));
  if (able.length === 0) return new ApartError(catalogs);
  return mayRepeat ? able : archivesOf(able)[0]!;
}
