/** A broker of ZTF alerts with real worker threads, on whatever source; no networks, no catalogs. */
import ztf from "../../catalogs/live/ztf.ts";
import { openArchive } from "../../core/archive/open.ts";
import type { IngestReport } from "../../core/contract/ingest.ts";
import type { Source } from "../../core/contract/packet.ts";
import { runSurveyBroker } from "../../core/survey_broker.ts";
import type { IngestWorkerSettings } from "../../workers/ingest_worker.ts";

export interface BrokerOptions {
  readonly uri: string;
  readonly database: string;
  readonly source: Source;
  readonly workers: number;
  readonly onReports?: (reports: readonly IngestReport[]) => void;
  /** Told how many there are, when they were read and after each change. */
  readonly onFilters?: (count: number) => void;
}

/** Until the source ends or the signal is aborted. */
export async function runZtfBroker(options: BrokerOptions, over: AbortSignal): Promise<void> {
  const { uri, database, source, workers, onReports = () => {}, onFilters = () => {} } = options;
  await using archive = await openArchive({ uri, database, appName: "test" });
  await runSurveyBroker(
    {
      archive,
      survey: ztf,
      source,
      limits: {
        lanes: workers,
        batchesMax: workers + 1,
        jobMsMax: 60_000,
        startMsMax: 0,
        restartsMax: 0,
      },
      startWorker: () => startWorker(uri, database),
      buildIndexes: true,
      onReports,
      onRetry: (reason) => console.error(reason),
      onFilters,
      pause: () => Promise.resolve(),
    },
    over,
    over,
  );
}

function startWorker(archiveUri: string, database: string): Worker {
  const worker = new Worker(new URL("../../workers/ingest_worker.ts", import.meta.url), {
    type: "module",
  });
  const surveyUrl = new URL("../../catalogs/live/ztf.ts", import.meta.url).href;
  worker.postMessage(
    { archiveUri, database, surveyUrl, catalogs: [], models: [] } satisfies IngestWorkerSettings,
  );
  return worker;
}
