/** Tries packets again that were set aside: after a fix of ours, or of the survey's rules. */
import type { Db } from "mongodb";
import { readRejected, removeRejected } from "./archive/rejected.ts";
import type { ActiveFilter } from "./contract/passed.ts";
import type { Ingest } from "./ingest.ts";

export interface Replayed {
  /** Now in the archive, and no longer set aside. */
  readonly stored: number;
  /** Still no alerts. */
  readonly rejected: number;
}

/** One packet at a time, so that one that can't be read holds up no other. Can be repeated. */
export async function replayRejected(
  db: Db,
  survey: string,
  ingest: Pick<Ingest, "run">,
  filters: readonly ActiveFilter[],
): Promise<Replayed> {
  let [stored, rejected] = [0, 0];
  for await (const { _id, bytes, topic, partition, offset, at } of readRejected(db, survey)) {
    const packet = { bytes, topic, partition, offset, timestampMs: at.getTime() };
    const report = await ingest.run({ packets: [packet], filterVersion: "replay", filters });
    if (report.rejected > 0) rejected++;
    else {
      await removeRejected(db, [_id]);
      stored++;
    }
  }
  return { stored, rejected };
}
