/** What the Kafka source promises, against a real broker. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { type Admin, CompressionTypes, type Kafka, type Producer } from "kafkajs";
import { startKafka } from "../../deploy/local/kafka.ts";
import { kafkaBrokers } from "../../tests/support/kafka.ts";
import { until } from "../../tests/support/until.ts";
import type { Packet } from "../contract/packet.ts";
import { kafkaSource, type KafkaSourceOptions } from "./kafka.ts";
import { createKafka } from "./kafka/client.ts";

const brokers = await kafkaBrokers();
const skip = brokers === null;
const DAY_MS = 86_400_000;

/** What the sources of a test had to say: shown where they give nothing. */
const said: string[] = [];

let kafka: Kafka;
let admin: Admin;
let producer: Producer;

beforeAll(async () => {
  if (skip) return;
  kafka = createKafka({ brokers: brokers!, clientId: "test", log: () => {} });
  admin = kafka.admin();
  producer = kafka.producer();
  await Promise.all([admin.connect(), producer.connect()]);
});
afterAll(async () => {
  if (skip) return;
  await Promise.all([admin.disconnect(), producer.disconnect()]);
});

/** A new name for a topic, and for the group that reads it. */
const newName = () => `test_${crypto.randomUUID().slice(0, 8)}`;

async function makeTopic(numPartitions: number, topic = newName()): Promise<string> {
  said.length = 0;
  await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true });
  return topic;
}

/** Texts `from`, `from + 1`, ... dealt to the partitions in turn. */
async function produce(topic: string, from: number, count: number, partitions = 1): Promise<void> {
  const messages = Array.from({ length: count }, (_, i) => ({
    value: String(from + i),
    partition: i % partitions,
    timestamp: "1700000000123",
  }));
  await producer.send({ topic, messages });
}

function sourceOf(topic: string, options: Partial<KafkaSourceOptions> = {}) {
  return kafkaSource({
    name: "ztf",
    brokers: brokers ?? [],
    clientId: "test",
    groupId: topic,
    topics: () => [topic],
    topicsCheckMs: 100,
    lingerMs: 20,
    sessionMs: 6_000,
    log: (level, message, fields) => said.push(`${level} ${message} ${JSON.stringify(fields)}`),
    ...options,
  });
}

const textOf = ({ bytes }: Packet) => new TextDecoder().decode(bytes);
const numbers = (packets: readonly Packet[]) =>
  packets.map((packet) => Number(textOf(packet))).sort((a, b) => a - b);
const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

/** Reads until there are `count` packets, and stops in order. */
async function readAll(source: ReturnType<typeof sourceOf>, count: number, commits = true) {
  const packets: Packet[] = [];
  for await (const batch of source.batches(timeLimit())) {
    packets.push(...batch.packets);
    if (commits) await batch.commit();
    if (packets.length >= count) break;
  }
  if (packets.length < count) console.error("Too little came; the source said:", said);
  return packets;
}

/** So that what never comes fails a test, and doesn't hold it. */
const timeLimit = () => AbortSignal.timeout(60_000);

async function committedOf(topic: string): Promise<number[]> {
  const [found] = await admin.fetchOffsets({ groupId: topic, topics: [topic] });
  return found!.partitions.sort((a, b) => a.partition - b.partition).map((p) => Number(p.offset));
}

describe("kafkaSource()", { skip }, () => {
  it("gives every packet with its place and time, in order within a partition", async () => {
    const topic = await makeTopic(3);
    await produce(topic, 0, 120, 3);
    const batches: Packet[][] = [];
    for await (
      const { packets, commit } of sourceOf(topic, { batchMax: 50 }).batches(
        timeLimit(),
      )
    ) {
      batches.push([...packets]);
      await commit();
      if (batches.flat().length === 120) break;
    }
    assert.deepEqual(numbers(batches.flat()), range(0, 120));
    assert.ok(batches.every(({ length }) => length <= 50));
    for (const partition of [0, 1, 2]) {
      const its = batches.flat().filter((packet) => packet.partition === partition);
      assert.deepEqual(its.map(({ offset }) => Number(offset)), range(0, 40));
      assert.deepEqual(numbers(its), its.map((packet) => Number(textOf(packet))));
    }
    const [first] = batches.flat();
    assert.equal(first!.timestampMs, 1_700_000_000_123);
    assert.equal(first!.topic, topic);
    // A packet must not drag the whole answer of the broker along.
    assert.equal(first!.bytes.buffer.byteLength, first!.bytes.length);
  });

  it("moves offsets when a batch is committed, and not before", async () => {
    const topic = await makeTopic(1);
    await produce(topic, 0, 10);
    const [first, second] = [[], []] as number[][];
    for await (
      const batch of sourceOf(topic, { batchMax: 5 }).batches(timeLimit())
    ) {
      (first!.length === 0 ? first! : second!).push(...numbers(batch.packets));
      if (second!.length > 0) break;
      assert.deepEqual(await committedOf(topic), [-1]);
      await batch.commit();
      assert.deepEqual(await committedOf(topic), [5]);
    }
    assert.deepEqual([first, second], [range(0, 5), range(5, 5)]);
    // Without a commit the same comes again.
    assert.deepEqual(numbers(await readAll(sourceOf(topic), 5)), range(5, 5));
    await produce(topic, 10, 1);
    assert.deepEqual(numbers(await readAll(sourceOf(topic), 1)), [10]);
  });

  it("joins anew, once, where packets wait that nobody gives it, and reads what comes then", async () => {
    const topic = await makeTopic(1);
    const transactions = kafka.producer({ transactionalId: topic, idempotent: true });
    await transactions.connect();
    // What is undone leaves offsets behind at which there is nothing to read.
    const undone = await transactions.transaction();
    await undone.send({ topic, messages: [{ value: "never" }] });
    await undone.abort();
    await transactions.disconnect();
    const standstills = () => said.filter((line) => line.includes("though packets wait")).length;
    const reading = readAll(sourceOf(topic, { standstillMs: 1_000 }), 1);
    await until(() => standstills() > 0);
    await sleep(3_000);
    await produce(topic, 7, 1);
    assert.deepEqual(numbers(await reading), [7]);
    assert.equal(standstills(), 1);
  });

  it("commits in the order of reading, whatever is finished first", async () => {
    const topic = await makeTopic(1);
    await produce(topic, 0, 4);
    const commits: (() => Promise<void>)[] = [];
    for await (
      const batch of sourceOf(topic, { batchMax: 2 }).batches(timeLimit())
    ) {
      commits.push(batch.commit);
      if (commits.length < 2) continue;
      await commits[1]!();
      assert.deepEqual(await committedOf(topic), [-1]);
      await commits[0]!();
      assert.deepEqual(await committedOf(topic), [4]);
      break;
    }
  });

  it("an abort ends it, after batches that are in work were committed", async () => {
    const topic = await makeTopic(1);
    await produce(topic, 0, 3);
    const stop = new AbortController();
    const working = [];
    for await (const batch of sourceOf(topic).batches(stop.signal)) {
      stop.abort();
      working.push(sleep(100).then(() => batch.commit()));
    }
    assert.deepEqual(await committedOf(topic), [3]);
    await Promise.all(working);
    const { groups } = await admin.describeGroups([topic]);
    assert.deepEqual(groups[0]!.members, []);
  });

  for (const codec of ["GZIP", "Snappy", "LZ4", "ZSTD"] as const) {
    it(`reads what was compressed with ${codec}`, async () => {
      const topic = await makeTopic(1);
      const values = [crypto.getRandomValues(new Uint8Array(50_000)), new Uint8Array(70_000)];
      const messages = values.map((value) => ({ value: Buffer.from(value) }));
      await producer.send({ topic, messages, compression: CompressionTypes[codec] });
      const packets = await readAll(sourceOf(topic), 2);
      assert.deepEqual(packets.map(({ bytes }) => bytes), values);
    });
  }

  it("waits for a topic that isn't there yet, and doesn't make it", async () => {
    const topic = newName();
    const source = sourceOf(topic);
    const reading = readAll(source, 5);
    await until(() => source.state().connected);
    assert.equal(source.state().lag, 0);
    await sleep(300);
    assert.ok(!(await admin.listTopics()).includes(topic));
    await makeTopic(1, topic);
    await produce(topic, 0, 5);
    assert.deepEqual(numbers(await reading), range(0, 5));
  });

  it("reads the new night's topic after midnight, and what still comes to the old one", async () => {
    const id = newName();
    const nameOf = (night: Date) => `${id}_${night.toISOString().slice(0, 10).replaceAll("-", "")}`;
    let nowMs = Date.UTC(2025, 5, 17, 23, 59, 50);
    const [first, second] = [nameOf(new Date(nowMs)), nameOf(new Date(nowMs + DAY_MS))];
    await makeTopic(2, first);
    await produce(first, 0, 4, 2);
    const now = () => new Date(nowMs);
    const source = sourceOf(id, { topics: (night) => [nameOf(night)], pastNights: 1, now });
    const packets: Packet[] = [];
    const stop = new AbortController();
    const reading = (async () => {
      for await (const batch of source.batches(stop.signal)) {
        packets.push(...batch.packets);
        await batch.commit();
      }
    })();
    await until(() => packets.length === 4);
    nowMs += 20_000;
    await makeTopic(2, second);
    await produce(second, 4, 4, 2);
    await produce(first, 8, 2, 2);
    await until(() => packets.length >= 10);
    stop.abort();
    await reading;
    assert.deepEqual(numbers(packets), range(0, 10));
    assert.deepEqual(packets.filter((p) => p.topic === second).length, 4);
  });

  it("tells how many packets wait", async () => {
    const topic = await makeTopic(2);
    await produce(topic, 0, 20, 2);
    const source = sourceOf(topic, { batchMax: 5 });
    assert.deepEqual(source.state(), { connected: false, lag: null });
    for await (const batch of source.batches(timeLimit())) {
      await until(() => source.state().lag === 20);
      await batch.commit();
      assert.deepEqual(source.state(), { connected: true, lag: 15 });
      await produce(topic, 20, 4, 2);
      await until(() => source.state().lag === 19);
      break;
    }
    assert.deepEqual(source.state(), { connected: false, lag: null });
  });

  it("two readers share the partitions; when one leaves, the other reads on, and nothing is lost", async () => {
    const topic = await makeTopic(4);
    const seen = new Map<string, number[]>();
    const start = (name: string, signal: AbortSignal) => {
      const mine: number[] = [];
      seen.set(name, mine);
      return (async () => {
        for await (const batch of sourceOf(topic, { clientId: name }).batches(signal)) {
          mine.push(...numbers(batch.packets));
          await batch.commit();
        }
      })();
    };
    const all = () => [...new Set([...seen.values()].flat())].sort((a, b) => a - b);
    const [stopA, stopB] = [new AbortController(), new AbortController()];
    const a = start("a", stopA.signal);
    await produce(topic, 0, 100, 4);
    await until(() => all().length === 100);
    const b = start("b", stopB.signal);
    await until(async () => (await admin.describeGroups([topic])).groups[0]!.members.length === 2);
    let sent = 100;
    while (seen.get("b")!.length === 0) {
      await produce(topic, sent, 20, 4);
      sent += 20;
      await sleep(100);
    }
    const before = seen.get("a")!.length;
    await produce(topic, sent, 20, 4);
    sent += 20;
    await until(() => all().length === sent && seen.get("a")!.length > before);
    stopA.abort();
    await a;
    await produce(topic, sent, 20, 4);
    await until(() => all().length === sent + 20);
    stopB.abort();
    await b;
    assert.deepEqual(all(), range(0, sent + 20));
    assert.deepEqual(await committedOf(topic), Array(4).fill((sent + 20) / 4));
  });

  it("can't be read twice at once", async () => {
    const source = sourceOf(newName());
    const stop = new AbortController();
    const first = source.batches(stop.signal)[Symbol.asyncIterator]().next();
    const second = source.batches(stop.signal)[Symbol.asyncIterator]().next();
    await assert.rejects(second, /Cannot read ztf twice at once/);
    stop.abort();
    assert.equal((await first).done, true);
  });

  it("waits for a broker that stops, and goes on where it was", async () => {
    const dataDir = await Deno.makeTempDir();
    let broker = await startKafka({ dataDir });
    const port = Number(broker.bootstrapServers.split(":")[1]);
    const own = createKafka({ brokers: [broker.bootstrapServers], clientId: "own", log: () => {} });
    const topic = newName();
    const send = async (value: string) => {
      const producer = own.producer();
      await producer.connect();
      await producer.send({ topic, messages: [{ value }] });
      await producer.disconnect();
    };
    const admin = own.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
    await admin.disconnect();
    await send("1");

    const source = sourceOf(topic, { brokers: [broker.bootstrapServers] });
    const seen: string[] = [];
    const stop = new AbortController();
    const reading = (async () => {
      for await (const batch of source.batches(stop.signal)) {
        seen.push(...batch.packets.map(textOf));
        // The first is finished while nobody takes its offset.
        if (seen.length === 1) {
          await broker.stop();
          await until(() => !source.state().connected);
        }
        await batch.commit();
      }
    })();
    await until(() => seen.length === 1 && !source.state().connected);
    broker = await startKafka({ dataDir, port });
    await until(() => source.state().connected);
    await send("2");
    await until(() => seen.includes("2") && source.state().lag === 0);
    stop.abort();
    await reading;
    assert.deepEqual(seen, ["1", "2"]);
    await broker.stop();
    await Deno.remove(dataDir, { recursive: true });
  });
});
