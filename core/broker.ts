/**
 * One survey, from its stream to the people who wait for it. Read this file first.
 *
 *     source -> batches -> dealt to workers by object -> (decode, score, match, filter, write) -> commit
 *
 * A worker does all that needs the alert (`ingest.ts`); this thread deals, waits, retries and commits.
 */
import type { IngestReport } from "./contract/ingest.ts";
import type { Batch, Packet, Source } from "./contract/packet.ts";

export interface BrokerDeps {
  readonly source: Source;
  /** How many workers there are. */
  readonly workers: number;
  /** Batches that are in work at once: enough that no worker waits, few enough to bound memory. */
  readonly batchesMax: number;
  /** Which worker an alert belongs to: all of an object's alerts go to one, in order. */
  workerOf(packet: Packet): number;
  /** A worker's share of a batch, until it is in the archive; packets that can't be are set aside. */
  ingest(worker: number, packets: readonly Packet[], signal: AbortSignal): Promise<IngestReport[]>;
  /** Told of each committed batch. */
  report(reports: readonly IngestReport[]): void;
}

/** Ends when the source does, or soon after the signal: batches in work are finished and committed. */
export async function runBroker(deps: BrokerDeps, signal: AbortSignal): Promise<void> {
  const inWork = new Set<Promise<void>>();
  const failed = new AbortController();
  let committed = Promise.resolve();
  for await (const batch of deps.source.batches(AbortSignal.any([signal, failed.signal]))) {
    const ingested = ingestBatch(deps, batch, signal);
    ingested.catch(() => {}); // Told by `committed`, or else an earlier batch has failed.
    // Offsets move last, and in order, so that a crash repeats a batch and never skips one.
    committed = committed.then(async () => {
      const reports = await ingested;
      await batch.commit();
      deps.report(reports);
    });
    const done = committed.catch(() => failed.abort()).finally(() => inWork.delete(done));
    inWork.add(done);
    if (inWork.size >= deps.batchesMax) await Promise.race(inWork);
  }
  await Promise.all(inWork);
  await committed;
}

async function ingestBatch(
  { workers, workerOf, ingest }: BrokerDeps,
  { packets }: Batch,
  signal: AbortSignal,
): Promise<IngestReport[]> {
  const shares = Array.from({ length: workers }, (): Packet[] => []);
  for (const packet of packets) shares[workerOf(packet)]!.push(packet);
  const reports = await Promise.all(
    shares.map((share, worker) => share.length > 0 ? ingest(worker, share, signal) : []),
  );
  return reports.flat();
}
