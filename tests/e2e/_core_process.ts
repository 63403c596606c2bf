/** Cores as processes of their own, to be killed: with a Kafka of simulated packets and real archives. */
import { Buffer } from "node:buffer";
import { stringify } from "yaml";
import { Kafka, logLevel } from "kafkajs";
import type { Db } from "mongodb";
import { insertDemoFilters, insertDemoSky } from "../../deploy/run/demo_sky.ts";
import { OWN_MODEL } from "../../models/own/manifest.ts";
import { simulate } from "../../core/sources/simulator/simulate.ts";

export const NIGHT = new Date("2026-11-20T00:00:00Z");
/** Each has one to three alerts in the night. */
export const OBJECTS = Deno.env.get("KOWALSKI_TEST_FULL") === "1" ? 4_500 : 400;
const PROGRAM_IDS = [1, 2, 3];
const ROOT = new URL("../../", import.meta.url).pathname;

export function kafkaClient(brokers: readonly string[]): Kafka {
  return new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
}

/** Tonight's three topics, two partitions each; an object's packets in one partition, in order. */
export async function createTopics(kafka: Kafka): Promise<string> {
  const tonight = new Date().toISOString().slice(0, 10).replaceAll("-", "");
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    topics: PROGRAM_IDS.map((id) => ({
      topic: `ztf_${tonight}_programid${id}`,
      numPartitions: 2,
      replicationFactor: 1,
    })),
  });
  await admin.disconnect();
  return tonight;
}

export async function produce(kafka: Kafka, tonight: string, alerts: number): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  for (const packet of simulate({ seed: 1, alerts, nightUtc: NIGHT, objects: OBJECTS })) {
    await producer.send({
      topic: `ztf_${tonight}_programid${packet.programid}`,
      messages: [{ key: packet.objectId, value: Buffer.from(packet.bytes) }],
    });
  }
  await producer.disconnect();
}

export async function fillArchive(db: Db): Promise<void> {
  await insertDemoFilters(db);
  await insertDemoSky(db, { seed: 1, objects: OBJECTS, nightUtc: NIGHT });
}

export interface CoreSettings {
  readonly uri: string;
  readonly database: string;
  readonly brokers: readonly string[];
  readonly dir: string;
}

/** Starts `core/main.ts` as people do: settings from a file. */
export async function startCoreProcess(settings: CoreSettings): Promise<Deno.ChildProcess> {
  const { uri, database, brokers, dir } = settings;
  const published = ["braai", "acai_h", "acai_v", "acai_o", "acai_n", "acai_b", "bts"];
  const path = `${dir}/${database}.yaml`;
  await Deno.writeTextFile(
    path,
    stringify({
      core: { roles: ["broker"], data_dir: `${dir}/data` },
      database: { uri, db: database },
      sources: { kind: "kafka" },
      kafka: { "bootstrap.servers": brokers.join(","), group: database },
      // Small batches, so that there are many moments to be killed in.
      workers: { count: 2, batch_max: 15 },
      ml: {
        ZTF: {
          models: {
            ...Object.fromEntries(published.map((name) => [name, null])),
            [OWN_MODEL.name]: OWN_MODEL.settings,
          },
        },
      },
      log: { level: "warning" },
    }),
  );
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", `${ROOT}core/main.ts`, "--config", path],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

/** Resolves when as many alerts are stored; rejects when they aren't in time. */
export async function stored(db: Db, alerts: number, timeoutMs = 120_000): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    // While the server is away, nobody can tell.
    const count = await db.collection("ZTF_alerts").countDocuments().catch(() => 0);
    if (count >= alerts) return;
    if (performance.now() > deadlineMs) {
      throw new Error(`Only ${count} of ${alerts} alerts are stored after ${timeoutMs} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
