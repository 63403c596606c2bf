// A core that is killed or told to end, a MongoDB that stops: the archive is what it would have been.
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { type Db, MongoClient } from "mongodb";
import type { Document } from "../../core/contract/document.ts";
import { Random } from "../../core/sources/simulator/random.ts";
import { type LocalKafka, startKafka } from "../../deploy/local/kafka.ts";
import type { LocalMongo } from "../../deploy/local/mongo.ts";
import { OWN_MODEL } from "../../models/own/manifest.ts";
import { dump } from "../support/ingest.ts";
import {
  ALERTS,
  fillArchive,
  FULL,
  noKafka,
  startCoreProcess,
  startOwnMongo,
  Stream,
} from "./_core_process.ts";

const KILLS = FULL ? 10 : 4;
const STOPPED_MS = FULL ? 20_000 : 3_000;

describe("a core's end", { skip: await noKafka() }, () => {
  let dir: string;
  let kafka: LocalKafka;
  let mongo: LocalMongo;
  let client: MongoClient;
  let stream: Stream;
  let undisturbed: Record<string, Document[]>;

  const core = (database: string, options: { drainMs?: number } = {}) =>
    startCoreProcess({ uri: mongo.uri, database, brokers: stream.brokers, dir, ...options });
  const startMongoAgain = async () => {
    mongo = await startOwnMongo(`${dir}/mongo`, mongo.port);
  };
  const left = async (db: Db) => ALERTS - await db.collection("ZTF_alerts").countDocuments();

  beforeAll(async () => {
    dir = await Deno.makeTempDir({ prefix: "kowalski-e2e-" });
    kafka = await startKafka({ dataDir: `${dir}/kafka` });
    mongo = await startOwnMongo(`${dir}/mongo`);
    client = await new MongoClient(mongo.uri).connect();
    stream = await Stream.create([kafka.bootstrapServers]);
    await stream.produce(0, ALERTS);
    await fillArchive(client.db("undisturbed"));
    await using process = await core("undisturbed");
    await process.stored(client.db("undisturbed"), ALERTS);
    assertEquals(await process.terminate(), 0);
    undisturbed = await dump(client.db("undisturbed"));
  });

  afterAll(async () => {
    await client?.close();
    await mongo?.stop();
    await kafka?.stop();
    await Deno.remove(dir, { recursive: true });
  });

  it("has much to lose: objects, scores, matches and passes", () => {
    const { ZTF_alerts: alerts, ZTF_alerts_aux: objects, outbox, rejected } = undisturbed;
    assertEquals(alerts!.length, ALERTS);
    assertEquals(rejected, []);
    assert(objects!.length > ALERTS / 4 && objects!.length < ALERTS);
    assert(outbox!.length > 0);
    const scored = alerts!.filter(({ classifications }) =>
      OWN_MODEL.name in (classifications as Document)
    );
    assert(scored.length > ALERTS * 0.9, `Only ${scored.length} alerts have scores`);
    const isMatched = ({ cross_matches: matches }: Document) =>
      Object.values(matches as Document).some((rows) => (rows as unknown[]).length > 0);
    assert(objects!.some(isMatched));
  });

  it("by kill -9 at random moments loses nothing and doubles nothing", async () => {
    const db = client.db("killed");
    await fillArchive(db);
    const random = new Random(1, "kills");
    for (let kill = 1; kill <= KILLS; kill++) {
      const done = ALERTS - await left(db);
      const moment = Math.floor(ALERTS * (kill - random.next()) / (KILLS + 1));
      await using process = await core("killed");
      // It has to be at work: to kill one that starts would prove little.
      await process.stored(db, Math.max(moment, done + 1));
      await new Promise((resolve) => setTimeout(resolve, random.between(0, 150)));
      await process.kill();
    }
    assert(await left(db) > 0, "The kills came too late to disturb anything");
    await using process = await core("killed");
    await process.stored(db, ALERTS);
    assertEquals(await process.terminate(), 0);
    assertEquals(await dump(db), undisturbed);
  });

  it("by SIGTERM comes after what is in work, which is not read again", async () => {
    const db = client.db("told");
    await fillArchive(db);
    await using first = await core("told");
    await first.stored(db, ALERTS / 3);
    assertEquals(await first.terminate(), 0);
    assert(await left(db) > 0, "SIGTERM came too late to disturb anything");
    const committed = [...(await stream.committed("told")).values()];
    assertEquals(committed.reduce((sum, packets) => sum + packets), ALERTS - await left(db));
    await using second = await core("told");
    await second.stored(db, ALERTS);
    assertEquals(await second.terminate(), 0);
    assertEquals(await dump(db), undisturbed);
  });

  it("is not what a MongoDB that stops for a while brings about", async () => {
    const db = client.db("stopped");
    await fillArchive(db);
    await using process = await core("stopped");
    await process.stored(db, ALERTS / 3);
    await mongo.stop();
    await new Promise((resolve) => setTimeout(resolve, STOPPED_MS));
    await startMongoAgain();
    assert(await left(db) > 0, "MongoDB stopped too late to disturb anything");
    await process.stored(db, ALERTS);
    assertEquals(await process.terminate(), 0);
    assertEquals(await dump(db), undisturbed);
  });

  it("by SIGTERM while MongoDB is away comes in order, and loses nothing", async () => {
    const db = client.db("left");
    await fillArchive(db);
    await using first = await core("left", { drainMs: 1_000 });
    await first.stored(db, ALERTS / 3);
    await mongo.stop();
    assertEquals(await first.terminate(), 0);
    await startMongoAgain();
    assert(await left(db) > 0, "MongoDB stopped too late to disturb anything");
    await using second = await core("left");
    await second.stored(db, ALERTS);
    assertEquals(await second.terminate(), 0);
    assertEquals(await dump(db), undisturbed);
  });
});
