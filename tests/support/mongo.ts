/**
 * A MongoDB for tests: the one that the test task started (`KOWALSKI_TEST_MONGO_URI`), or one of
 * this process's own.
 */
import { MongoClient } from "mongodb";

let shared: Promise<string> | undefined;

/** The address of a real replica set. */
export function mongoUri(): Promise<string> {
  const uri = Deno.env.get("KOWALSKI_TEST_MONGO_URI");
  return shared ??= uri ? Promise.resolve(uri) : startOwn();
}

async function startOwn(): Promise<string> {
  const { startMongo } = await import("../../deploy/local/mongo.ts");
  const dataDir = await Deno.makeTempDir({ prefix: "kowalski-test-mongo-" });
  const mongo = await startMongo({ dataDir });
  return mongo.uri;
}

/** A database of its own, dropped at the end: `await using database = await testDatabase()`. */
export async function testDatabase(): Promise<TestDatabase> {
  const uri = await mongoUri();
  const name = `test_${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
  const client = await new MongoClient(uri).connect();
  return {
    uri,
    name,
    client,
    async [Symbol.asyncDispose]() {
      await client.db(name).dropDatabase();
      await client.close();
    },
  };
}

export interface TestDatabase extends AsyncDisposable {
  readonly uri: string;
  readonly name: string;
  readonly client: MongoClient;
}
