/** Starts the broker of one survey: its workers, its filters, its stream. */
import type { Archive } from "./archive/open.ts";
import { ensureSurveyIndexes } from "./archive/indexes.ts";
import { putRejected } from "./archive/rejected.ts";
import { runBroker } from "./broker.ts";
import type { IngestReport } from "./contract/ingest.ts";
import type { Packet, Source } from "./contract/packet.ts";
import type { SurveyDef } from "./contract/survey.ts";
import { FilterWatch } from "./filter_set.ts";
import { peekObjectId } from "./pipeline/peek.ts";
import { movedOf, type SentJob, toSent } from "./sent_job.ts";
import { ingestShare } from "./worker_shares.ts";
import { type LaneLimits, Lanes } from "../workers/lanes.ts";

export interface SurveyBrokerDeps {
  readonly archive: Archive;
  readonly survey: SurveyDef;
  readonly source: Source;
  readonly limits: LaneLimits & { readonly batchesMax: number };
  /** Starts a worker; the first message that it gets are its settings. */
  readonly startWorker: () => Worker;
  readonly buildIndexes: boolean;
  readonly onReports: (reports: readonly IngestReport[]) => void;
  readonly onRetry: (reason: string) => void;
  readonly onFilters: (
    count: number,
    bad: readonly { filterId: unknown; reason: string }[],
  ) => void;
  /** Waits before a new try, longer each time, or until the signal is aborted. */
  readonly pause: (tries: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Runs until the source ends or `stop` is aborted: then no new batch is read and those in work are
 * finished. `abandon` ends the waiting for an archive that is away: what is in work is read again later.
 */
export async function runSurveyBroker(
  deps: SurveyBrokerDeps,
  stop: AbortSignal,
  abandon: AbortSignal,
): Promise<void> {
  const { archive, survey, limits } = deps;
  if (deps.buildIndexes) await ensureSurveyIndexes(archive.db, survey);
  const over = new AbortController();
  const watch = new FilterWatch(
    archive.db,
    survey.collections.alerts,
    ({ filters }, bad) => deps.onFilters(filters.length, bad),
    AbortSignal.any([over.signal, abandon]),
  );
  using lanes = new Lanes<SentJob, IngestReport>(deps.startWorker, limits, movedOf);
  // A worker that was replaced knows no filters: which version each lane has is forgotten with it.
  const versions = new Map<number, string>();
  try {
    await watch.first();
    await runBroker({
      source: deps.source,
      workers: lanes.size,
      batchesMax: limits.batchesMax,
      workerOf: (packet) => laneOf(packet, lanes.size),
      ingest: (lane, packets) =>
        lanes.inTurn(lane, (run) =>
          ingestShare(
            {
              async run(job) {
                const { filters: _, ...known } = job;
                const isKnown = versions.get(lane) === job.filterVersion;
                versions.delete(lane);
                const report = await run(toSent(isKnown ? known : job));
                versions.set(lane, job.filterVersion);
                return report;
              },
              filters: () => watch.current,
              setAside: (packet, reason) =>
                putRejected(archive.db, survey.name, [{ packet, reason }]),
              pause: deps.pause,
              onRetry: deps.onRetry,
            },
            packets,
            abandon,
          )),
      report: deps.onReports,
    }, stop);
  } finally {
    over.abort();
    await watch.ended;
  }
}

/** The lane of a packet's object (FNV-1a of its id), so that an object's alerts stay in order. */
function laneOf({ bytes }: Packet, lanes: number): number {
  const objectId = peekObjectId(bytes) ?? "";
  let hash = 0x811c9dc5;
  for (let i = 0; i < objectId.length; i++) {
    hash = Math.imul(hash ^ objectId.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0) % lanes;
}
