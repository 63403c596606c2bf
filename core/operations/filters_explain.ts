import { z } from "zod";
import { ExplainSearch } from "../contract/filter_reports.ts";
import { defineOperation } from "../operation.ts";
import { alertsCompared, compared, explained } from "./_filter_explain.ts";
import { FilterIdPath } from "./_filter_id.ts";
import { savedSubject, textOf } from "./_filter_insight.ts";
import { versionOf } from "./_filter_versions.ts";

/** How a version of a filter runs, and whether another one would give the same. */
export default defineOperation({
  name: "filters_explain",
  permission: "filters",
  input: z.object({ path: FilterIdPath, search: ExplainSearch }),
  async run({ path, search }, context) {
    const alerts = alertsCompared(search.alerts);
    const { subject, filter } = await savedSubject(path, search.version, context);
    const data = await explained(subject, context);
    if (search.against === undefined) return { kind: "json", message: "", data };
    const version = versionOf(filter, search.against);
    const other = { fid: version.fid, pipeline: textOf(version) };
    const against = await compared(subject, other, alerts, context);
    return { kind: "json", message: "", data: { ...data, against } };
  },
});
