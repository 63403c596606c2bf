/** What `doctor` looks at, one check a need. */
import { statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { openArchive } from "../../core/archive/open.ts";
import { databaseUri } from "../../core/base/database_uri.ts";
import type { Settings } from "../../core/base/settings.ts";
import { kafkaSecurity } from "../../core/kafka_security.ts";
import { createKafka } from "../../core/sources/kafka/client.ts";
import { modelFolders } from "../../core/models_of.ts";
import { toManifest } from "../../models/manifest.ts";
import { cacheFolder } from "../local/cache_folder.ts";
import { runningMongo } from "../local/mongo.ts";
import { mongodVersion } from "../local/mongod_binary.ts";
import { localMongoDir } from "../local/local_archive.ts";

export interface Finding {
  readonly what: string;
  readonly state: "well" | "warning" | "wrong" | "unused";
  readonly found: string;
  /** What to do about it. */
  readonly next?: string;
}

export interface Check {
  readonly what: string;
  /** Throws where it is wrong: `next` is what to do then. */
  look(): Promise<Omit<Finding, "what">>;
  readonly next: string;
}

const DENO_MIN = [2, 9];
const MONGO_MIN = 6;
/** A night of alerts and its indexes take some GB. */
const FREE_GB_MIN = 5;
/** Signed requests are good for a minute: clocks must agree far better than that. */
const CLOCK_MS_MAX = 5_000;

export function systemChecks(settings: Settings): Check[] {
  return [
    { what: "deno", look: lookAtDeno, next: "Install Deno 2.9.6" },
    {
      what: "mongodb",
      look: () => lookAtMongo(settings),
      next: "Start MongoDB 6 or newer as a replica set, and name it as database.uri; or leave " +
        "database.uri and database.host out, and one is started for you",
    },
    {
      what: "kafka",
      look: () => lookAtKafka(settings),
      next:
        "Start Kafka, or correct kafka.bootstrap.servers, kafka.ssl, kafka.ssl_ca and kafka.sasl",
    },
    {
      what: "models",
      look: () => lookAtModels(settings),
      next: "Fetch them by `deno task kowalski models fetch`",
    },
    {
      what: "disk",
      look: () => lookAtDisk(settings),
      next: "Make room, or set core.data_dir to a folder where you may write",
    },
  ];
}

function lookAtDeno(): Promise<Omit<Finding, "what">> {
  const found = Deno.version.deno;
  const [major = 0, minor = 0] = found.split(".").map(Number);
  const isEnough = major > DENO_MIN[0]! || major === DENO_MIN[0]! && minor >= DENO_MIN[1]!;
  if (!isEnough) throw new Error(`${found} is too old: ${DENO_MIN.join(".")} or newer is needed`);
  return Promise.resolve({ state: "well", found });
}

async function lookAtMongo(settings: Settings): Promise<Omit<Finding, "what">> {
  const uri = databaseUri(settings.database) ?? await runningMongo(localMongoDir(settings));
  if (uri === null) return await lookForMongod(settings);
  await using archive = await openArchive({
    uri,
    database: settings.database.db,
    appName: "kowalski-doctor",
  });
  const { client, db } = archive;
  const askedMs = Date.now();
  const hello = await db.admin().command({ hello: 1 });
  const clockMs = hello.localTime.getTime() - (askedMs + Date.now()) / 2;
  const { version } = await db.admin().serverInfo();
  if (Number(version.split(".")[0]) < MONGO_MIN) {
    throw new Error(`MongoDB ${version} is too old: ${MONGO_MIN} or newer is needed`);
  }
  if (!hello.setName && hello.msg !== "isdbgrid") {
    throw new Error(`MongoDB ${version} is no replica set, so it has no transactions`);
  }
  await client.withSession((session) =>
    session.withTransaction(() => db.collection("rejected").findOne({}, { session }))
  );
  const found = `${version}, set ${hello.setName ?? "of shards"}, transactions work`;
  if (Math.abs(clockMs) > CLOCK_MS_MAX) {
    return {
      state: "warning",
      found: `${found}; its clock is ${Math.round(clockMs / 1000)} s from ours`,
      next: "Set both clocks by NTP: requests between edge and core are good for a minute",
    };
  }
  return { state: "well", found: `${found}, clocks agree` };
}

async function lookForMongod({ core, database }: Settings): Promise<Omit<Finding, "what">> {
  const cached = `${core.cache_dir ?? cacheFolder()}/mongod/mongod`;
  for (const command of database.mongod === null ? ["mongod", cached] : [database.mongod]) {
    const version = await mongodVersion(command);
    if (version === null) continue;
    return { state: "well", found: `none is set: ${command} ${version} is started when needed` };
  }
  if (database.mongod !== null) throw new Error(`${database.mongod} doesn't start`);
  return { state: "well", found: "none is set, and none is here: it is fetched at the first run" };
}

async function lookAtKafka({ sources, kafka }: Settings): Promise<Omit<Finding, "what">> {
  if (sources.kind !== "kafka") {
    return { state: "unused", found: `alerts come from: ${sources.kind ?? "nothing that is set"}` };
  }
  const admin = createKafka({
    brokers: kafka["bootstrap.servers"],
    clientId: "kowalski-doctor",
    ...kafkaSecurity(kafka),
    log: () => {},
  }).admin();
  try {
    await admin.connect();
    const topics = await admin.listTopics();
    return { state: "well", found: `${kafka["bootstrap.servers"]}: ${topics.length} topics` };
  } finally {
    await admin.disconnect();
  }
}

async function lookAtModels(settings: Settings): Promise<Omit<Finding, "what">> {
  const { modelsDir: folder } = modelFolders(settings);
  const files = Object.values(settings.ml).flatMap(({ models }) =>
    Object.entries(models).map(([name, entry]) => toManifest(name, entry))
  ).map(({ name, file }) => ({ name, path: resolve(folder, file) }));
  const areThere = await Promise.all(files.map(({ path }) => exists(path)));
  const missing = files.filter((_, i) => !areThere[i]).map(({ name }) => name);
  if (missing.length === 0) return { state: "well", found: `${files.length} in ${folder}` };
  return {
    state: "warning",
    found: `${missing.length} of ${files.length} are not in ${folder}: ${missing.join(", ")}`,
    next: "Fetch them by `deno task kowalski models fetch`; alerts are stored without their scores",
  };
}

async function lookAtDisk({ core }: Settings): Promise<Omit<Finding, "what">> {
  let folder = resolve(core.data_dir);
  while (!await exists(folder)) folder = dirname(folder); // It is made at the first run.
  const { bavail, bsize } = await statfs(folder);
  const freeGb = bavail * bsize / 1e9;
  const found = `${freeGb.toFixed(1)} GB free for ${core.data_dir}`;
  return freeGb >= FREE_GB_MIN ? { state: "well", found } : {
    state: "warning",
    found,
    next: `Make room: a night of alerts takes some GB, so ${FREE_GB_MIN} GB should be free`,
  };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
