/**
 * Sees a worker's share of a batch through: waits while the archive is away, and where a worker dies
 * halves the share until the one packet that kills is found and set aside.
 */
import { EMPTY_REPORT, type IngestJob, type IngestReport } from "./contract/ingest.ts";
import type { Packet } from "./contract/packet.ts";
import type { FilterSet } from "./filter_set.ts";

export interface ShareDeps {
  /**
   * One job of one worker; rejects with `WorkerLostError`, `NoWorkerError`, `ArchiveAwayError`,
   * `ArchiveBusyError` or what the job threw.
   */
  run(job: IngestJob): Promise<IngestReport>;
  /** The filters to run now, in full: the worker may be a new one. */
  filters(): FilterSet;
  /** Puts a packet that nothing can be done with into `rejected`. */
  setAside(packet: Packet, reason: string): Promise<void>;
  /** Waits before the next try, or until the signal says that there will be none. */
  pause(tries: number, signal: AbortSignal): Promise<void>;
  onRetry(reason: string): void;
}

/** What is busy is free again soon, so the pauses stop to grow after so many tries. */
const BUSY_TRIES = 3;

/**
 * Resolves when each packet is in the archive or in `rejected`. Rejects only when told to stop, or
 * when no worker is left: then no packet is to blame.
 */
export async function ingestShare(
  deps: ShareDeps,
  packets: readonly Packet[],
  signal: AbortSignal,
): Promise<IngestReport[]> {
  for (let tries = 0;; tries++) {
    signal.throwIfAborted();
    const { version, filters } = deps.filters();
    try {
      const report = deps.run({ packets, filterVersion: version, filters });
      return [await unlessAborted(report, signal)];
    } catch (error) {
      const { name, message } = error as Error;
      if (signal.aborted || name === "NoWorkerError") throw error;
      deps.onRetry(`${name}: ${message}`);
      if (name === "ArchiveAwayError" || name === "ArchiveBusyError") {
        await deps.pause(name === "ArchiveBusyError" ? Math.min(tries, BUSY_TRIES) : tries, signal);
        continue;
      }
      if (packets.length === 1) {
        // Twice, since what killed the worker may have been something else.
        if (tries === 0) continue;
        return [await setAside(deps, packets[0]!, `${name}: ${message}`, signal)];
      }
      const half = Math.ceil(packets.length / 2);
      return [
        ...await ingestShare(deps, packets.slice(0, half), signal),
        ...await ingestShare(deps, packets.slice(half), signal),
      ];
    }
  }
}

/** What `work` gives; an abort doesn't wait for a worker that waits for a server. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

async function setAside(
  deps: ShareDeps,
  packet: Packet,
  reason: string,
  signal: AbortSignal,
): Promise<IngestReport> {
  for (let tries = 0;; tries++) {
    try {
      await deps.setAside(packet, reason);
      return { ...EMPTY_REPORT, read: 1, rejected: 1 };
    } catch (error) {
      deps.onRetry(String(error));
      await deps.pause(tries, signal);
      signal.throwIfAborted();
    }
  }
}
