/** A local MongoDB, for real: its promises are about processes and files. */
import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { MongoClient } from "mongodb";
import { type LocalMongo, runningMongo, startMongo } from "./mongo.ts";

const MODULE = new URL("./mongo.ts", import.meta.url).href;
const cacheSizeGB = 0.25;

describe("startMongo()", () => {
  it("transactions and change streams work", async () => {
    await using folder = await tempFolder();
    await using mongo = await startMongo({ dataDir: folder.path, cacheSizeGB });
    await using client = await new MongoClient(mongo.uri).connect();
    const nights = client.db("test").collection<{ _id: number }>("nights");
    await using changes = nights.watch();
    const change = changes.next();

    await client.withSession((session) =>
      session.withTransaction(() => nights.insertOne({ _id: 1 }, { session }))
    );

    const { operationType } = await change;
    assert.equal(operationType, "insert");
  });

  it("data survives a restart on another port", async () => {
    await using folder = await tempFolder();
    const first = await startMongo({ dataDir: folder.path, cacheSizeGB });
    await insert(first, 1);
    await first.stop();

    await using second = await startMongo({ dataDir: folder.path, cacheSizeGB });
    assert.notEqual(second.port, first.port);
    await insert(second, 2); // It takes writes, so it knows itself at its new address.
    assert.deepEqual(await nightsOf(second), [1, 2]);
  });

  it("waits for a server before it that still ends", async () => {
    await using folder = await tempFolder();
    const first = await startMongo({ dataDir: folder.path, cacheSizeGB });
    await insert(first, 1);

    const waits = Promise.withResolvers<void>();
    const starting = startMongo({
      dataDir: folder.path,
      cacheSizeGB,
      onProgress: () => waits.resolve(),
    });
    await waits.promise;
    await first.stop();

    await using second = await starting;
    assert.deepEqual(await nightsOf(second), [1]);
  });

  it("ends when its parent is killed with -9, and the folder can be used again", async () => {
    await using folder = await tempFolder();
    const options = JSON.stringify({ dataDir: folder.path, cacheSizeGB });
    const code = `const { startMongo } = await import(${JSON.stringify(MODULE)});
      const { uri } = await startMongo(${options}); console.log(uri);`;
    const parent = new Deno.Command(Deno.execPath(), {
      args: ["eval", code],
      stdout: "piped",
    }).spawn();
    const reader = parent.stdout.getReader();
    const uri = new TextDecoder().decode((await reader.read()).value).trim();
    await insert({ uri }, 1);

    parent.kill("SIGKILL");
    await parent.status;
    await reader.cancel();

    await using next = await startMongo({ dataDir: folder.path, cacheSizeGB });
    assert.deepEqual(await nightsOf(next), [1]);
  });

  it("can be found by others as long as it runs", async () => {
    await using folder = await tempFolder();
    assert.equal(await runningMongo(folder.path), null);
    const mongo = await startMongo({ dataDir: folder.path, cacheSizeGB });
    assert.equal(await runningMongo(folder.path), mongo.uri);

    await using other = await tempFolder();
    await Deno.writeTextFile(`${other.path}/address`, mongo.uri);
    assert.equal(await runningMongo(other.path), null, "It runs on another folder");

    await mongo.stop();
    assert.equal(await runningMongo(folder.path), null);
  });

  it("tells of a port that is taken", async () => {
    await using folder = await tempFolder();
    using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await assert.rejects(
      startMongo({ dataDir: folder.path, cacheSizeGB, port: other.addr.port }),
      /Cannot start MongoDB on .*exit code 48.*in use/,
    );
  });
});

async function insert({ uri }: Pick<LocalMongo, "uri">, night: number): Promise<void> {
  await using client = await new MongoClient(uri).connect();
  await client.db("test").collection<{ _id: number }>("nights").insertOne({ _id: night });
}

async function nightsOf({ uri }: LocalMongo): Promise<number[]> {
  await using client = await new MongoClient(uri).connect();
  const nights = client.db("test").collection<{ _id: number }>("nights");
  return (await nights.find().sort({ _id: 1 }).toArray()).map(({ _id }) => _id);
}

async function tempFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "kowalski-mongo-test-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
