/**
 * A MongoDB for one machine: a single node, as a replica set so that transactions and change
 * streams work, started as a child process that ends with us.
 */
import { MongoClient } from "mongodb";
import { type BoundChild, startBound } from "./bound_child.ts";
import { findMongod, type MongodOptions } from "./mongod_binary.ts";

export interface LocalMongoOptions extends MongodOptions {
  /** Where the archive lives; made if it isn't there. Survives restarts, also on another port. */
  readonly dataDir: string;
  /** The port on 127.0.0.1; a free one by default. */
  readonly port?: number | undefined;
  /** How much memory it may fill with what it has read, GB; half of the machine's by default. */
  readonly cacheSizeGB?: number | undefined;
}

export interface LocalMongo extends AsyncDisposable {
  /** For any driver, without a database's name. */
  readonly uri: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when the server has ended, for whatever reason. */
  readonly ended: Promise<unknown>;
  /** Ends it in order: what it was told is on the disk. */
  stop(): Promise<void>;
}

const REPLICA_SET = "rs0";
/** Up in 0.5 s; after a crash it first repeats its journal. */
const START_MS_MAX = 120_000;
/** How long a folder may still belong to a server whose parent was killed a moment ago. */
const IN_USE_MS_MAX = 40_000;
const RETRY_MS = 250;
/** What change streams can go back to, MB: the default is a twentieth of the disk. */
const OPLOG_MB = 1024;
/** The server's exit codes for a folder, or a port, that another process holds. */
const EXIT_FOLDER_IN_USE = 100;
const EXIT_PORT_IN_USE = 48;

/** Starts MongoDB and resolves when it takes writes. Throws with what it said, or what to install. */
export async function startMongo(options: LocalMongoOptions): Promise<LocalMongo> {
  const { onProgress = () => {} } = options;
  const binary = await findMongod(options);
  await Deno.mkdir(options.dataDir, { recursive: true });
  // The server's own words name the folder whole, wherever it is asked from.
  const dataDir = await Deno.realPath(options.dataDir);
  const deadlineMs = performance.now() + IN_USE_MS_MAX;
  for (let isTold = false;;) {
    const port = options.port ?? freePort();
    const started = await tryStart(binary, port, { ...options, dataDir });
    if (!("exitCode" in started)) return started;
    const isRetried = started.exitCode === EXIT_FOLDER_IN_USE ||
      started.exitCode === EXIT_PORT_IN_USE && options.port === undefined;
    if (!isRetried || performance.now() > deadlineMs) {
      throw new Error(`Cannot start MongoDB on ${dataDir}: ${started.reason}`);
    }
    if (!isTold) onProgress("MongoDB: waiting for the one before to end");
    isTold = true;
    await delay(RETRY_MS);
  }
}

/** Longer than a batch takes; MongoDB's own limit is a minute. */
const TRANSACTION_S_MAX = 30;

async function tryStart(
  binary: string,
  port: number,
  { dataDir, cacheSizeGB }: LocalMongoOptions,
): Promise<LocalMongo | { exitCode: number; reason: string }> {
  const logPath = `${dataDir}/mongod.log`;
  // One run's log, and the one before it: enough to see what went wrong, and bounded.
  await Deno.rename(logPath, `${logPath}.1`).catch(() => {});
  const child = startBound(binary, [
    ...["--dbpath", dataDir, "--port", `${port}`, "--bind_ip", "127.0.0.1", "--nounixsocket"],
    ...["--replSet", REPLICA_SET, "--oplogSize", `${OPLOG_MB}`, "--quiet"],
    // There is nobody to take over: to wait for that would only make the end slow.
    ...["--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"],
    ...["--setParameter", "diagnosticDataCollectionEnabled=false"],
    // A core that was killed may leave one open, and the next waits for its alerts until it ends.
    ...["--setParameter", `transactionLifetimeLimitSeconds=${TRANSACTION_S_MAX}`],
    ...cacheSizeGB === undefined ? [] : ["--wiredTigerCacheSizeGB", `${cacheSizeGB}`],
  ], { logPath });
  const uri = `mongodb://127.0.0.1:${port}/?directConnection=true`;
  const exit = child.ended.then(({ code }) => code);
  try {
    const exitCode = await whenWritable(uri, port, exit);
    if (exitCode !== null) return { exitCode, reason: await lastWords(logPath, exitCode) };
  } catch (error) {
    await child.stop();
    throw new Error(`Cannot start MongoDB on ${dataDir}: ${await lastWords(logPath)}`, {
      cause: error,
    });
  }
  await Deno.writeTextFile(addressFile(dataDir), uri);
  return localMongo(uri, port, child);
}

/** The address of the server that runs on this folder now, whoever started it; null where none does. */
export async function runningMongo(dataDir: string): Promise<string | null> {
  const uri = await Deno.readTextFile(addressFile(dataDir)).catch(() => null);
  if (uri === null) return null;
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 1_000 });
  try {
    // By now, another server may listen there.
    const { parsed } = await client.db("admin").command({ getCmdLineOpts: 1 });
    const isIt = await Deno.realPath(parsed.storage.dbPath) === await Deno.realPath(dataDir);
    return isIt ? uri : null;
  } catch {
    return null;
  } finally {
    await client.close();
  }
}

function addressFile(dataDir: string): string {
  return `${dataDir}/address`;
}

function localMongo(uri: string, port: number, child: BoundChild): LocalMongo {
  const { pid, ended } = child;
  const stop = () => child.stop();
  return { uri, port, pid, ended, stop, [Symbol.asyncDispose]: stop };
}

/** Resolves with null when the server takes writes, or with its exit code when it ends before. */
async function whenWritable(
  uri: string,
  port: number,
  exit: Promise<number>,
): Promise<number | null> {
  let exitCode: number | null = null;
  exit.then((code) => exitCode = code);
  const deadlineMs = performance.now() + START_MS_MAX;
  let reason: unknown = `Not the primary of its set in ${START_MS_MAX / 1000} s`;
  while (exitCode === null && performance.now() < deadlineMs) {
    // A client of its own for each try: the driver's doesn't get over a first failure.
    const client = new MongoClient(uri, { serverSelectionTimeoutMS: RETRY_MS });
    try {
      if (await isWritable(client, `127.0.0.1:${port}`)) return null;
    } catch (error) {
      reason = error; // It doesn't listen yet, or is in the middle of a change.
    } finally {
      await client.close();
    }
    await delay(20);
  }
  if (exitCode !== null) return exitCode;
  throw reason;
}

/** One step on the way to a primary: makes the set, or gives it the new address, where it must. */
async function isWritable(client: MongoClient, host: string): Promise<boolean> {
  const admin = client.db("admin");
  const { isWritablePrimary, me } = await admin.command({ hello: 1 });
  if (isWritablePrimary && me === host) return true;
  const config = await client.db("local").collection("system.replset").findOne();
  const members = [{ _id: 0, host }];
  if (config === null) {
    await admin.command({ replSetInitiate: { _id: REPLICA_SET, members } });
  } else if (config.members[0].host !== host) {
    // The port has changed, so the node doesn't know itself; there is nobody else to ask.
    const next = { _id: config._id, version: config.version + 1, members };
    await admin.command({ replSetReconfig: next, force: true });
  }
  return false;
}

/** Why it ended, from its log: the last line of severity fatal or error, or the last one of all. */
async function lastWords(logPath: string, exitCode?: number): Promise<string> {
  const lines = (await Deno.readTextFile(logPath).catch(() => "")).trim().split("\n");
  const bad = lines.filter((line) => /"s":"[EF]"/.test(line));
  const said = (bad.at(0) ?? lines.at(-1) ?? "").slice(0, 500);
  const code = exitCode === undefined ? "" : ` with exit code ${exitCode}`;
  return `it ended${code}; its log ${logPath} says: ${said}`;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
