/** Which nights are read, and when an old one is dropped. */
import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { kafkaBrokers } from "../../../tests/support/kafka.ts";
import { createKafka } from "./client.ts";
import { nightlyTopics, Topics } from "./topics.ts";

const brokers = await kafkaBrokers();
const DAY_MS = 86_400_000;
const nameOf = (id: string, night: Date) =>
  `${id}_${night.toISOString().slice(0, 10).replaceAll("-", "")}`;

describe("nightlyTopics()", () => {
  it("names tonight's by UTC, and those of the nights before", () => {
    const topicsOf = (night: Date) => [1, 2].map((p) => `${nameOf("ztf", night)}_programid${p}`);
    const now = () => new Date("2025-03-01T00:00:00Z");
    assert.deepEqual([...nightlyTopics({ topicsOf, pastNights: 1, now })], [
      "ztf_20250301_programid1",
      "ztf_20250301_programid2",
      "ztf_20250228_programid1",
      "ztf_20250228_programid2",
    ]);
    assert.equal(nightlyTopics({ topicsOf: () => ["pinned"], pastNights: 9, now }).size, 1);
  });
});

describe("Topics", { skip: brokers === null }, () => {
  it("keeps a night that is past until it is read to its end", async () => {
    const kafka = createKafka({ brokers: brokers!, clientId: "test", log: () => {} });
    const [admin, producer] = [kafka.admin(), kafka.producer()];
    await Promise.all([admin.connect(), producer.connect()]);
    const id = `test_${crypto.randomUUID().slice(0, 8)}`;
    let nowMs = Date.UTC(2025, 5, 17, 12);
    const topic = nameOf(id, new Date(nowMs));
    await using topics = new Topics({
      kafka,
      groupId: id,
      topicsOf: (night) => [nameOf(id, night)],
      pastNights: 1,
      now: () => new Date(nowMs),
    });
    assert.deepEqual(await topics.look(), { topics: [], ends: [] });

    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
    await producer.send({ topic, messages: [{ value: "1" }, { value: "2" }] });
    const end = { topic, partition: 0, from: 0n, high: 2n };
    assert.deepEqual(await topics.look(), { topics: [topic], ends: [end] });

    nowMs += 2 * DAY_MS;
    assert.deepEqual((await topics.look()).topics, [topic]);
    const move = (offset: string) =>
      admin.setOffsets({ groupId: id, topic, partitions: [{ partition: 0, offset }] });
    await move("1");
    assert.deepEqual(await topics.look(), { topics: [topic], ends: [{ ...end, from: 1n }] });
    await move("2");
    assert.deepEqual((await topics.look()).topics, []);
    assert.deepEqual((await topics.look()).topics, []);
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  });
});
