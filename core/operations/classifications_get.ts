import { z } from "zod";
import { ClassificationPath } from "../contract/classifications.ts";
import { QueryError } from "../contract/query.ts";
import { defineOperation } from "../operation.ts";
import { labelledSurvey, surveyName, toCandid, visibleAlerts } from "./_labels.ts";

/** An alert's labels. Whoever may not see the alert is told that it has none. */
export default defineOperation({
  name: "classifications_get",
  permission: "read",
  input: z.object({ path: ClassificationPath }),
  async run({ path }, { archive, stores: { classifications } }) {
    const name = surveyName(path.survey, classifications);
    const candid = toCandid(path.candid);
    const survey = labelledSurvey(name, classifications);
    const alerts = await visibleAlerts(archive, survey, [candid]);
    const found = alerts.has(candid) && await classifications.find(survey, candid);
    if (!found) {
      throw new QueryError(`classifications for ${name} alert ${candid} not found`);
    }
    const { _id, programid: _, [survey.objectIdKey]: objectId, ...labels } = found;
    return { kind: "json", data: { [survey.objectIdKey]: objectId, ...labels, candid: _id } };
  },
});
