import { z } from "zod";
import { isPlainObject } from "../contract/extended_json.ts";
import { pipelineText } from "../contract/filters.ts";
import { shortText } from "../contract/json.ts";
import { plainNumbers } from "../contract/plain_numbers.ts";
import { QueryError } from "../contract/query.ts";
import { DraftReplay } from "../contract/replays.ts";
import { defineOperation } from "../operation.ts";
import { checkReach } from "./_filter_access.ts";
import { parsed } from "./_parsed.ts";
import { checkDraft, queue, spanOf } from "./_replays.ts";

/** Queues a replay of a draft that belongs to no filter. */
export default defineOperation({
  name: "replays_add",
  permission: "filters",
  input: z.object({ body: z.unknown() }),
  async run({ body }, context) {
    const { principal, stores: { filterTrials } } = context;
    const { catalog, as_of, ...asked } = parsed(DraftReplay, plainNumbers(body));
    const { permissions = principal.programIds } = asked;
    checkReach(principal, permissions);
    if (!filterTrials.catalogs.includes(catalog)) {
      throw new QueryError(
        `Cannot replay the filter as catalog must be one of ${
          filterTrials.catalogs.join(", ")
        }: current value is ${shortText(catalog)}`,
      );
    }
    const span = spanOf(asked);
    const pipeline = pipelineText(isPlainObject(body) ? body.pipeline : undefined);
    const draft = { catalog, permissions, pipeline };
    await checkDraft(draft, context);
    return await queue(
      { ...draft, filter_id: null, fid: null, live: null, as_of, ...span },
      context,
    );
  },
});
