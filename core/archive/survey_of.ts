/** Which survey a filter is for: the one whose alerts are in its catalog. */
import { shortText } from "../contract/json.ts";
import { QueryError } from "../contract/query.ts";
import type { SurveyDef } from "../contract/survey.ts";

/** The survey whose alerts a filter is for. Throws `QueryError`. */
export function surveyOf(surveys: readonly SurveyDef[], catalog: string): SurveyDef {
  const survey = surveys.find(({ collections }) => collections.alerts === catalog);
  if (survey) return survey;
  throw new QueryError(
    `Cannot run a filter as its catalog must be one of ${catalogsOf(surveys).join(", ")}: ` +
      `current value is ${shortText(catalog)}`,
  );
}

export function catalogsOf(surveys: readonly SurveyDef[]): string[] {
  return surveys.map(({ collections }) => collections.alerts);
}
