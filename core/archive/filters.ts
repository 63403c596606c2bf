/** Reads the active filters of a survey, and tells when any filter changes. */
import type { Db } from "mongodb";
import { setTimeout as delay } from "node:timers/promises";
import { decodeExtended } from "../contract/extended_json.ts";
import { parseExact } from "../contract/json.ts";
import type { Document } from "../contract/document.ts";
import type { ActiveFilter } from "../contract/passed.ts";
import { checkFilterPipeline } from "./allowed.ts";

/** A filter that can't be run as it stands, and why: the others are not held up by it. */
export interface BadFilter {
  readonly filterId: unknown;
  readonly reason: string;
}

/** The active versions for one collection of alerts, by filter id. */
export async function readActiveFilters(
  db: Db,
  catalog: string,
): Promise<{ filters: ActiveFilter[]; bad: BadFilter[] }> {
  const documents = await db.collection("filters")
    .find({ catalog, active: { $ne: false } }, { sort: { filter_id: 1 } }).toArray();
  const filters: ActiveFilter[] = [];
  const bad: BadFilter[] = [];
  for (const document of documents) {
    try {
      filters.push(toActiveFilter(document));
    } catch (error) {
      bad.push({ filterId: document.filter_id, reason: (error as Error).message });
    }
  }
  return { filters, bad };
}

function toActiveFilter(document: Document): ActiveFilter {
  const { filter_id, group_id, active_fid, fv, permissions } = document;
  const version = (fv as Document[] | undefined)?.find(({ fid }) => fid === active_fid);
  if (!version) throw new Error(`Cannot find the version ${active_fid} of filter ${filter_id}`);
  const pipeline = typeof version.pipeline === "string"
    ? decodeExtended(parseExact(version.pipeline))
    : version.pipeline;
  if (!Array.isArray(pipeline) || pipeline.length === 0) {
    throw new Error(`Cannot run filter ${filter_id}: its pipeline must be a list of stages`);
  }
  // One that was stored by other means than the API.
  checkFilterPipeline(pipeline);
  return {
    filterId: Number(filter_id),
    groupId: Number(group_id),
    fid: String(active_fid),
    permissions: ((permissions ?? []) as unknown[]).map(Number),
    pipeline: pipeline as Document[],
    autosave: document.autosave ?? false,
    autoFollowup: document.auto_followup ?? {},
    updateAnnotations: document.update_annotations === true,
  };
}

/** How long to wait before the stream of changes is opened again, ms. */
const REOPEN_MS = 1_000;

/**
 * Yields at once, then whenever a filter was changed, then after each time that the stream of
 * changes had to be opened anew (what changed meanwhile is unknown). Ends with the signal.
 */
export async function* filterChanges(db: Db, signal: AbortSignal): AsyncIterable<void> {
  while (!signal.aborted) {
    const stream = db.collection("filters").watch([], { maxAwaitTimeMS: 500 });
    const close = () => void stream.close();
    signal.addEventListener("abort", close, { once: true });
    try {
      // The stream is open on the server before the filters are read: no change falls between.
      await stream.tryNext();
      yield;
      while (!signal.aborted) {
        if (await stream.tryNext() !== null) yield;
      }
    } catch {
      await delay(REOPEN_MS, undefined, { signal }).catch(() => {});
    } finally {
      signal.removeEventListener("abort", close);
      await stream.close().catch(() => {});
    }
  }
}
