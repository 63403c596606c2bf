/** What arrives at a real broker, also when that was away. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "@std/testing/bdd";
import avro from "avsc";
import { EJSON } from "bson";
import { startKafka } from "../../deploy/local/kafka.ts";
import { kafkaBrokers } from "../../tests/support/kafka.ts";
import { passOf } from "../../tests/support/passed.ts";
import { Double } from "../contract/document.ts";
import type { Packet } from "../contract/packet.ts";
import { kafkaSource } from "../sources/kafka.ts";
import { kafkaSink } from "./kafka.ts";

const brokers = await kafkaBrokers();
const skip = brokers === null;
const { signal } = new AbortController();

const pass = (number: number, objectId: string, data = {}) =>
  passOf({
    candid: 2_475_433_850_315_015_000n + BigInt(number),
    objectId,
    filterId: 7,
    groupId: 3,
    fid: "abc",
    data,
    packetMs: 1_700_000_000_123,
  });

function sinkOf(topic: string, to = brokers!) {
  return kafkaSink({ brokers: to, clientId: "test", topicOf: () => topic, log: () => {} });
}

async function readAll(topic: string, count: number, from = brokers!): Promise<Packet[]> {
  const source = kafkaSource({
    name: "test",
    brokers: from,
    clientId: "test",
    groupId: `${topic}-reader`,
    topics: () => [topic],
    topicsCheckMs: 100,
    log: () => {},
  });
  const packets: Packet[] = [];
  for await (const batch of source.batches(AbortSignal.timeout(60_000))) {
    packets.push(...batch.packets);
    if (packets.length >= count) break;
  }
  return packets;
}

/** The record of a container, 64-bit integers as bigint. */
async function decode(bytes: Uint8Array): Promise<Record<string, unknown>> {
  const long = avro.types.LongType.__with({
    fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
    toBuffer: () => Buffer.alloc(8),
    fromJSON: BigInt,
    toJSON: String,
    isValid: (value: unknown) => typeof value === "bigint",
    compare: () => 0,
  });
  const decoder = new avro.streams.BlockDecoder({
    parseHook: (schema) => avro.Type.forSchema(schema, { registry: { long } }),
  });
  const record = Promise.withResolvers<Record<string, unknown>>();
  decoder.on("data", record.resolve);
  decoder.on("error", record.reject);
  decoder.end(Buffer.from(bytes));
  return await record.promise;
}

const newTopic = () => `test_${crypto.randomUUID().slice(0, 8)}`;

describe("kafkaSink()", { skip }, () => {
  it("sends a pass as an Avro container that says all of it, to a topic that it makes", async () => {
    const topic = newTopic();
    await using sink = sinkOf(topic);
    const data = { candid: 2475433850315015001n, mag: new Double(18), jpg: Uint8Array.of(1) };
    await sink.deliver([pass(1, "ZTF18aaaaaaa", data)], signal);
    const [packet] = await readAll(topic, 1);
    const { data: text, ...rest } = await decode(packet!.bytes);
    assert.deepEqual({ ...rest }, {
      id: "ztf:2475433850315015001:7",
      survey: "ztf",
      candid: 2475433850315015001n,
      objectId: "ZTF18aaaaaaa",
      filterId: 7n,
      groupId: 3n,
      fid: "abc",
      packetMs: 1_700_000_000_123n,
    });
    assert.equal(
      text,
      '{"candid":2475433850315015001,"mag":18.0,"jpg":{"$binary":{"base64":"AQ==","subType":"00"}}}',
    );
    assert.equal(EJSON.parse(text as string).mag, 18);
  });

  it("sends more at once than a broker takes in one request, in order", async () => {
    const topic = newTopic();
    await using sink = sinkOf(topic);
    // Noise, which no compression makes smaller.
    const noise = () => crypto.getRandomValues(new Uint8Array(60_000)).toBase64();
    const all = Array.from({ length: 40 }, (_, i) => pass(i, "ZTF18aaaaaaa", { noise: noise() }));
    await sink.deliver(all, signal);
    const records = await Promise.all((await readAll(topic, 40)).map(({ bytes }) => decode(bytes)));
    assert.deepEqual(records.map(({ id }) => id), all.map(({ _id }) => _id));
  });

  it("rejects what a broker never takes, and sends the next all the same", async () => {
    const topic = newTopic();
    await using sink = sinkOf(topic);
    const chunks = Array.from({ length: 40 }, () => crypto.getRandomValues(new Uint8Array(60_000)));
    const huge = pass(1, "ZTF18aaaaaaa", { chunks });
    await assert.rejects(sink.deliver([huge], signal), /larger than the max message size/);
    await sink.deliver([pass(2, "ZTF18aaaaaaa")], signal);
    assert.equal((await readAll(topic, 1)).length, 1);
  });

  it("rejects while no broker is there, and delivers when there is one again", async () => {
    const dataDir = await Deno.makeTempDir();
    let broker = await startKafka({ dataDir });
    const { bootstrapServers } = broker;
    const topic = newTopic();
    await using sink = sinkOf(topic, [bootstrapServers]);
    await sink.deliver([pass(1, "a")], signal);
    await broker.stop();
    await assert.rejects(sink.deliver([pass(2, "a")], signal));
    broker = await startKafka({ dataDir, port: Number(bootstrapServers.split(":")[1]) });
    await sink.deliver([pass(2, "a")], signal);
    assert.equal((await readAll(topic, 2, [bootstrapServers])).length, 2);
    await broker.stop();
    await Deno.remove(dataDir, { recursive: true });
  });
});
