import { z } from "zod";
import { WhySearch } from "../contract/filter_reports.ts";
import { defineOperation } from "../operation.ts";
import { FilterIdPath } from "./_filter_id.ts";
import { savedSubject } from "./_filter_insight.ts";
import { whichAlerts, whyAnswer } from "./_filter_why.ts";

/** Why an alert, or an object's alerts, don't pass a version of a filter. */
export default defineOperation({
  name: "filters_why",
  permission: "filters",
  input: z.object({
    path: FilterIdPath.extend({ format: z.string().optional() }),
    search: WhySearch,
  }),
  async run({ path, search }, context) {
    const which = whichAlerts(search);
    const { subject } = await savedSubject(path, search.version, context);
    const isText = (search.format ?? path.format) === "text";
    return await whyAnswer({ subject, which, isAsOf: search.as_of === "true", isText }, context);
  },
});
