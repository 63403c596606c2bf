/** `kowalski alerts replay`: the same ingest as the broker's, over what was set aside. */
import { readActiveFilters } from "../../core/archive/filters.ts";
import type { Archive } from "../../core/archive/open.ts";
import { getLog } from "../../core/base/log.ts";
import { loadFolder } from "../../core/base/registry.ts";
import type { Settings } from "../../core/base/settings.ts";
import type { SurveyDef } from "../../core/contract/survey.ts";
import { Ingest } from "../../core/ingest.ts";
import { modelsOf } from "../../core/models_of.ts";
import { type Replayed, replayRejected } from "../../core/replay.ts";
import { openScorer } from "../../workers/onnx.ts";
import { UsageError } from "./command.ts";

export async function replay(
  archive: Archive,
  settings: Settings,
  surveyName: string,
): Promise<Replayed> {
  const surveys = await loadFolder<SurveyDef>(
    new URL("../../catalogs/live/", import.meta.url),
  );
  const survey = surveys.get(surveyName);
  if (!survey) {
    throw new UsageError(
      `--survey must be one of ${[...surveys.keys()].join(", ")}: current value is ${surveyName}`,
    );
  }
  const models = await modelsOf(settings, survey, getLog("replay"));
  await using scorer = await openScorer(models);
  const catalogs = settings.database.xmatch[survey.instrument] ?? [];
  const ingest = new Ingest({ archive, survey, catalogs, scorer });
  const { filters } = await readActiveFilters(archive.db, survey.collections.alerts);
  return await replayRejected(archive.db, survey.name, ingest, filters);
}
