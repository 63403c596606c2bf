import { z } from "zod";
import { COMPARED_ALERTS, COMPARED_ALERTS_MAX, ExplainSearch } from "../contract/filter_reports.ts";
import { QueryError } from "../contract/query.ts";
import { defineOperation } from "../operation.ts";
import { compared, explained } from "./_filter_explain.ts";
import { FilterIdPath } from "./_filter_id.ts";
import { savedSubject, textOf } from "./_filter_insight.ts";
import { versionOf } from "./_filter_versions.ts";

/** How a version of a filter runs, and whether another one would give the same. */
export default defineOperation({
  name: "filters_explain",
  permission: "filters",
  input: z.object({ path: FilterIdPath, search: ExplainSearch }),
  async run({ path, search }, context) {
    const alerts = search.alerts === undefined ? COMPARED_ALERTS : Number(search.alerts);
    if (alerts < 1 || alerts > COMPARED_ALERTS_MAX) {
      throw new QueryError(
        `alerts must be from 1 to ${COMPARED_ALERTS_MAX}: current value is ${alerts}`,
      );
    }
    const { subject, filter } = await savedSubject(path, search.version, context);
    const data = explained(subject, context);
    if (search.against === undefined) return { kind: "json", message: "", data };
    const { fid, ...other } = versionOf(filter, search.against);
    const version = { fid, pipeline: textOf({ fid, ...other }) };
    const against = await compared(subject, version, alerts, context);
    return { kind: "json", message: "", data: { ...data, against } };
  },
});
