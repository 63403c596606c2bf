import { z } from "zod";
import { isPlainObject } from "../contract/extended_json.ts";
import { pipelineText } from "../contract/filters.ts";
import { plainNumbers } from "../contract/plain_numbers.ts";
import { FilterReplay } from "../contract/replays.ts";
import { defineOperation } from "../operation.ts";
import { visible } from "./_filter_access.ts";
import { aboutFilter, filterIdOf, FilterIdPath, notFound } from "./_filter_id.ts";
import { versionOf } from "./_filter_versions.ts";
import { parsed } from "./_parsed.ts";
import { checkDraft, queue, spanOf } from "./_replays.ts";

/**
 * Queues a replay of a version of a filter, or of a draft for it, beside the version that is live. Who
 * may not see all that the filter sees gets a replay over their part.
 */
export default defineOperation({
  name: "filters_replay",
  permission: "filters",
  input: z.object({ path: FilterIdPath, body: z.unknown() }),
  async run({ path, body }, context) {
    const { principal, stores: { filters, retries } } = context;
    const id = filterIdOf(path);
    const asked = parsed(FilterReplay, plainNumbers(body ?? {}));
    const span = spanOf(asked);
    const filter = await filters.find(id);
    if (!filter) throw notFound(id);
    retries.seen(aboutFilter(id));
    const { catalog, active_fid } = filter;
    const permissions = visible(principal, filter.permissions);
    const isDraft = asked.pipeline !== undefined;
    const version = isDraft ? null : versionOf(filter, asked.filter_version);
    // With the number types that were sent.
    const sent = isPlainObject(body) ? body.pipeline : undefined;
    const pipeline = pipelineText(version === null ? sent : version.pipeline);
    if (isDraft) await checkDraft({ catalog, permissions, pipeline }, context);
    const live = filter.fv.find(({ fid }) => fid === active_fid);
    return await queue({
      filter_id: id,
      fid: version && version.fid,
      catalog,
      permissions,
      pipeline,
      live: live === undefined ? null : { fid: live.fid, pipeline: pipelineText(live.pipeline) },
      as_of: asked.as_of,
      ...span,
    }, context);
  },
});
