import { createKafka } from "./kafka/client.ts";
import { kafkaSource } from "./kafka.ts";
import { startKafka } from "../../deploy/local/kafka.ts";
const t0 = performance.now();
const log = (...x: unknown[]) =>
  console.log(
    Math.round(performance.now() - t0),
    ...x.map((y) => typeof y === "string" ? y : JSON.stringify(y).slice(0, 200)),
  );
const dataDir = "/tmp/kdata3";
await Deno.remove(dataDir, { recursive: true }).catch(() => {});
let b = await startKafka({ dataDir, port: 19555 });
const k = createKafka({ brokers: ["127.0.0.1:19555"], clientId: "x", log: () => {} });
let a = k.admin();
await a.connect();
const topic = "zz";
await a.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
await a.disconnect();
const s = kafkaSource({
  name: "z",
  brokers: ["127.0.0.1:19555"],
  clientId: "x",
  groupId: topic,
  topics: () => [topic],
  log: (...x) => log("LOG", ...x),
  topicsCheckMs: 500,
});
let last = "";
setInterval(() => {
  const n = JSON.stringify(s.state());
  if (n !== last) log(last = n);
}, 20);
const stop = new AbortController();
(async () => {
  for await (const b of s.batches(stop.signal)) log(b.packets.length);
  log("ended");
})();
await new Promise((r) => setTimeout(r, 1500));
log("stop");
await b.stop();
log("stopped");
await new Promise((r) => setTimeout(r, Number(Deno.args[0] ?? 3000)));
log("start");
b = await startKafka({ dataDir, port: 19555 });
log("started");
await new Promise((r) => setTimeout(r, 40000));
stop.abort();
await new Promise((r) => setTimeout(r, 1000));
await b.stop();
await Deno.remove(dataDir, { recursive: true });
Deno.exit();
