/** A thread of the broker: its own connection to the archive, its own networks, batch after batch. */
import { openArchive } from "../core/archive/open.ts";
import type { CatalogMatch } from "../core/contract/crossmatch.ts";
import type { IngestReport } from "../core/contract/ingest.ts";
import type { SurveyDef } from "../core/contract/survey.ts";
import { Ingest } from "../core/ingest.ts";
import { fromSent, type SentJob } from "../core/sent_job.ts";
import type { PreparedModel } from "../models/prepare.ts";
import { openScorer } from "./onnx.ts";
import { serve } from "./serve.ts";

export interface IngestWorkerSettings {
  readonly archiveUri: string;
  readonly database: string;
  /** The file of the survey, as a URL. */
  readonly surveyUrl: string;
  readonly catalogs: readonly CatalogMatch[];
  readonly models: readonly PreparedModel[];
}

serve<IngestWorkerSettings, SentJob, IngestReport>(async (settings) => {
  const { default: survey } = await import(settings.surveyUrl) as { default: SurveyDef };
  const scorer = await openScorer(settings.models);
  let opened: Promise<Ingest> | undefined;
  const open = async () => {
    const archive = await openArchive({
      uri: settings.archiveUri,
      database: settings.database,
      appName: `kowalski-${survey.name}-worker`,
    });
    return new Ingest({ archive, survey, catalogs: settings.catalogs, scorer });
  };
  return async (job) => {
    // An archive that is away when the worker starts is waited for like one that goes away later.
    opened ??= open();
    const ingest = await opened.catch((error: Error) => {
      opened = undefined;
      throw Object.assign(error, { name: "ArchiveAwayError" });
    });
    return await ingest.run(fromSent(job));
  };
});
