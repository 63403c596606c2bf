/** How a filter runs, as an answer; and what it makes of alerts, against another version. */
import type { Document } from "../contract/document.ts";
import { COMPARED_ALERTS, COMPARED_ALERTS_MAX } from "../contract/filter_reports.ts";
import type { Finding } from "../contract/filters.ts";
import { QueryError } from "../contract/query.ts";
import { explainFilter, type Explanation } from "../filters/explain/explain.ts";
import { canonicalPipeline } from "../filters/explain/canonical_pipeline.ts";
import type { OperationContext } from "../operation.ts";
import type { Subject } from "./_filter_insight.ts";

export async function explained(
  { pipeline, scope, about }: Subject,
  context: OperationContext,
): Promise<Document> {
  const { filterInsight } = context.stores;
  const stages = filterInsight.read(pipeline);
  const explanation = explainFilter(stages, filterInsight.schema(scope.catalog));
  const refused = await refusals(stages, explanation, context);
  return { ...about, ...explanation, findings: [...refused, ...explanation.findings] };
}

/** What MongoDB says of stages that aren't compiled, since most of these are only written wrongly. */
async function refusals(
  pipeline: readonly Document[],
  { stages, findings }: Explanation,
  { stores: { filterInsight }, signal }: OperationContext,
): Promise<Finding[]> {
  const refused: Finding[] = [];
  for (const { stage, runs, place } of stages) {
    const isTold = findings.some((each) => each.level === "error" && each.place === place);
    if (runs === "in process" || isTold) continue;
    try {
      await filterInsight.runStage([], pipeline[stage - 1]!, signal);
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      refused.push({ level: "error", place: place!, message: error.message });
    }
  }
  return refused;
}

/** How many alerts are compared. Throws `QueryError`. */
export function alertsCompared(asked: string | number | undefined): number {
  const alerts = Number(asked ?? COMPARED_ALERTS);
  if (alerts >= 1 && alerts <= COMPARED_ALERTS_MAX) return alerts;
  throw new QueryError(
    `alerts must be from 1 to ${COMPARED_ALERTS_MAX}: current value is ${alerts}`,
  );
}

/** Whether both pipelines can only give the same. */
export function isSameByText(ours: readonly Document[], theirs: readonly Document[]): boolean {
  return canonicalPipeline(ours) === canonicalPipeline(theirs);
}

/**
 * `equivalent`: true where both can only give the same, as their texts say; false where they didn't on
 * these alerts; null where they did, which proves nothing of others.
 */
export async function compared(
  { pipeline, scope }: Subject,
  other: { readonly fid: string; readonly pipeline: string },
  alertsMax: number,
  { stores: { filterInsight }, signal }: OperationContext,
): Promise<Document> {
  const version = other.fid;
  const [ours, theirs] = [pipeline, other.pipeline].map((text) => filterInsight.read(text));
  if (isSameByText(ours!, theirs!)) return { version, equivalent: true };
  const texts = { ours: pipeline, theirs: other.pipeline };
  const { alerts, both, neither, gained, lost, changed, failures } = await filterInsight.compare(
    scope,
    texts,
    alertsMax,
    signal,
  );
  const differs = gained.length + lost.length + changed > 0;
  return {
    version,
    equivalent: differs ? false : null,
    alerts,
    both,
    neither,
    gained,
    lost,
    changed,
    ...failures.length > 0 && { failures },
  };
}
