import { z } from "zod";
import { ExplainDraft } from "../contract/filter_reports.ts";
import { plainNumbers } from "../contract/plain_numbers.ts";
import { defineOperation } from "../operation.ts";
import { explained } from "./_filter_explain.ts";
import { draftSubject } from "./_filter_insight.ts";
import { parsed } from "./_parsed.ts";

/** How a pipeline that isn't saved would run. */
export default defineOperation({
  name: "filters_explain_draft",
  permission: "filters",
  input: z.object({ body: z.unknown() }),
  run({ body }, context) {
    const subject = draftSubject(parsed(ExplainDraft, plainNumbers(body)), body, context);
    return { kind: "json", message: "", data: explained(subject, context) };
  },
});
