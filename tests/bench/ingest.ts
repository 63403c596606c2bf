/** What an alert costs, from bytes to its stored hit, against what nobody can avoid. */
import { MongoClient } from "mongodb";
import { BSON, type Db } from "mongodb";
import ztf from "../../catalogs/live/ztf.ts";
import { startMongo } from "../../deploy/local/mongo.ts";
import { ensureSurveyIndexes } from "../../core/archive/indexes.ts";
import type { PreparedModel } from "../../models/prepare.ts";
import { cpuMs, peakMemoryMb } from "./cpu.ts";
import { flush, type RunResult, type RunSettings } from "./ingest_run.ts";
import { CATALOGS, insertCatalogs, insertFilters, packetsOf, writePackets } from "./ingest_sky.ts";
import type { BenchResult, Reach } from "./main.ts";
import { measureNetworks, publishedModels } from "./networks.ts";

/** For each worker: larger ones cost memory and save little. */
const BATCH = 70;

export async function bench(args: string[]): Promise<BenchResult> {
  const small = args.includes("--small");
  const alerts = (small ? 12 : 52) * BATCH;
  const dir = await Deno.makeTempDir({ prefix: "kowalski-bench-" });
  try {
    await using mongo = await startMongo({ dataDir: `${dir}/mongo`, cacheSizeGB: 4 });
    const client = await new MongoClient(mongo.uri).connect();
    try {
      // What a run wrote is flushed at its end, on its own account, and not in the middle of another one.
      await client.db("admin").command({ setParameter: 1, syncdelay: 3_600 });
      const setting = { client, uri: mongo.uri, pid: mongo.pid, dir, alerts, small };
      return await measure(setting);
    } finally {
      await client.close();
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

interface Setting {
  readonly client: MongoClient;
  readonly uri: string;
  readonly pid: number;
  readonly dir: string;
  readonly alerts: number;
  readonly small: boolean;
}

async function measure(setting: Setting): Promise<BenchResult> {
  const { client, dir, alerts, small } = setting;
  say("writing packets of two nights");
  const around = await writePackets(`${dir}/0`, packetsOf(alerts, 0));
  await writePackets(`${dir}/1`, packetsOf(alerts, 1));
  const models = await publishedModels(dir);
  const networks = await measureNetworks(models, small ? 100 : 300);

  const runs: Record<string, RunResult> = {};
  const one = async (
    name: string,
    database: string,
    night: number,
    workers: number,
    nets = false,
  ) => {
    runs[name] = await run(setting, database, night, workers, nets ? models : []);
    show(name, runs[name]);
  };
  say("inserting catalogs");
  const plain = client.db("plain");
  await insertCatalogs(plain, around, small ? 0.05 : 1);
  await insertFilters(plain);
  await flush(client);
  await one("no networks, 1 worker, empty", "plain", 0, 1);
  const floor = await measureInsert(setting, plain);
  await one("no networks, 1 worker, history", "plain", 1, 1);
  if (models.length > 0) {
    await empty(plain);
    await one("no networks, 2 workers, empty", "plain", 0, 2);
    await empty(plain);
    await one("networks, 1 worker, empty", "plain", 0, 1, true);
    await one("networks, 1 worker, history", "plain", 1, 1, true);
  }
  const kind = models.length > 0 ? "networks" : "no networks";
  const gains: number[] = [];
  for (let turn = 0; turn < (small ? 1 : GAIN_TURNS); turn++) {
    await empty(plain);
    await one(`${kind}, 2 workers, empty`, "plain", 0, 2, true);
    await empty(plain);
    if (FEW_CORES) {
      const alone = (prefix: readonly string[]) => run(setting, "plain", 0, 1, models, prefix);
      runs[ALONE] = await onOneCore(setting.pid, alone);
      show(`${kind}, ${ALONE}`, runs[ALONE]);
    } else await one(`${kind}, 1 worker, empty`, "plain", 0, 1, true);
    const single = runs[FEW_CORES ? ALONE : `${kind}, 1 worker, empty`]!;
    gains.push(runs[`${kind}, 2 workers, empty`]!.alertsPerS / single.alertsPerS);
  }
  const figures = {
    alerts,
    networksMs: networks,
    insertMs: floor,
    mongodPeakMb: peakMemoryMb(setting.pid),
    runs,
    gains,
  };
  return { figures, reach: reachOf(runs, gains, networks, floor) };
}

function reachOf(
  runs: Readonly<Record<string, RunResult>>,
  gains: readonly number[],
  networks: number,
  floor: number,
): Reach[] {
  const cost = (name: string) => runs[name]!.coreMs + runs[name]!.mongodMs;
  const rate = (name: string) => runs[name]!.alertsPerS;
  const most = (what: string, value: number, limit: number) => ({
    what,
    value,
    limit: `at most ${limit}`,
    ok: value <= limit,
  });
  const least = (what: string, value: number, limit: number) => ({
    what,
    value,
    limit: `at least ${limit}`,
    ok: value >= limit,
  });
  const nets = "networks, 1 worker, empty" in runs;
  const kind = nets ? "networks" : "no networks";
  return [
    most("CPU without networks / bare insert", cost("no networks, 1 worker, empty") / floor, 2.5),
    ...nets
      ? [most(
        "CPU with networks / (networks alone + bare insert)",
        cost("networks, 1 worker, empty") / (networks + floor),
        1.5,
      )]
      : [],
    least(
      "throughput with history / empty",
      rate(`${kind}, 1 worker, history`) / rate(`${kind}, 1 worker, empty`),
      0.9,
    ),
    least(
      `throughput of ${
        FEW_CORES ? "2 workers on 2 cores / 1 on 1, MongoDB beside them" : "2 workers / 1"
      }, median of ${gains.length}`,
      gains.toSorted((a, b) => a - b)[gains.length >> 1]!,
      1.7,
    ),
    most(
      "peak memory of the core with 2 workers, MB",
      runs[`${kind}, 2 workers, empty`]!.peakMb,
      800,
    ),
  ];
}

/**
 * Where two workers, the main thread and mongod share two cores, a worker that is alone has half of
 * mongod's work done for it on the other core. So there it is measured what a core more gives.
 */
const FEW_CORES = navigator.hardwareConcurrency < 4;
const ALONE = "1 worker on 1 core, empty";
/** Each time one after the other, as what else the machine does changes from minute to minute. */
const GAIN_TURNS = 5;

/** Keeps mongod, and what is started with the prefix, on one core meanwhile. */
async function onOneCore<T>(
  mongodPid: number,
  work: (prefix: readonly string[]) => Promise<T>,
): Promise<T> {
  const pin = async (cores: string) => {
    const { success } = await new Deno.Command("taskset", {
      args: ["--all-tasks", "--cpu-list", "--pid", cores, `${mongodPid}`],
      stdout: "null",
    }).output();
    if (!success) throw new Error("Cannot measure on one core: taskset has failed");
  };
  await pin("0");
  try {
    return await work(["taskset", "--cpu-list", "0"]);
  } finally {
    await pin(`0-${navigator.hardwareConcurrency - 1}`);
  }
}

async function run(
  { uri, pid, dir, small }: Setting,
  database: string,
  night: number,
  workers: number,
  models: readonly PreparedModel[],
  prefix: readonly string[] = [],
): Promise<RunResult> {
  const settings: RunSettings = {
    uri,
    mongodPid: pid,
    database,
    packetsFile: `${dir}/${night}`,
    workers,
    batchSize: BATCH * workers,
    warmUpBatches: small ? 2 : 8,
    models,
    catalogs: CATALOGS,
  };
  await Deno.writeTextFile(`${dir}/run.json`, JSON.stringify(settings));
  const [command, ...before] = [...prefix, Deno.execPath()];
  const { success, stdout } = await new Deno.Command(command!, {
    args: [
      ...before,
      "run",
      "-A",
      "--quiet",
      new URL("ingest_run.ts", import.meta.url).href,
      `${dir}/run.json`,
    ],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("Cannot measure: the run has failed, see above");
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!) as RunResult;
}

/**
 * CPU of driver and server for inserting what an alert becomes, its own document and that of its
 * object, with `insertMany` and the same indexes, ms an alert.
 */
async function measureInsert(setting: Setting, archive: Db): Promise<number> {
  const { alerts, aux } = ztf.collections;
  await ensureSurveyIndexes(setting.client.db("bare"), ztf);
  const cost = await insertCost(setting, archive, alerts) + await insertCost(setting, archive, aux);
  await setting.client.db("bare").dropDatabase();
  return cost;
}

async function insertCost(
  { client, pid }: Setting,
  archive: Db,
  name: string,
): Promise<number> {
  const bare = client.db("bare").collection(name);
  let spentMs = 0;
  let count = 0;
  const spent = async (work: () => Promise<unknown>) => {
    const before = cpuMs("self") + cpuMs(pid);
    await work();
    spentMs += cpuMs("self") + cpuMs(pid) - before;
  };
  const cursor = archive.collection(name).find({}, { raw: true, batchSize: BATCH });
  // What comes back is deserialised before the clock starts.
  for (let batch: unknown[] = []; await cursor.hasNext();) {
    batch.push(BSON.deserialize(await cursor.next() as unknown as Uint8Array));
    if (batch.length < BATCH) continue;
    await spent(() => bare.insertMany(batch as never[], { ordered: true }));
    count += batch.length;
    batch = [];
  }
  await spent(() => flush(client));
  return spentMs / count;
}

async function empty(db: Db): Promise<void> {
  for (const name of ["ZTF_alerts", "ZTF_alerts_aux", "outbox"]) await db.collection(name).drop();
  await flush(db.client);
}

function show(name: string, run: RunResult): void {
  const stages = Object.entries(run.stageShare).filter(([, share]) => share > 0.005)
    .map(([stage, share]) => `${stage} ${Math.round(100 * share)} %`).join(", ");
  say(
    `${name}: ${run.alertsPerS.toFixed(0)} alerts/s; CPU an alert ${
      run.coreMs.toFixed(2)
    } ms core, ` +
      `${run.mongodMs.toFixed(2)} ms mongod; ${run.requests.toFixed(3)} requests, ` +
      `${(run.bytesIn / 1e3).toFixed(0)} kB in, ${(run.bytesOut / 1e3).toFixed(1)} kB out; ` +
      `peak ${
        run.peakMb.toFixed(0)
      } MB; ${run.passed} passes, ${run.matched} matched\n    ${stages}`,
  );
}

function say(line: string): void {
  console.log(line);
}
