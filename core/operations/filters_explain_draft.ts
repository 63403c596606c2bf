import { z } from "zod";
import { shortText } from "../contract/json.ts";
import { ExplainDraft } from "../contract/filter_reports.ts";
import { plainNumbers } from "../contract/plain_numbers.ts";
import { QueryError } from "../contract/query.ts";
import { defineOperation } from "../operation.ts";
import { alertsCompared, compared, explained } from "./_filter_explain.ts";
import { draftSubject, savedSubject } from "./_filter_insight.ts";
import { parsed } from "./_parsed.ts";

/** How a pipeline that isn't saved would run, and whether it gives what the version does that it would replace. */
export default defineOperation({
  name: "filters_explain_draft",
  permission: "filters",
  input: z.object({ body: z.unknown() }),
  async run({ body }, context) {
    const draft = parsed(ExplainDraft, plainNumbers(body));
    const subject = draftSubject(draft, body, context);
    const { catalog, filter_id: id, against: fid } = draft;
    if (id === undefined && fid !== undefined) {
      throw new QueryError(
        `Cannot compare with version ${shortText(fid)} as filter_id must say of which filter it is`,
      );
    }
    const alerts = alertsCompared(draft.alerts);
    const data = await explained(subject, context);
    if (id === undefined) return { kind: "json", message: "", data };
    // A version sees what its filter may see.
    const saved = await savedSubject({ filter_id: String(id) }, fid, context);
    const { scope, about, pipeline } = saved.subject;
    if (scope.catalog !== catalog) {
      throw new QueryError(
        `Cannot compare with filter id ${id} as catalog must be ${scope.catalog}: ` +
          `current value is ${shortText(catalog)}`,
      );
    }
    const other = { fid: String(about.version), pipeline };
    const against = await compared({ ...subject, scope }, other, alerts, context);
    return { kind: "json", message: "", data: { ...data, against } };
  },
});
