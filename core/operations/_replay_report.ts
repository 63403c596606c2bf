/** What people get of a replay: its state, and its report. */
import type { Counts, Failures, Replay, SampledPass } from "../archive/replay_document.ts";
import { CUTOUTS } from "../contract/cutouts.ts";
import { type Document, Double } from "../contract/document.ts";

/** What is asked, and how far it is. */
export function summaryOf(replay: Replay): Document {
  const { id, owner, filter_id, fid, catalog, permissions, as_of, state, reason } = replay;
  const { counts, live, parts } = replay;
  return {
    id,
    owner,
    filter_id,
    fid,
    catalog,
    permissions,
    as_of,
    jd_start: real(replay.jd_start),
    jd_end: real(replay.jd_end),
    state,
    reason,
    progress: {
      alerts: counts.alerts,
      alerts_total: replay.alerts_total,
      passes: counts.passes,
      live_passes: live && counts.live_passes,
      parts: parts.length,
      parts_done: parts.filter(({ done }) => done).length,
    },
    queued_at: replay.queued_at,
    updated_at: replay.updated_at,
    ended_at: replay.ended_at,
  };
}

export function reportOf(replay: Replay, readPass: (data: Uint8Array) => Document): Document {
  const { counts, live, objects, sample } = replay;
  return {
    alerts: counts.alerts,
    passes: counts.passes,
    selectivity: share(counts.passes, counts.alerts),
    live: live && {
      fid: live.fid,
      passes: counts.live_passes,
      selectivity: share(counts.live_passes, counts.alerts),
      failures: told(replay.live_failures),
    },
    nights: Object.entries(replay.nights).sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([night, each]) => nightOf(night, each, live !== null)),
    cost: costOf(replay),
    failures: told(replay.failures),
    objects: objects && objects.objects,
    tns: objects && objects.tns,
    classes: objects && objects.classes,
    sample: sample.map((pass) => sampleOf(replay.survey, pass, readPass)),
  };
}

function nightOf(night: string, { alerts, passes, live_passes }: Counts, hasLive: boolean) {
  return {
    night,
    alerts,
    passes,
    live_passes: hasLive ? live_passes : null,
    selectivity: share(passes, alerts),
  };
}

/** The live version that is the replayed one has run once. */
function costOf({ counts: { alerts }, cost, ran, live, fid }: Replay): Document {
  const perAlert = (ms: number) => real(alerts === 0 ? 0 : 1_000 * ms / alerts);
  const costOfOne = (ms: number, why: string | null) => ({
    us_per_alert: perAlert(ms),
    ran: why === null ? "in process" : "MongoDB",
    why,
  });
  return {
    ...costOfOne(cost.filter_ms, ran?.uncompiled ?? null),
    live: live === null || live.fid === fid
      ? null
      : costOfOne(cost.live_ms, ran?.live_uncompiled ?? null),
    read_us_per_alert: perAlert(cost.read_ms),
    seconds: real(cost.run_ms / 1_000),
  };
}

function sampleOf(
  survey: string,
  { candid, objectId, jd, data }: SampledPass,
  readPass: (data: Uint8Array) => Document,
): Document {
  const cutouts = [...CUTOUTS.keys()]
    .map((kind) => [kind, `/api/cutouts/${survey}/${candid}/${kind}/png`]);
  return {
    candid,
    objectId,
    jd: real(jd),
    data: data && readPass(data),
    cutouts: Object.fromEntries(cutouts),
  };
}

function share(part: number, whole: number): Double | null {
  return whole === 0 ? null : real(part / whole);
}

function told({ batches, reason }: Failures): Document {
  return { batches, reason };
}

/** Without a fraction, too, it is written as a real number: `1.0`. */
function real(value: number): Double {
  return new Double(value);
}
