import { z } from "zod";
import { ClassificationsPath } from "../contract/classifications.ts";
import { QueryError } from "../contract/query.ts";
import { defineOperation } from "../operation.ts";
import { labelledSurvey, readSets, surveyName, toValues, visibleAlerts } from "./_labels.ts";

/** Adds labels to alerts, each its own; all is checked before any is written. */
export default defineOperation({
  name: "classifications_put",
  permission: "classify",
  input: z.object({ path: ClassificationsPath, body: z.unknown() }),
  async run({ path, body }, context) {
    const { archive, stores: { classifications, audit } } = context;
    const name = surveyName(path.survey, classifications);
    const labels = readSets(body, toValues, (values) => values.size === 0);
    const survey = labelledSurvey(name, classifications);
    const alerts = await visibleAlerts(archive, survey, labels.map(({ candid }) => candid));
    if (alerts.size < labels.length) {
      throw new QueryError(`not all alerts found in ${name} collection`);
    }
    const entry = {
      action: "classifications.add",
      target: name,
      details: { candids: labels.map(({ candid }) => candid) },
    };
    await audit.write(context, entry, () =>
      classifications.put(
        survey,
        labels.map(({ candid, sets }) => ({ candid, sets, ...alerts.get(candid)! })),
      ));
    return { kind: "json", message: `added classifications for ${name} alerts` };
  },
});
