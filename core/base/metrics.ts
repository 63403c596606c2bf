/** What a core measures of itself, declared in one place, for Prometheus to read. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { type IngestReport, OUTCOMES } from "../contract/ingest.ts";
import type { SourceState } from "../contract/packet.ts";

/** A stage of a batch: from a millisecond to a minute. */
const STAGE_BUCKETS_S = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60];
/** From the packet's timestamp to its stored hit: an hour is a night that is caught up with. */
const HIT_BUCKETS_S = [0.1, 0.3, 1, 2, 3, 5, 10, 30, 60, 300, 900, 3600];
const REQUEST_BUCKETS_S = [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300];

export interface Metrics {
  /** A batch, or a worker's share of one, is through. */
  countReport(survey: string, report: IngestReport): void;
  countBatchRetry(survey: string): void;
  countWorkerRestart(survey: string): void;
  setSource(survey: string, state: SourceState): void;
  /** Passes that wait for a sink. */
  setOutbox(sink: string, pending: number): void;
  countSinkFailure(sink: string): void;
  countReconnect(service: "mongo" | "kafka"): void;
  /** `route` is a path with its parameters' names, so that there are few. */
  countRequest(
    request: { method: string; route: string; status: number; seconds: number },
  ): void;
  /** All of them in Prometheus's text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Metrics of one program, or of one test: they share nothing. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const packets = new Counter({
    name: "kowalski_packets_total",
    help: "Alert packets by what became of them; a packet is in several: read, stored, scored",
    labelNames: ["survey", "outcome"],
    registers,
  });
  const stages = new Histogram({
    name: "kowalski_stage_seconds",
    help: "How long a stage took for a worker's share of a batch",
    labelNames: ["survey", "stage"],
    buckets: STAGE_BUCKETS_S,
    registers,
  });
  const hits = new Histogram({
    name: "kowalski_packet_to_hit_seconds",
    help: "From a packet's timestamp to its stored hit",
    labelNames: ["survey"],
    buckets: HIT_BUCKETS_S,
    registers,
  });
  const modelFailures = new Counter({
    name: "kowalski_model_failures_total",
    help: "Alerts that lack a score since the model failed",
    labelNames: ["survey", "model"],
    registers,
  });
  const catalogFailures = new Counter({
    name: "kowalski_catalog_failures_total",
    help: "Cross-matches with a catalog that failed",
    labelNames: ["survey", "catalog"],
    registers,
  });
  const filterFailures = new Counter({
    name: "kowalski_filter_failures_total",
    help: "Runs of a filter over a batch that failed",
    labelNames: ["survey", "filter_id"],
    registers,
  });
  const batchRetries = new Counter({
    name: "kowalski_batch_retries_total",
    help: "Batches, or parts of one, that were tried again",
    labelNames: ["survey"],
    registers,
  });
  const workerRestarts = new Counter({
    name: "kowalski_worker_restarts_total",
    help: "Workers that died or hung, and were replaced",
    labelNames: ["survey"],
    registers,
  });
  const sourceLag = new Gauge({
    name: "kowalski_source_lag_packets",
    help: "Packets that wait at the source; absent where it can't be told",
    labelNames: ["survey"],
    registers,
  });
  const sourceConnected = new Gauge({
    name: "kowalski_source_connected",
    help: "1 where the source is connected",
    labelNames: ["survey"],
    registers,
  });
  const outboxPending = new Gauge({
    name: "kowalski_outbox_pending",
    help: "Passes that a sink has not taken yet",
    labelNames: ["sink"],
    registers,
  });
  const sinkFailures = new Counter({
    name: "kowalski_sink_failures_total",
    help: "Deliveries that failed and are tried again",
    labelNames: ["sink"],
    registers,
  });
  const reconnects = new Counter({
    name: "kowalski_reconnects_total",
    help: "How often a service was away and was tried again",
    labelNames: ["service"],
    registers,
  });
  const requests = new Histogram({
    name: "kowalski_request_seconds",
    help: "How long an HTTP request took, by its answer",
    labelNames: ["method", "route", "status"],
    buckets: REQUEST_BUCKETS_S,
    registers,
  });
  new Gauge({
    name: "kowalski_memory_bytes",
    help: "Memory of this process: all of it that is resident, and the part that is V8's heap",
    labelNames: ["kind"],
    registers,
    collect() {
      const { rss, heapUsed } = Deno.memoryUsage();
      this.set({ kind: "resident" }, rss);
      this.set({ kind: "heap" }, heapUsed);
    },
  });

  return {
    countReport(survey, report) {
      for (const outcome of OUTCOMES) packets.inc({ survey, outcome }, report[outcome]);
      for (const [stage, ms] of Object.entries(report.stageMs)) {
        stages.observe({ survey, stage }, ms / 1000);
      }
      for (const ms of report.hitLatenciesMs) hits.observe({ survey }, ms / 1000);
      for (const [model, alerts] of Object.entries(report.modelFailures)) {
        modelFailures.inc({ survey, model }, alerts);
      }
      for (const [catalog, matches] of Object.entries(report.catalogFailures)) {
        catalogFailures.inc({ survey, catalog }, matches);
      }
      for (const { filterId } of report.filterFailures) {
        filterFailures.inc({ survey, filter_id: String(filterId) });
      }
    },
    countBatchRetry: (survey) => batchRetries.inc({ survey }),
    countWorkerRestart: (survey) => workerRestarts.inc({ survey }),
    setSource(survey, { connected, lag }) {
      sourceConnected.set({ survey }, connected ? 1 : 0);
      if (lag === null) sourceLag.remove({ survey });
      else sourceLag.set({ survey }, lag);
    },
    setOutbox: (sink, pending) => outboxPending.set({ sink }, pending),
    countSinkFailure: (sink) => sinkFailures.inc({ sink }),
    countReconnect: (service) => reconnects.inc({ service }),
    countRequest: ({ method, route, status, seconds }) =>
      requests.observe({ method, route, status: String(status) }, seconds),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
