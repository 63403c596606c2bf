// Two cores share a stream, and one of them dies: the archive is what one alone would have made.
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { type Db, MongoClient } from "mongodb";
import { startKafka } from "../../deploy/local/kafka.ts";
import { dump } from "../support/ingest.ts";
import {
  ALERTS,
  fillArchive,
  noKafka,
  startCoreProcess,
  startOwnMongo,
  Stream,
} from "./_core_process.ts";

describe("two cores of one group", { skip: await noKafka() }, () => {
  it("both work; when one is killed, the other does it all", async () => {
    await using things = new AsyncDisposableStack();
    const dir = await Deno.makeTempDir({ prefix: "kowalski-e2e-" });
    things.defer(() => Deno.remove(dir, { recursive: true }));
    const kafka = things.use(await startKafka({ dataDir: `${dir}/kafka` }));
    const { uri } = things.use(await startOwnMongo(`${dir}/mongo`));
    const client = await new MongoClient(uri).connect();
    things.defer(() => client.close());
    const [shared, alone] = [client.db("shared"), client.db("alone")];
    const stream = await Stream.create([kafka.bootstrapServers]);
    const core = async ({ databaseName: database }: Db) =>
      things.use(await startCoreProcess({ uri, database, brokers: stream.brokers, dir }));

    await fillArchive(shared);
    const [survivor, victim] = [await core(shared), await core(shared)];
    // There is nothing to read before both have their share, so neither can be done before that.
    const shares = await sharesOfTwo(stream, shared.databaseName);
    await stream.produce(0, ALERTS / 2);
    await survivor.stored(shared, ALERTS / 2);
    assertEquals(await stream.shares(shared.databaseName), shares);
    const committed = await stream.committed(shared.databaseName);
    for (const share of shares) {
      assert(share.some((partition) => committed.get(partition)! > 0), `Idle with ${share}`);
    }

    const rest = stream.produce(ALERTS / 2, ALERTS);
    await survivor.stored(shared, ALERTS * 0.6);
    await victim.kill();
    await rest;
    await survivor.stored(shared, ALERTS);
    assertEquals(await survivor.terminate(), 0);

    await fillArchive(alone);
    const single = await core(alone);
    await single.stored(alone, ALERTS);
    assertEquals(await single.terminate(), 0);
    assertEquals(await dump(shared), await dump(alone));
  });
});

/** The partitions of each, when two members have some. */
async function sharesOfTwo(stream: Stream, database: string): Promise<string[][]> {
  for (let tries = 0; tries < 600; tries++) {
    const shares = await stream.shares(database);
    if (shares.length === 2 && shares.every((share) => share.length > 0)) return shares;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Cannot share partitions: ${JSON.stringify(await stream.shares(database))}`);
}
