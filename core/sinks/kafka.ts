/** Sends each pass to a Kafka topic, as an Avro object container. */
import avro from "avsc";
import { CompressionTypes, type Kafka, Partitioners, type Producer } from "kafkajs";
import { Buffer } from "node:buffer";
import type { Passed, Sink } from "../contract/passed.ts";
import { createKafka, type KafkaConnection } from "../sources/kafka/client.ts";
import { toExtendedJson } from "./extended_json.ts";

export interface KafkaSinkOptions extends KafkaConnection {
  /** `kowalski_{survey}_passed` by default. */
  readonly topicOf?: (survey: string) => string;
}

/** 64-bit ids keep all their digits. */
const Long = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer(value: bigint) {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (a: bigint, b: bigint) => a === b ? 0 : a < b ? -1 : 1,
});

const PassedAlert = avro.Type.forSchema({
  type: "record",
  name: "PassedAlert",
  namespace: "kowalski",
  doc: "An alert that passed a user's filter",
  fields: [
    { name: "id", type: "string", doc: "survey:candid:filterId; a pass may come twice" },
    { name: "survey", type: "string" },
    { name: "candid", type: "long" },
    { name: "objectId", type: "string" },
    { name: "filterId", type: "long" },
    { name: "groupId", type: "long" },
    { name: "fid", type: "string", doc: "The filter's version" },
    { name: "packetMs", type: "long", doc: "When the packet was handed to Kafka, ms since 1970" },
    { name: "data", type: "string", doc: "What the filter gave: relaxed Extended JSON" },
  ],
}, { registry: { long: Long } });

/** What one request carries: a broker takes no more than 1 MB at once by default, compressed. */
const REQUEST_BYTES_MAX = 900_000;

/**
 * One message a pass, keyed by object, so that an object's passes stay in order; it counts as delivered
 * when all replicas have it. Connects at the first delivery, and anew after one that failed. A topic
 * that isn't there is made, where the brokers let us.
 */
export function kafkaSink(options: KafkaSinkOptions): Sink {
  const { topicOf = (survey) => `kowalski_${survey}_passed` } = options;
  const kafka = createKafka(options);
  const made = new Set<string>();
  let producer: Producer | null = null;

  async function close(): Promise<void> {
    const closing = producer;
    producer = null;
    await closing?.disconnect().catch(() => {}); // It is gone either way.
  }

  return {
    name: "kafka",
    async deliver(passed) {
      try {
        const messages = await Promise.all(passed.map(async (each) => ({
          topic: topicOf(each.survey),
          message: { key: each.objectId, value: await toContainer(each) },
        })));
        await makeTopics(kafka, new Set(messages.map(({ topic }) => topic)), made);
        producer ??= await connect(kafka);
        for (const request of requestsOf(messages)) {
          await producer.sendBatch({
            acks: -1,
            compression: CompressionTypes.GZIP,
            topicMessages: [...Map.groupBy(request, ({ topic }) => topic)].map(([topic, all]) => ({
              topic,
              messages: all.map(({ message }) => message),
            })),
          });
        }
      } catch (error) {
        // What an idempotent producer has counted so far may not be what the brokers have.
        await close();
        throw error;
      }
    },
    [Symbol.asyncDispose]: close,
  };
}

async function connect(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({
    idempotent: true, // A request that is sent again, as its answer was lost, is written once.
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  return producer;
}

async function makeTopics(kafka: Kafka, topics: Set<string>, made: Set<string>): Promise<void> {
  if (topics.isSubsetOf(made)) return;
  const admin = kafka.admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const missing = [...topics.difference(existing)].map((topic) => ({ topic }));
    if (missing.length > 0) await admin.createTopics({ topics: missing, waitForLeaders: true });
  } finally {
    await admin.disconnect();
  }
  for (const topic of topics) made.add(topic);
}

interface OutgoingMessage {
  readonly topic: string;
  readonly message: { readonly key: string; readonly value: Buffer };
}

/** In order, each as large as it may be; a message that is larger goes alone. */
function requestsOf(messages: readonly OutgoingMessage[]): OutgoingMessage[][] {
  const requests: OutgoingMessage[][] = [];
  let bytes = Infinity;
  for (const each of messages) {
    const { length } = each.message.value;
    if (bytes + length > REQUEST_BYTES_MAX) {
      requests.push([]);
      bytes = 0;
    }
    requests.at(-1)!.push(each);
    bytes += length;
  }
  return requests;
}

function toContainer({ _id, candid, filterId, groupId, packetMs, data, ...rest }: Passed) {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const encoder = new avro.streams.BlockEncoder(PassedAlert);
  const chunks: Buffer[] = [];
  encoder.on("data", (chunk: Buffer) => chunks.push(chunk));
  encoder.on("end", () => resolve(Buffer.concat(chunks)));
  encoder.on("error", reject);
  encoder.end({
    ...rest,
    id: _id,
    candid: BigInt(candid),
    filterId: BigInt(filterId),
    groupId: BigInt(groupId),
    packetMs: BigInt(packetMs),
    data: toExtendedJson(data),
  });
  return promise;
}
