import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import type { Batch, Packet, Source } from "../contract/packet.ts";
import { type Clock, type SimulatorOptions, simulatorSource } from "./simulator.ts";
import { simulate } from "./simulator/simulate.ts";

const NIGHT = new Date("2025-10-12T06:00:00Z");
const options: SimulatorOptions = {
  seed: 5,
  alerts: 40,
  rate: null,
  nightUtc: NIGHT,
  batchMax: 16,
};
const never = new AbortController().signal;

const packetsOf = async (source: Source, signal = never): Promise<Packet[]> =>
  (await Array.fromAsync(source.batches(signal))).flatMap(({ packets }) => packets);

/** Time that passes only while somebody sleeps. */
function fakeClock(): Clock & { nowMs: number; slept: number[] } {
  return {
    nowMs: 1_000_000,
    slept: [],
    now() {
      return this.nowMs;
    },
    sleep(ms) {
      this.slept.push(ms);
      this.nowMs += ms;
      return Promise.resolve();
    },
  };
}

describe("simulatorSource()", () => {
  it("ends after the packets that were asked for, in batches of no more than batchMax", async () => {
    const batches = await Array.fromAsync(simulatorSource(options).batches(never));
    assert.deepEqual(batches.map(({ packets }) => packets.length), [16, 16, 8]);
    const packets = batches.flatMap(({ packets }) => packets);
    assert.deepEqual(packets.map(({ offset }) => offset), packets.map((_, nth) => BigInt(nth)));
    const plain = [...simulate({ seed: 5, alerts: 40, nightUtc: NIGHT })];
    assert.deepEqual(packets.map(({ bytes }) => bytes), plain.map(({ bytes }) => bytes));
    assert.deepEqual(packets.map(({ topic }) => topic), plain.map(({ topic }) => topic));
  });

  it("gives the same bytes at any rate and in batches of any size", async () => {
    const bytesOf = async (more: Partial<SimulatorOptions>) =>
      (await packetsOf(simulatorSource({ ...options, ...more }))).map(({ bytes }) => bytes);
    const expected = await bytesOf({});
    assert.deepEqual(await bytesOf({ batchMax: 1 }), expected);
    assert.deepEqual(await bytesOf({ rate: 7, batchMax: 3, clock: fakeClock() }), expected);
  });

  it("keeps to its rate: a packet is given when its time has come, and what is due comes at once", async () => {
    const clock = fakeClock();
    const source = simulatorSource({ ...options, rate: 10, batchMax: 100, clock });
    const times: number[] = [];
    let sizes = 0;
    for await (const { packets } of source.batches(never)) {
      for (const { timestampMs } of packets) times.push(timestampMs - 1_000_000);
      if (sizes++ === 4) clock.nowMs += 1000; // The one who asks was busy for a second.
    }
    assert.equal(times.length, 40);
    for (const [nth, ms] of times.entries()) assert.ok(ms >= (nth + 1) * 100 - 1e-6);
    assert.deepEqual(times.slice(0, 5), [100, 200, 300, 400, 500]);
    // Ten at once, then one by one again.
    assert.equal(times.filter((ms) => ms === times[6]).length, 10);
    assert.equal(Math.round(times.at(-1)!), 4000);
  });

  it("draws nothing that isn't asked for", async () => {
    const source = simulatorSource({ ...options, alerts: 1000 });
    const batches = source.batches(never)[Symbol.asyncIterator]();
    await batches.next();
    assert.equal(source.state().lag, 1000 - 16);
    await batches.return?.();
    assert.deepEqual(source.state(), { connected: false, lag: 984 });
  });

  it("counts what was committed", async () => {
    const source = simulatorSource(options);
    const held: Batch[] = [];
    for await (const batch of source.batches(never)) {
      assert.equal(source.state().connected, true);
      held.push(batch);
    }
    assert.equal(source.committed, 0);
    await held[0]!.commit();
    assert.equal(source.committed, 16);
    await held[1]!.commit();
    await held[2]!.commit();
    assert.equal(source.committed, 40);
    assert.equal(source.state().lag, 0);
  });

  it("ends when it is aborted: between batches, and in the wait for a packet's time", async () => {
    const between = new AbortController();
    let batches = 0;
    for await (const _ of simulatorSource({ ...options, alerts: null }).batches(between.signal)) {
      if (++batches === 2) between.abort();
    }
    assert.equal(batches, 2);

    const waiting = new AbortController();
    const slow = simulatorSource({ ...options, rate: 1e-6 });
    const read = packetsOf(slow, waiting.signal);
    setTimeout(() => waiting.abort(), 5);
    assert.deepEqual(await read, []);
  });

  it("goes on with the next night where it has no end", async () => {
    const source = simulatorSource({ ...options, alerts: null, objects: 4, startAt: 8 });
    const stop = new AbortController();
    const topics: string[] = [];
    for await (const { packets } of source.batches(stop.signal)) {
      topics.push(...packets.map(({ topic }) => topic.slice(0, 12)));
      if (topics.length > 40) stop.abort();
    }
    assert.deepEqual([...new Set(topics)].slice(0, 3), [
      "ztf_20251012",
      "ztf_20251013",
      "ztf_20251014",
    ]);
    assert.equal(source.state().lag, null);
  });

  it("lets others have the thread while it draws a large batch", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await packetsOf(simulatorSource({ ...options, alerts: 300, batchMax: 300 }));
    clearInterval(timer);
    assert.ok(turns >= 3, String(turns));
  });

  it("refuses rates and batches of nothing", () => {
    assert.throws(() => simulatorSource({ ...options, rate: 0 }), /rate must be above 0/);
    assert.throws(
      () => simulatorSource({ ...options, batchMax: 0 }),
      /batchMax must be at least 1/,
    );
  });
});
