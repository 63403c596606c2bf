/** A MongoDB that knows accounts, for tests of rights: started on a folder of its own. */
import { MongoClient } from "mongodb";
import { startBound } from "../../deploy/local/bound_child.ts";
import { startMongo } from "../../deploy/local/mongo.ts";
import { findMongod } from "../../deploy/local/mongod_binary.ts";
import { until } from "./until.ts";

export interface MongoWithAccounts extends AsyncDisposable {
  /** With the account that may do everything. */
  readonly uri: string;
  /** Without any account. */
  readonly openUri: string;
}

const ROOT = { user: "root", pwd: "the password of root" };

export async function startMongoWithAccounts(): Promise<MongoWithAccounts> {
  const dataDir = await Deno.makeTempDir({ prefix: "kowalski-test-accounts-" });
  const port = await makeSetWithRoot(dataDir);
  const keyFile = `${dataDir}/key`;
  await Deno.writeTextFile(keyFile, crypto.randomUUID().replaceAll("-", ""), { mode: 0o600 });
  const logPath = `${dataDir}/mongod.log`;
  const child = startBound(await findMongod(), [
    ...["--dbpath", dataDir, "--port", `${port}`, "--bind_ip", "127.0.0.1", "--nounixsocket"],
    ...["--replSet", "rs0", "--oplogSize", "64", "--quiet", "--auth", "--keyFile", keyFile],
    ...["--wiredTigerCacheSizeGB", "0.25"],
    ...["--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"],
  ], { logPath });
  const where = `127.0.0.1:${port}`;
  const uri = `mongodb://${ROOT.user}:${encodeURIComponent(ROOT.pwd)}@${where}/` +
    "?authSource=admin&directConnection=true";
  await until(() => isPrimary(uri), 100);
  return {
    uri,
    openUri: `mongodb://${where}/?directConnection=true`,
    async [Symbol.asyncDispose]() {
      await child.stop();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}

/** While nobody has to say who they are. Gives the port that the set is known by. */
async function makeSetWithRoot(dataDir: string): Promise<number> {
  await using mongo = await startMongo({ dataDir, cacheSizeGB: 0.25 });
  await using client = await new MongoClient(mongo.uri).connect();
  await client.db("admin").command({ createUser: ROOT.user, pwd: ROOT.pwd, roles: ["root"] });
  return mongo.port;
}

async function isPrimary(uri: string): Promise<boolean> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 500 });
  try {
    return (await client.db("admin").command({ hello: 1 })).isWritablePrimary === true;
  } catch {
    return false;
  } finally {
    await client.close();
  }
}
