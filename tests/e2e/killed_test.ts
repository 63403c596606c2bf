// A core that is killed, a MongoDB that stops, two cores at once: the archive is what it would have been.
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { MongoClient } from "mongodb";
import type { Document } from "../../core/contract/document.ts";
import { Random } from "../../core/sources/simulator/random.ts";
import { findJava } from "../../deploy/local/java.ts";
import { type LocalKafka, startKafka } from "../../deploy/local/kafka.ts";
import { type LocalMongo, startMongo } from "../../deploy/local/mongo.ts";
import { dump } from "../support/ingest.ts";
import {
  createTopics,
  fillArchive,
  kafkaClient,
  produce,
  startCoreProcess,
  stored,
} from "./_core_process.ts";

/** All that the issue of this system asks for; less in the gate. */
const FULL = Deno.env.get("KOWALSKI_TEST_FULL") === "1";
const ALERTS = FULL ? 5_000 : 450;
const KILLS = FULL ? 10 : 4;
const STOPPED_MS = FULL ? 20_000 : 3_000;

const java = await findJava().catch(() => null);
const skip = java === null && "needs Java 17 for Kafka";

describe("a core's end", { skip }, () => {
  let dir: string;
  let kafka: LocalKafka;
  let mongo: LocalMongo;
  let client: MongoClient;
  let tonight: string;
  let undisturbed: Record<string, Document[]>;

  const core = (database: string) =>
    startCoreProcess({ uri: mongo.uri, database, brokers: [kafka.bootstrapServers], dir });

  beforeAll(async () => {
    dir = await Deno.makeTempDir({ prefix: "kowalski-e2e-" });
    kafka = await startKafka({ dataDir: `${dir}/kafka` });
    mongo = await startMongo({ dataDir: `${dir}/mongo`, cacheSizeGB: 0.5 });
    client = await new MongoClient(mongo.uri).connect();
    tonight = await createTopics(kafkaClient([kafka.bootstrapServers]));
    await produce(kafkaClient([kafka.bootstrapServers]), tonight, ALERTS);
    await fillArchive(client.db("undisturbed"));
    const process = await core("undisturbed");
    await stored(client.db("undisturbed"), ALERTS);
    process.kill("SIGTERM");
    assertEquals((await process.status).code, 0, "A core that is told to end must end with 0");
    undisturbed = await dump(client.db("undisturbed"));
  });

  afterAll(async () => {
    await client?.close();
    await mongo?.stop();
    await kafka?.stop();
    await Deno.remove(dir, { recursive: true });
  });

  it("by kill -9 at random moments loses nothing and doubles nothing", async () => {
    const db = client.db("killed");
    await fillArchive(db);
    const random = new Random(1, "kills");
    for (let kill = 1; kill <= KILLS; kill++) {
      const process = await core("killed");
      await stored(db, Math.floor(ALERTS * (kill - random.next()) / (KILLS + 1)));
      await new Promise((resolve) => setTimeout(resolve, random.between(0, 150)));
      process.kill("SIGKILL");
      await process.status;
    }
    const before = await db.collection("ZTF_alerts").countDocuments();
    assert(before < ALERTS, "The kills came too late to disturb anything");
    const process = await core("killed");
    await stored(db, ALERTS);
    process.kill("SIGTERM");
    await process.status;
    assertEquals(await dump(db), undisturbed);
  });

  it("is not what a MongoDB that stops for a while brings about", async () => {
    const db = client.db("stopped");
    await fillArchive(db);
    const process = await core("stopped");
    await stored(db, ALERTS / 3);
    const { port } = mongo;
    await mongo.stop();
    await new Promise((resolve) => setTimeout(resolve, STOPPED_MS));
    mongo = await startMongo({ dataDir: `${dir}/mongo`, port, cacheSizeGB: 0.5 });
    await stored(db, ALERTS);
    process.kill("SIGTERM");
    assertEquals((await process.status).code, 0);
    assertEquals(await dump(db), undisturbed);
  });

  it("is not needed for a second one to take its share of the partitions", async () => {
    const db = client.db("shared");
    await fillArchive(db);
    const processes = [await core("shared"), await core("shared")];
    const admin = kafkaClient([kafka.bootstrapServers]).admin();
    await admin.connect();
    let shares: number[] = [];
    await stored(db, 1);
    for (let tries = 0; tries < 600 && shares.length < 2; tries++) {
      const { groups } = await admin.describeGroups(["shared-ztf"]);
      shares = groups[0]!.members.map(({ memberAssignment }) => memberAssignment.length)
        .filter((bytes) => bytes > 0);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    await admin.disconnect();
    await stored(db, ALERTS);
    for (const process of processes) process.kill("SIGTERM");
    for (const process of processes) assertEquals((await process.status).code, 0);
    assertEquals(shares.length, 2, "Both cores must have partitions of the topics");
    assertEquals(await dump(db), undisturbed);
  });
});
