/** A pass: an alert that went through a user's filter. Kept in the outbox until every sink has it. */
import type { Document } from "./document.ts";

/** An active version of a user's filter. */
export interface ActiveFilter {
  readonly filterId: number;
  readonly groupId: number;
  readonly fid: string;
  /** The programids whose alerts it may see. */
  readonly permissions: readonly number[];
  /** The stages its author wrote. */
  readonly pipeline: readonly Document[];
  readonly autosave: unknown;
  readonly autoFollowup: unknown;
  readonly updateAnnotations: boolean;
}

export interface Passed {
  /** `{survey}:{candid}:{filterId}`: an alert passes a filter once, however often it is replayed. */
  readonly _id: string;
  readonly survey: string;
  readonly candid: number | bigint;
  readonly objectId: string;
  readonly filterId: number;
  readonly groupId: number;
  readonly fid: string;
  /** The one document that came out of the filter. */
  readonly data: Document;
  /** When the packet was handed to Kafka, ms since 1970. */
  readonly packetMs: number;
}

/** Where passes go. The outbox calls it again until it succeeds; a pass may come twice, with the same `_id`. */
export interface Sink extends AsyncDisposable {
  readonly name: string;
  /** Resolves when all of them are delivered; rejects when any may not be, to be tried again. */
  deliver(passed: readonly Passed[], signal: AbortSignal): Promise<void>;
}
