import { z } from "zod";
import { ClassificationsPath } from "../contract/classifications.ts";
import { QueryError } from "../contract/query.ts";
import { defineOperation } from "../operation.ts";
import { labelledSurvey, readSets, surveyName, toNames, visibleAlerts } from "./_labels.ts";

/** Removes labels by their names, from each alert its own. */
export default defineOperation({
  name: "classifications_remove",
  permission: "classify",
  input: z.object({ path: ClassificationsPath, body: z.unknown() }),
  async run({ path, body }, context) {
    const { archive, stores: { classifications, audit } } = context;
    const name = surveyName(path.survey, classifications);
    const all = readSets(body, toNames, (names) => names.length === 0);
    const survey = labelledSurvey(name, classifications);
    const visible = await visibleAlerts(archive, survey, all.map(({ candid }) => candid));
    const known = new Set(await classifications.known(survey, [...visible.keys()]));
    if (known.size === 0) {
      throw new QueryError(`not all classifications found in ${name} collection`);
    }
    const found = all.filter(({ candid }) => known.has(candid));
    const entry = {
      action: "classifications.remove",
      target: name,
      details: { candids: [...known] },
    };
    await audit.write(context, entry, () => classifications.remove(survey, found));
    return { kind: "json", message: `deleted classifications for ${name} alerts` };
  },
});
