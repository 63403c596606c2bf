import { z } from "zod";
import { WhyDraft, WhyDraftSearch } from "../contract/filter_reports.ts";
import { isPlainObject } from "../contract/extended_json.ts";
import { plainNumbers } from "../contract/plain_numbers.ts";
import { defineOperation } from "../operation.ts";
import { draftSubject } from "./_filter_insight.ts";
import { whichAlerts, whyAnswer } from "./_filter_why.ts";
import { parsed } from "./_parsed.ts";

/** The same of a pipeline that isn't saved. */
export default defineOperation({
  name: "filters_why_draft",
  permission: "filters",
  input: z.object({
    path: z.object({ format: z.string().optional() }),
    search: WhyDraftSearch,
    body: z.unknown(),
  }),
  async run({ path, search, body }, context) {
    const draft = parsed(WhyDraft, withText(plainNumbers(body)));
    const which = whichAlerts({ ...draft, candid: isPlainObject(body) ? body.candid : undefined });
    const subject = draftSubject(draft, body, context);
    const isText = (search.format ?? path.format) === "text";
    return await whyAnswer({ subject, which, isAsOf: draft.as_of, isText }, context);
  },
});

/** An id of 64 bits is no number of JavaScript's. */
function withText(body: unknown): unknown {
  return isPlainObject(body) && body.candid != null
    ? { ...body, candid: String(body.candid) }
    : body;
}
