/** What Prometheus reads of a core that has done something. */
import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import type { IngestReport } from "../contract/ingest.ts";
import { createMetrics } from "./metrics.ts";

const REPORT: IngestReport = {
  read: 10,
  stored: 7,
  known: 2,
  rejected: 1,
  scored: 6,
  matched: 5,
  passed: 4,
  stageMs: { decode: 5, history: 1, features: 1, score: 40, crossmatch: 9, filter: 2, write: 20 },
  modelFailures: { bts: 3 },
  catalogFailures: { AllWISE: 2 },
  filterFailures: [{ filterId: 7, fid: "abc", reason: "no such field" }],
  hitLatenciesMs: [1500, 90_000],
};

describe("createMetrics()", () => {
  it("adds reports up", async () => {
    const metrics = createMetrics();
    metrics.countReport("ztf", REPORT);
    metrics.countReport("ztf", REPORT);
    const text = await metrics.text();
    for (
      const line of [
        'kowalski_packets_total{survey="ztf",outcome="read"} 20',
        'kowalski_packets_total{survey="ztf",outcome="stored"} 14',
        'kowalski_packets_total{survey="ztf",outcome="known"} 4',
        'kowalski_packets_total{survey="ztf",outcome="rejected"} 2',
        'kowalski_packets_total{survey="ztf",outcome="scored"} 12',
        'kowalski_packets_total{survey="ztf",outcome="matched"} 10',
        'kowalski_packets_total{survey="ztf",outcome="passed"} 8',
        'kowalski_stage_seconds_bucket{le="0.03",survey="ztf",stage="score"} 0',
        'kowalski_stage_seconds_bucket{le="0.1",survey="ztf",stage="score"} 2',
        'kowalski_packet_to_hit_seconds_bucket{le="2",survey="ztf"} 2',
        'kowalski_packet_to_hit_seconds_sum{survey="ztf"} 183',
        'kowalski_model_failures_total{survey="ztf",model="bts"} 6',
        'kowalski_catalog_failures_total{survey="ztf",catalog="AllWISE"} 4',
        'kowalski_filter_failures_total{survey="ztf",filter_id="7"} 2',
      ]
    ) assert.ok(text.includes(`${line}\n`), `${line} is not in\n${text}`);
  });

  it("tells how services and sinks are", async () => {
    const metrics = createMetrics();
    metrics.countBatchRetry("ztf");
    metrics.countWorkerRestart("ztf");
    metrics.setSource("ztf", { connected: true, lag: 12 });
    metrics.setSource("wntr", { connected: true, lag: 9 });
    metrics.setSource("wntr", { connected: false, lag: null });
    metrics.setOutbox("kafka", 3);
    metrics.countSinkFailure("kafka");
    metrics.countReconnect("mongo");
    metrics.countRequest({ method: "POST", route: "/v1/query", status: 200, seconds: 0.02 });
    const text = await metrics.text();
    for (
      const line of [
        'kowalski_batch_retries_total{survey="ztf"} 1',
        'kowalski_worker_restarts_total{survey="ztf"} 1',
        'kowalski_source_lag_packets{survey="ztf"} 12',
        'kowalski_source_connected{survey="ztf"} 1',
        'kowalski_source_connected{survey="wntr"} 0',
        'kowalski_outbox_pending{sink="kafka"} 3',
        'kowalski_sink_failures_total{sink="kafka"} 1',
        'kowalski_reconnects_total{service="mongo"} 1',
        'kowalski_request_seconds_count{method="POST",route="/v1/query",status="200"} 1',
      ]
    ) assert.ok(text.includes(`${line}\n`), `${line} is not in\n${text}`);
    assert.ok(!text.includes('lag_packets{survey="wntr"}'), "A lag that nobody knows is not told");
    assert.match(text, /kowalski_memory_bytes\{kind="resident"\} \d{7,}/);
  });

  it("two of them share nothing", async () => {
    const [one, other] = [createMetrics(), createMetrics()];
    one.countBatchRetry("ztf");
    assert.ok(!(await other.text()).includes("retries_total{"));
  });
});
