/** How a filter runs, as an answer; and what it makes of alerts, against another version. */
import type { Document } from "../contract/document.ts";
import { explainFilter } from "../filters/explain/explain.ts";
import { canonicalPipeline } from "../filters/explain/canonical_pipeline.ts";
import type { OperationContext } from "../operation.ts";
import type { Subject } from "./_filter_insight.ts";

export function explained(
  { pipeline, scope, about }: Subject,
  { stores: { filterInsight } }: OperationContext,
): Document {
  const schema = filterInsight.schema(scope.catalog);
  return { ...about, ...explainFilter(filterInsight.read(pipeline), schema) };
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
  const [ours, theirs] = [pipeline, other.pipeline]
    .map((text) => canonicalPipeline(filterInsight.read(text)));
  const version = other.fid;
  if (ours === theirs) return { version, equivalent: true };
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
