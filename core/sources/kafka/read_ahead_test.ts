/** What a read-ahead promises of order, commits and partitions that move, without any Kafka. */
import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import type { Packet } from "../../contract/packet.ts";
import { ReadAhead } from "./read_ahead.ts";

const never = new AbortController().signal;
const at = (partition: number) => ({ topic: "t", partition });
const big = { packetsMax: 1_000, bytesMax: 1_000_000 };

/** `count` packets of 10 bytes from the given offset on. */
function packets(partition: number, first: number, count: number): Packet[] {
  return Array.from({ length: count }, (_, i) => ({
    bytes: new Uint8Array(10),
    topic: "t",
    partition,
    offset: BigInt(first + i),
    timestampMs: 0,
  }));
}

function feed(readAhead: ReadAhead, partition: number, first: number, count: number): void {
  const end = BigInt(first + count);
  readAhead.add(at(partition), packets(partition, first, count), end, end);
}

function owning(...partitions: number[]): ReadAhead {
  const readAhead = new ReadAhead(big);
  readAhead.assign(partitions.map(at));
  return readAhead;
}

describe("ReadAhead", () => {
  it("a batch takes what is oldest, of all partitions, up to its packets and bytes", () => {
    const readAhead = owning(0, 1);
    feed(readAhead, 0, 5, 3);
    feed(readAhead, 1, 0, 3);
    const taken = (packetsMax: number, bytesMax: number) =>
      readAhead.take({ packetsMax, bytesMax }).packets.map((p) => `${p.partition}:${p.offset}`);
    assert.deepEqual(taken(4, 1_000), ["0:5", "0:6", "0:7", "1:0"]);
    assert.deepEqual(taken(4, 15), ["1:1"]);
    assert.deepEqual(taken(4, 1), ["1:2"]);
    assert.deepEqual(taken(4, 1), []);
  });

  it("nothing may be committed before the batch that was taken first is finished", () => {
    const readAhead = owning(0);
    feed(readAhead, 0, 0, 4);
    const first = readAhead.take({ ...big, packetsMax: 2 });
    const second = readAhead.take(big);
    second.finish();
    assert.deepEqual(readAhead.toCommit(), []);
    first.finish();
    assert.deepEqual(readAhead.toCommit(), [{ ...at(0), offset: 4n }]);
  });

  it("stands still where packets wait that it has room for, and only there", () => {
    const readAhead = owning(0, 1);
    assert.equal(readAhead.standstill, null);
    readAhead.learn([{ ...at(0), from: 0n, high: 0n }, { ...at(1), from: 2n, high: 3n }]);
    const before = readAhead.standstill;
    assert.equal(before, "t/0:null,t/1:null");
    feed(readAhead, 1, 2, 1);
    assert.equal(readAhead.standstill, null);
    readAhead.learn([{ ...at(0), from: 0n, high: 9n }]);
    assert.notEqual(readAhead.standstill, before);
    feed(readAhead, 1, 3, big.packetsMax / 2);
    assert.equal(readAhead.standstill, null, "reading is held back until more is taken");
  });

  it("what is committed isn't committed again, and no late batch moves it back", () => {
    const readAhead = owning(0);
    feed(readAhead, 0, 0, 2);
    const { finish } = readAhead.take(big);
    finish();
    readAhead.committed({ ...at(0), offset: 2n });
    finish();
    assert.deepEqual(readAhead.toCommit(), []);
  });

  it("a partition that goes takes along what was read of it, and finishing that moves nothing", () => {
    const readAhead = owning(0, 1);
    feed(readAhead, 0, 0, 2);
    feed(readAhead, 1, 0, 2);
    const { finish } = readAhead.take({ ...big, packetsMax: 1 });
    assert.deepEqual(readAhead.assign([at(1)]), [{ ...at(1), offset: 2n }]);
    finish();
    assert.deepEqual(readAhead.toCommit(), []);
    assert.deepEqual(readAhead.take(big).packets.map((p) => p.partition), [1, 1]);
  });

  it("a partition that comes back begins where the group is, not where we were", () => {
    const readAhead = owning(0);
    feed(readAhead, 0, 0, 4);
    const { finish } = readAhead.take(big);
    readAhead.assign([]);
    assert.deepEqual(readAhead.assign([at(0)]), []);
    finish();
    assert.deepEqual(readAhead.toCommit(), []);
    feed(readAhead, 0, 0, 4);
    assert.equal(readAhead.take(big).packets.length, 4);
  });

  it("packets that were read before are left out, but those of a topic made anew are not", () => {
    const readAhead = owning(0);
    feed(readAhead, 0, 0, 4);
    readAhead.add(at(0), packets(0, 2, 4), 6n, 6n);
    assert.deepEqual(readAhead.take(big).packets.map((p) => Number(p.offset)), [0, 1, 2, 3, 4, 5]);
    feed(readAhead, 0, 0, 3);
    const anew = readAhead.take(big);
    assert.equal(anew.packets.length, 3);
    anew.finish();
    assert.deepEqual(readAhead.toCommit(), [{ ...at(0), offset: 3n }]);
  });

  it("packets of a partition that isn't ours are not taken in", () => {
    const readAhead = owning(0);
    feed(readAhead, 7, 0, 4);
    assert.deepEqual(readAhead.take(big).packets, []);
  });

  it("it is full by packets or bytes, and low when half of that is left", () => {
    const readAhead = new ReadAhead({ packetsMax: 10, bytesMax: 40 });
    readAhead.assign([at(0)]);
    feed(readAhead, 0, 0, 4);
    assert.ok(readAhead.isFull);
    readAhead.take({ ...big, packetsMax: 1 });
    assert.ok(!readAhead.isFull && !readAhead.isLow);
    readAhead.take({ ...big, packetsMax: 1 });
    assert.ok(readAhead.isLow);
  });

  it("lag counts what isn't committed, and is null until the ends are known", () => {
    const readAhead = new ReadAhead(big);
    assert.equal(readAhead.lag(), null);
    readAhead.assign([at(0), at(1)]);
    assert.equal(readAhead.lag(), null);
    readAhead.learn([{ ...at(0), from: 5n, high: 9n }, { ...at(1), from: 0n, high: 1n }]);
    assert.equal(readAhead.lag(), 5);
    readAhead.add(at(0), packets(0, 5, 2), 7n, 9n);
    readAhead.take(big).finish();
    assert.equal(readAhead.lag(), 5);
    readAhead.committed({ ...at(0), offset: 7n });
    assert.equal(readAhead.lag(), 3);
  });

  it("filled() waits for a batch, or as long as it may linger, or until told to stop", async () => {
    const readAhead = owning(0);
    const stop = new AbortController();
    const empty = readAhead.filled(big, 0, stop.signal);
    stop.abort();
    await empty;
    const lingered = readAhead.filled(big, 5, never);
    feed(readAhead, 0, 0, 1);
    await lingered;
    const whole = readAhead.filled({ ...big, packetsMax: 3 }, 1_000_000, never);
    feed(readAhead, 0, 1, 2);
    await whole;
  });

  it("settled() waits until all that was taken is committed", async () => {
    const readAhead = owning(0);
    feed(readAhead, 0, 0, 1);
    readAhead.take(big).finish();
    let isSettled = false;
    const settled = readAhead.settled(never).then(() => isSettled = true);
    await Promise.resolve();
    assert.ok(!isSettled);
    readAhead.committed({ ...at(0), offset: 1n });
    await settled;
  });

  it("whatever order batches are finished in, offsets move forward and never past an open one", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 12 });
    const run = sizes.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all.map((_, i) => i)))
    );
    fc.assert(fc.property(run, ([all, order]) => {
      const readAhead = owning(0);
      let end = 0;
      const batches = all.map((size) => {
        feed(readAhead, 0, end, size);
        end += size;
        return { end, finish: readAhead.take(big).finish };
      });
      const finished = new Set<number>();
      let committed = 0;
      for (const i of order) {
        batches[i]!.finish();
        finished.add(i);
        const open = batches.findIndex((_, index) => !finished.has(index));
        const expected = open === 0 ? 0 : batches.at(open < 0 ? -1 : open - 1)!.end;
        for (const offset of readAhead.toCommit()) {
          assert.ok(Number(offset.offset) > committed);
          committed = Number(offset.offset);
          readAhead.committed(offset);
        }
        assert.equal(committed, expected);
      }
    }));
  });
});
