/**
 * Walks a batch alert by alert, each object's state carried from one of its alerts to the next: so an
 * alert sees what it would have seen if it had come alone, however the stream was cut into batches.
 */
import type { Document } from "../contract/document.ts";
import {
  type Alert,
  type HistoryPoint,
  type ObjectHistory,
  toHistoryPoint,
} from "../contract/survey.ts";
import { mergeFpHists, mergePrvCandidates } from "./light_curve.ts";

/** What the archive knows of a batch's objects. */
export interface KnownObjects {
  readonly aux: ReadonlyMap<string, Document>;
  readonly candidates: ReadonlyMap<string, readonly HistoryPoint[]>;
}

/** One alert in its turn. */
export interface Step {
  readonly alert: Alert;
  /** What was known of the object before. */
  readonly history: ObjectHistory;
  /** The object's document after. */
  readonly aux: Document;
}

/** An object before and after the batch. */
export interface ObjectChange {
  readonly objectId: string;
  /** As read; undefined for a new object. */
  readonly before: Document | undefined;
  readonly after: Document;
  /** The first alert of the batch: a new object is matched to catalogs at its position. */
  readonly first: Alert;
}

export function walkObjects(
  alerts: readonly Alert[],
  known: KnownObjects,
): { steps: Step[]; objects: ObjectChange[] } {
  const objects = new Map<string, ObjectChange>();
  const candidates = new Map<string, readonly HistoryPoint[]>(known.candidates);
  const steps = alerts.map((alert): Step => {
    const { objectId } = alert;
    const change = objects.get(objectId);
    const before = change ? change.before : known.aux.get(objectId);
    const aux = change ? change.after : before;
    const points = candidates.get(objectId) ?? [];
    const after = aux ? merged(aux, alert) : newObject(alert);
    objects.set(objectId, { objectId, before, after, first: change?.first ?? alert });
    candidates.set(objectId, [...points, toHistoryPoint(alert.candidate)]);
    return {
      alert,
      history: {
        known: aux !== undefined,
        prvCandidates: ((aux?.prv_candidates ?? []) as Document[]).map(toHistoryPoint),
        candidates: points,
      },
      aux: after,
    };
  });
  return { steps, objects: [...objects.values()] };
}

/** `cross_matches` is filled in once the catalogs have answered; later states share it. */
function newObject({ objectId, prvCandidates, fpHists, keepsForcedPhotometry }: Alert): Document {
  return {
    _id: objectId,
    cross_matches: {},
    prv_candidates: mergePrvCandidates([], prvCandidates),
    // An object has its whole forced light curve or none: one that is old when we first see it has none.
    ...keepsForcedPhotometry && { fp_hists: mergeFpHists([], fpHists) },
  };
}

function merged(aux: Document, { prvCandidates, fpHists }: Alert): Document {
  const prv = mergePrvCandidates((aux.prv_candidates ?? []) as Document[], prvCandidates);
  if (aux.fp_hists === undefined) return { ...aux, prv_candidates: prv };
  const forced = mergeFpHists(aux.fp_hists as Document[], fpHists);
  return { ...aux, prv_candidates: prv, fp_hists: forced };
}
