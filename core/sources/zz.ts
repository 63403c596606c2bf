import { createKafka } from "./kafka/client.ts";
import { kafkaSource } from "./kafka.ts";
import { CompressionTypes } from "kafkajs";
const k = createKafka({ brokers: ["127.0.0.1:19092"], clientId: "x", log: () => {} });
const a = k.admin(), p = k.producer();
await a.connect(); await p.connect();
const values = [crypto.getRandomValues(new Uint8Array(50_000)), new Uint8Array(70_000)];
const topic = "zz" + Date.now();
await a.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
await p.send({ topic, messages: values.map((value) => ({ value: value as never })), compression: CompressionTypes.GZIP });
console.log("sent", await a.fetchTopicOffsets(topic));
const s = kafkaSource({ name: "z", brokers: ["127.0.0.1:19092"], clientId: "x", groupId: topic, topics: () => [topic], log: console.log, topicsCheckMs: 500 });
setInterval(() => console.log(s.state()), 1000);
for await (const b of s.batches(AbortSignal.timeout(8000))) { console.log(b.packets.length, b.packets.map((p) => p.bytes.length)); }
Deno.exit();
