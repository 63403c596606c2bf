/**
 * Jobs as they cross to a worker. A message's clone forgets the classes of values, so that the limit
 * `19.0` of a filter would arrive as a document: filters go as BSON.
 */
import { readDocument } from "./archive/bson_read.ts";
import { writeDocument } from "./archive/bson_write.ts";
import type { IngestJob } from "./contract/ingest.ts";
import type { ActiveFilter } from "./contract/passed.ts";

export interface SentJob extends Omit<IngestJob, "filters"> {
  readonly filters?: Uint8Array;
}

export function toSent({ filters, ...job }: IngestJob): SentJob {
  return filters ? { ...job, filters: writeDocument({ filters }) } : job;
}

export function fromSent({ filters, ...job }: SentJob): IngestJob {
  return filters ? { ...job, filters: readDocument(filters).filters as ActiveFilter[] } : job;
}
