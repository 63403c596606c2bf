/** Filters for tests. */
import type { Document } from "../../core/contract/document.ts";
import type { ActiveFilter } from "../../core/contract/passed.ts";

export function filterOf(
  pipeline: readonly Document[],
  filterId = 1,
  permissions: readonly number[] = [1, 2, 3],
): ActiveFilter {
  return {
    filterId,
    groupId: 1,
    fid: "abc123",
    permissions,
    pipeline,
    autosave: false,
    autoFollowup: {},
    updateAnnotations: false,
  };
}
