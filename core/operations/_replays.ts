/** Replays as people ask for them: what is checked first, who may see one, and what they get of it. */
import type { NewReplay } from "../archive/replay_store.ts";
import type { Replay } from "../archive/replay_document.ts";
import type { Document } from "../contract/document.ts";
import type { Principal } from "../contract/query.ts";
import { QueryError } from "../contract/query.ts";
import { type OperationAnswer, type OperationContext, RefusedError } from "../operation.ts";
import { checkReach } from "./_filter_access.ts";
import { toJd } from "./_filter_versions.ts";
import { summaryOf } from "./_replay_report.ts";

/** How long the look at a draft's pipeline may take. */
const DRY_RUN_MS_MAX = 10_000;

/** The times of a request, in order. Throws `QueryError`. */
export function spanOf({ start_date, end_date }: Document) {
  const [jd_start, jd_end] = [toJd("start_date", start_date), toJd("end_date", end_date)];
  if (jd_start <= jd_end) return { jd_start, jd_end };
  throw new QueryError(
    `Cannot replay the filter as start_date must be <= end_date: current values are ` +
      `${jd_start} and ${jd_end}`,
  );
}

/** Runs a draft on one alert, so that what is wrong with it is told at once. Throws `QueryError`. */
export async function checkDraft(
  { catalog, permissions, pipeline }: Pick<NewReplay, "catalog" | "permissions" | "pipeline">,
  { stores, signal }: OperationContext,
): Promise<void> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(DRY_RUN_MS_MAX)]);
  await stores.filterTrials.dryRun({ catalog, permissions }, pipeline, limited);
}

export async function queue(
  replay: Omit<NewReplay, "owner" | "sees_all">,
  { principal, stores: { replays } }: OperationContext,
): Promise<OperationAnswer> {
  const { name: owner, admin: sees_all } = principal;
  const created = await replays.create({ owner, sees_all, ...replay });
  if (created === "alerts") {
    throw new QueryError(
      `Cannot replay the filter as it must be over <= ${replays.quota.alertsMax} alerts: ` +
        `there are more between ${replay.jd_start} and ${replay.jd_end}`,
    );
  }
  if (created === "others") throw tooManyReplays(replays.quota.ofUserMax);
  return { kind: "json", message: `Queued replay ${created.id}`, data: summaryOf(created) };
}

export function tooManyReplays(max: number): RefusedError {
  return new RefusedError(
    409,
    `Cannot queue the replay as <= ${max} of one user may wait or run: cancel one, or wait`,
  );
}

/**
 * The replay, where it is the principal's, or they are admin. Throws `RefusedError`: nobody learns of
 * those of others; and who may no longer see all that it saw doesn't see it either.
 */
export async function replayOf(
  { replay_id: id }: { readonly replay_id: string },
  { principal, stores: { replays } }: OperationContext,
): Promise<Replay> {
  const replay = /^[0-9a-f]{24}$/.test(id) ? await replays.find(id) : null;
  if (replay === null || !isVisible(replay, principal)) {
    throw new RefusedError(404, "Replay not found");
  }
  checkReach(principal, replay.permissions);
  return replay;
}

function isVisible({ owner }: Replay, { name, admin }: Principal): boolean {
  return admin || owner === name;
}
