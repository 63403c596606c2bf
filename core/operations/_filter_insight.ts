/** What people ask about a filter, saved or a draft: whose alerts it is asked on, and which version is meant. */
import type { FilterVersion, StoredFilter } from "../archive/filter_store.ts";
import type { TrialScope } from "../archive/filter_trials.ts";
import type { Document } from "../contract/document.ts";
import { isPlainObject } from "../contract/extended_json.ts";
import { pipelineText } from "../contract/filters.ts";
import { QueryError } from "../contract/query.ts";
import type { OperationContext } from "../operation.ts";
import { checkReach, visible } from "./_filter_access.ts";
import { aboutFilter, filterIdOf, notFound } from "./_filter_id.ts";
import { versionOf } from "./_filter_versions.ts";

/** A filter that somebody asks about. */
export interface Subject {
  readonly scope: TrialScope;
  /** Its text, as Extended JSON. */
  readonly pipeline: string;
  /** What is said of it in the answer. */
  readonly about: Document;
  /** As people call it. */
  readonly name: string;
}

/** A version of a filter, by default the active one; of its alerts those that the user may see. */
export async function savedSubject(
  path: { readonly filter_id: string },
  fid: string | undefined,
  { principal, stores: { filters, retries } }: OperationContext,
): Promise<{ readonly subject: Subject; readonly filter: StoredFilter }> {
  const id = filterIdOf(path);
  const filter = await filters.find(id);
  if (!filter) throw notFound(id);
  retries.seen(aboutFilter(id));
  const version = versionOf(filter, fid ?? filter.active_fid ?? undefined);
  const { catalog, permissions } = filter;
  const subject = {
    scope: { catalog, permissions: visible(principal, permissions) },
    pipeline: textOf(version),
    about: { filter_id: id, version: version.fid, catalog },
    name: `filter ${id}, version ${version.fid}`,
  };
  return { subject, filter };
}

export function textOf({ pipeline }: FilterVersion): string {
  return pipelineText(pipeline);
}

export interface Draft {
  readonly catalog: string;
  readonly permissions?: readonly number[] | undefined;
}

/** A pipeline as it was sent, on alerts that its author may see. */
export function draftSubject(
  { catalog, permissions }: Draft,
  body: unknown,
  { principal }: OperationContext,
): Subject {
  const programIds = permissions ?? principal.programIds;
  checkReach(principal, programIds);
  // With the number types that were sent.
  const pipeline = isPlainObject(body) ? body.pipeline : undefined;
  if (pipeline == null) throw new QueryError("pipeline must contain at least one stage");
  return {
    scope: { catalog, permissions: programIds },
    pipeline: pipelineText(pipeline),
    about: { catalog },
    name: "the draft",
  };
}
