// The promises of the broker's flow: order, commits that come last, and an end that loses nothing.
import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import { setTimeout as delay } from "node:timers/promises";
import { type BrokerDeps, runBroker } from "./broker.ts";
import type { Batch, Packet, Source } from "./contract/packet.ts";

const packet = (offset: number): Packet => ({
  bytes: Uint8Array.of(offset),
  topic: "t",
  partition: 0,
  offset: BigInt(offset),
  timestampMs: 0,
});

function sourceOf(batches: number, log: string[]): Source {
  return {
    name: "list",
    state: () => ({ connected: true, lag: null }),
    async *batches(signal) {
      for (let i = 0; i < batches && !signal.aborted; i++) {
        await delay(1);
        log.push(`read ${i}`);
        yield {
          packets: [packet(2 * i), packet(2 * i + 1)],
          commit: () => Promise.resolve(void log.push(`commit ${i}`)),
        } satisfies Batch;
      }
    },
  };
}

const deps = (log: string[], batches: number, changes: Partial<BrokerDeps> = {}): BrokerDeps => ({
  source: sourceOf(batches, log),
  workers: 2,
  batchesMax: 3,
  workerOf: ({ bytes }) => bytes[0]! % 2,
  ingest: async (worker, packets) => {
    await delay(5 - packets[0]!.bytes[0]! % 5); // Later batches may be faster.
    log.push(`ingest ${packets.map((each) => each.offset)} by ${worker}`);
    return [];
  },
  report: () => {},
  ...changes,
});

describe("runBroker()", () => {
  it("commits each batch once, in order, after all of its packets are in", async () => {
    const log: string[] = [];
    await runBroker(deps(log, 8), new AbortController().signal);
    const commits = log.filter((line) => line.startsWith("commit"));
    assertEquals(commits, Array.from({ length: 8 }, (_, i) => `commit ${i}`));
    for (let i = 0; i < 8; i++) {
      const at = log.indexOf(`commit ${i}`);
      assertEquals(log.indexOf(`ingest ${2 * i} by 0`) < at, true);
      assertEquals(log.indexOf(`ingest ${2 * i + 1} by 1`) < at, true);
    }
  });

  it("reads no more than it may have in work", async () => {
    const log: string[] = [];
    let most = 0;
    const inWork = () =>
      log.filter((line) => line.startsWith("read")).length -
      log.filter((line) => line.startsWith("commit")).length;
    await runBroker(
      deps(log, 10, { report: () => void (most = Math.max(most, inWork())) }),
      new AbortController().signal,
    );
    assertEquals(most <= 4, true);
  });

  it("leaves the offset where it was when a batch fails, and says so", async () => {
    const log: string[] = [];
    const failing = deps(log, 8, {
      ingest: (_, packets) =>
        packets[0]!.offset >= 4n ? Promise.reject(new Error("no")) : Promise.resolve([]),
    });
    await assertRejects(() => runBroker(failing, new AbortController().signal), Error, "no");
    assertEquals(log.filter((line) => line.startsWith("commit")), ["commit 0", "commit 1"]);
  });

  it("finishes what is in work when it is told to stop", async () => {
    const log: string[] = [];
    const stop = new AbortController();
    await runBroker(deps(log, 1_000, { report: () => stop.abort() }), stop.signal);
    const count = (what: string) => log.filter((line) => line.startsWith(what)).length;
    assertEquals(count("commit"), count("read"));
    assertEquals(count("read") < 1_000, true);
  });
});
