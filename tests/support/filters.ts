/** Filters for tests. */
import ztf from "../../catalogs/live/ztf.ts";
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

/** As the archive has it: a filter of one version. */
export function filterDocument({ filterId, groupId, permissions, fid, pipeline }: ActiveFilter) {
  return {
    filter_id: filterId,
    group_id: groupId,
    catalog: ztf.collections.alerts,
    permissions: [...permissions],
    active: true,
    active_fid: fid,
    fv: [{ fid, pipeline: [...pipeline], created_at: new Date() }],
  };
}
