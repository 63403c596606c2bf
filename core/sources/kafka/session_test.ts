/** A reader that is slow: reading pauses, the place in the group is kept, and nothing is left out. */
import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { kafkaBrokers } from "../../../tests/support/kafka.ts";
import { createKafka } from "./client.ts";
import { ReadAhead } from "./read_ahead.ts";
import { Session } from "./session.ts";

const brokers = await kafkaBrokers();
const COUNT = 2_000;
const VALUE_BYTES = 1_000;
const FETCH_BYTES = 20_000;

describe("Session", { skip: brokers === null }, () => {
  it("reads no further than the read-ahead and one answer, for as long as nothing is taken", async () => {
    const topic = `test_${crypto.randomUUID().slice(0, 8)}`;
    const kafka = createKafka({ brokers: brokers!, clientId: "test", log: () => {} });
    const [admin, producer] = [kafka.admin(), kafka.producer()];
    await Promise.all([admin.connect(), producer.connect()]);
    await admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: true });
    const value = "x".repeat(VALUE_BYTES);
    for (let sent = 0; sent < COUNT; sent += 10) {
      const messages = Array.from({ length: 10 }, (_, i) => ({ value, partition: i % 2 }));
      await producer.send({ topic, messages });
    }

    const limits = { packetsMax: 50, bytesMax: 1e9 };
    const readAhead = new ReadAhead(limits);
    let heartbeats = 0;
    const session = new Session({
      kafka,
      groupId: topic,
      topics: [topic],
      fetchBytesMax: FETCH_BYTES,
      sessionMs: 6_000,
      readAhead,
      log: () => {},
      onContact: () => heartbeats++,
      onAssigned: () => {},
    });
    await session.start();
    // Longer than a member may be silent.
    await new Promise((resolve) => setTimeout(resolve, 7_000));
    assert.ok(readAhead.isFull);
    assert.ok(heartbeats > 2);
    const { members } = (await admin.describeGroups([topic])).groups[0]!;
    assert.equal(members.length, 1);

    const all = { packetsMax: Infinity, bytesMax: Infinity };
    const most = limits.packetsMax + 2 * FETCH_BYTES / VALUE_BYTES;
    const offsets = new Map<number, number>();
    let seen = 0;
    while (seen < COUNT) {
      await readAhead.filled({ packetsMax: 1, bytesMax: 1 }, 0, AbortSignal.timeout(10_000));
      const { packets, finish } = readAhead.take(all);
      assert.ok(packets.length > 0 && packets.length <= most, `${packets.length} at once`);
      for (const { partition, offset } of packets) {
        assert.equal(Number(offset), offsets.get(partition) ?? 0);
        offsets.set(partition, Number(offset) + 1);
      }
      seen += packets.length;
      finish();
      session.resume();
    }
    await session.commit();
    assert.equal(readAhead.lag(), 0);
    await session.stop();
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  });
});
