/** Sends each pass to a Kafka topic, as an Avro object container. */
import avro from "avsc";
import { EJSON } from "bson";
import { Buffer } from "node:buffer";
import type { Passed, Sink } from "../contract/passed.ts";
import { createKafka, type KafkaConnection } from "../sources/kafka/client.ts";

export interface KafkaSinkOptions extends KafkaConnection {
  readonly topicOf: (survey: string) => string;
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

/** Connects at the first delivery. One message a pass, keyed by object, acknowledged by all replicas. */
export function kafkaSink(options: KafkaSinkOptions): Sink {
  const producer = createKafka(options).producer({ allowAutoTopicCreation: true });
  let connected: Promise<void> | undefined;
  return {
    name: "kafka",
    async deliver(passed) {
      connected ??= producer.connect();
      await connected.catch((error) => {
        connected = undefined;
        throw error;
      });
      const messages = await Promise.all(passed.map(async (each) => ({
        topic: options.topicOf(each.survey),
        message: {
          key: each.objectId,
          value: await toContainer(each),
          timestamp: String(Date.now()),
        },
      })));
      await producer.sendBatch({
        acks: -1,
        topicMessages: [...Map.groupBy(messages, ({ topic }) => topic)].map(([topic, all]) => ({
          topic,
          messages: all.map(({ message }) => message),
        })),
      });
    },
    async [Symbol.asyncDispose]() {
      if (connected) await producer.disconnect();
    },
  };
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
    data: EJSON.stringify(data, { relaxed: true }),
  });
  return promise;
}
