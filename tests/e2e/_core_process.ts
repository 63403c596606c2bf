/** Cores as processes of their own, to be killed: with a Kafka of simulated packets and real archives. */
import { Buffer } from "node:buffer";
import { AssignerProtocol, Kafka, logLevel } from "kafkajs";
import { type Db, MongoClient } from "mongodb";
import { stringify } from "yaml";
import { simulate } from "../../core/sources/simulator/simulate.ts";
import { startBound } from "../../deploy/local/bound_child.ts";
import { cacheFolder } from "../../deploy/local/cache_folder.ts";
import { findJava } from "../../deploy/local/java.ts";
import { findKafkaJars } from "../../deploy/local/kafka_jars.ts";
import { type LocalMongo, startMongo } from "../../deploy/local/mongo.ts";
import { insertDemoFilters, insertDemoSky } from "../../deploy/run/demo_sky.ts";
import { OWN_MODEL } from "../../models/own/manifest.ts";

/** All that the nights' run is to show; less in the gate. */
export const FULL = Deno.env.get("KOWALSKI_TEST_FULL") === "1";
export const ALERTS = FULL ? 5_000 : 450;
/** Each has one to three alerts in the night. */
const OBJECTS = FULL ? 4_500 : 400;
const NIGHT = new Date("2026-11-20T00:00:00Z");
const PROGRAM_IDS = [1, 2, 3];
const ROOT = new URL("../../", import.meta.url).pathname;
/** Far more than it takes: a core that hangs fails its test, and not the whole run. */
const WAIT_MS_MAX = FULL ? 600_000 : 120_000;
const LOG_LINES = 10;

/** Why no Kafka can be started here, told once; false where one can: `describe(..., { skip: await noKafka() })`. */
export async function noKafka(): Promise<boolean> {
  try {
    if (await findJava() === null) throw new Error("There is no Java 17 or newer");
    await findKafkaJars({ cacheDir: cacheFolder() });
    return false;
  } catch (error) {
    console.error(`Tests of cores with a Kafka are skipped. ${(error as Error).message}`);
    return true;
  }
}

/** Tonight's three topics with two partitions each, to be filled and looked at. */
export class Stream {
  readonly #kafka: Kafka;
  readonly topics: readonly string[];

  private constructor(readonly brokers: readonly string[], nightUtc: string) {
    this.#kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
    this.topics = PROGRAM_IDS.map((id) => `ztf_${nightUtc}_programid${id}`);
  }

  static async create(brokers: readonly string[]): Promise<Stream> {
    const tonight = new Date().toISOString().slice(0, 10).replaceAll("-", "");
    const stream = new Stream(brokers, tonight);
    await stream.#asAdmin((admin) =>
      admin.createTopics({
        waitForLeaders: true,
        topics: stream.topics.map((topic) => ({ topic, numPartitions: 2, replicationFactor: 1 })),
      })
    );
    return stream;
  }

  /** Those of the night's `ALERTS` packets; an object's in one partition, in order. */
  async produce(from: number, to: number): Promise<void> {
    const producer = this.#kafka.producer();
    await producer.connect();
    // Always of the whole night: the order of its first packets is not that of a shorter one.
    const night = simulate({ seed: 1, alerts: ALERTS, nightUtc: NIGHT, objects: OBJECTS });
    for (const { programid, objectId, bytes } of night.take(to).drop(from)) {
      await producer.send({
        topic: this.topics[PROGRAM_IDS.indexOf(programid)]!,
        messages: [{ key: objectId, value: Buffer.from(bytes) }],
      });
    }
    await producer.disconnect();
  }

  /** Which partitions each member of a core's group has, as `topic/partition`. */
  async shares(database: string): Promise<string[][]> {
    const { groups } = await this.#asAdmin((admin) => admin.describeGroups([groupOf(database)]));
    return groups[0]!.members.map(({ memberAssignment }) => {
      if (memberAssignment.length === 0) return []; // It has joined, and waits for its share.
      const { assignment } = AssignerProtocol.MemberAssignment.decode(memberAssignment)!;
      return Object.entries(assignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => `${topic}/${partition}`)
      ).sort();
    });
  }

  /** How many packets of each partition a core's group has behind it, by `topic/partition`. */
  async committed(database: string): Promise<Map<string, number>> {
    const offsets = await this.#asAdmin((admin) =>
      admin.fetchOffsets({ groupId: groupOf(database), topics: [...this.topics] })
    );
    return new Map(
      offsets.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset }) =>
          // -1: nothing is committed.
          [`${topic}/${partition}`, Math.max(0, Number(offset))] as const
        )
      ),
    );
  }

  async #asAdmin<T>(
    work: (admin: ReturnType<Kafka["admin"]>) => Promise<T>,
  ): Promise<T> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }
}

/**
 * A MongoDB of the test's own. A core that is killed between its first write and its commit leaves a
 * transaction behind, whose alerts nobody else can write until the server ends it: by default after a
 * minute, which the gate has no time for.
 */
export async function startOwnMongo(dataDir: string, port?: number): Promise<LocalMongo> {
  const mongo = await startMongo({ dataDir, port, cacheSizeGB: 0.5 });
  if (FULL) return mongo;
  const client = new MongoClient(mongo.uri);
  await client.db("admin").command({ setParameter: 1, transactionLifetimeLimitSeconds: 5 });
  await client.close();
  return mongo;
}

export async function fillArchive(db: Db): Promise<void> {
  await insertDemoFilters(db);
  await insertDemoSky(db, { seed: 1, objects: OBJECTS, nightUtc: NIGHT });
}

export interface CoreOptions {
  readonly uri: string;
  readonly database: string;
  readonly brokers: readonly string[];
  /** Where its settings and its log go. */
  readonly dir: string;
  readonly drainMs?: number;
}

export interface CoreProcess extends AsyncDisposable {
  /** Resolves when as many alerts are stored; rejects when the core ends before, or they take too long. */
  stored(db: Db, alerts: number): Promise<void>;
  /** Ends it by kill -9. */
  kill(): Promise<void>;
  /** Sends SIGTERM; its exit code. */
  terminate(): Promise<number>;
}

/** Starts `core/main.ts` as people do: settings from a file. It ends with the test, whatever becomes of that. */
export async function startCoreProcess(options: CoreOptions): Promise<CoreProcess> {
  const { database, dir } = options;
  const name = `${dir}/${database}-${crypto.randomUUID().slice(0, 8)}`;
  await Deno.writeTextFile(`${name}.yaml`, stringify(settingsOf(options)));
  const child = startBound(
    Deno.execPath(),
    ["run", "-A", "--quiet", `${ROOT}core/main.ts`, "--config", `${name}.yaml`],
    { logPath: `${name}.log` },
  );
  let code: number | null = null;
  child.ended.then((status) => code = status.code);
  const lastWords = async () => {
    const [_settings, ...lines] = (await Deno.readTextFile(`${name}.log`)).trimEnd().split("\n");
    return lines.slice(-LOG_LINES).join("\n");
  };
  const kill = async () => {
    if (code === null) Deno.kill(child.pid, "SIGKILL");
    await child.ended;
  };
  return {
    async stored(db, alerts) {
      let stored = 0;
      for (const endMs = performance.now() + WAIT_MS_MAX; performance.now() < endMs;) {
        // While the server is away, nobody can tell.
        stored = await db.collection("ZTF_alerts").countDocuments().catch(() => stored);
        if (stored >= alerts) return;
        if (code !== null) break;
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
      const how = code === null ? `after ${WAIT_MS_MAX} ms` : `as the core ended with code ${code}`;
      throw new Error(
        `Only ${stored} of ${alerts} are stored ${how}. It said:\n${await lastWords()}`,
      );
    },
    kill,
    async terminate() {
      Deno.kill(child.pid, "SIGTERM");
      const timer = setTimeout(() => Deno.kill(child.pid, "SIGKILL"), WAIT_MS_MAX);
      const status = await child.ended;
      clearTimeout(timer);
      if (status.code !== 0) console.error(await lastWords());
      return status.code;
    },
    [Symbol.asyncDispose]: kill,
  };
}

function settingsOf({ uri, database, brokers, dir, drainMs }: CoreOptions) {
  const published = ["braai", "acai_h", "acai_v", "acai_o", "acai_n", "acai_b", "bts"];
  return {
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
    ...drainMs === undefined ? {} : { shutdown: { drain_ms: drainMs } },
  };
}

function groupOf(database: string): string {
  return `${database}-ztf`;
}
