/** A Kafka for one machine: a single node in KRaft mode, started as a child process that ends with us. */
import { type BoundChild, startBound } from "./bound_child.ts";
import { cacheFolder } from "./cache_folder.ts";
import { findJava } from "./java.ts";
import { findKafkaJars } from "./kafka_jars.ts";

export interface LocalKafkaOptions {
  /** Where topics and offsets live; made if it isn't there. Survives restarts. */
  readonly dataDir: string;
  /** The port on 127.0.0.1; a free one by default. */
  readonly port?: number;
  /** Whether a topic is made when somebody first writes to it; off by default. */
  readonly autoCreateTopics?: boolean;
  /** Which listener clients have; `PLAINTEXT` by default, which needs no further properties. */
  readonly protocol?: "PLAINTEXT" | "SASL_SSL";
  /** Of the server, besides ours. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Their passwords: made where the folder is new, and kept in it. */
  readonly scramUsers?: Readonly<Record<string, string>>;
  /** Keeps the jars; what `cacheFolder()` says by default. */
  readonly cacheDir?: string;
  /** An unpacked Kafka to use in place of fetched jars. */
  readonly kafkaHome?: string;
  /** A Java to use in place of the one on PATH. */
  readonly javaHome?: string;
  readonly onProgress?: (line: string) => void;
}

export interface LocalKafka extends AsyncDisposable {
  /** As clients want it: `127.0.0.1:9092`. */
  readonly bootstrapServers: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** The heap of the server: two small topics need 100 MB, a night of replays some more. */
const HEAP_MB_MAX = 512;
/** Up in 4 s on two idle cores; a busy machine takes longer. */
const START_MS_MAX = 90_000;
const POLL_MS = 50;
/** Lines of its log that an error tells. */
const LOG_LINES = 20;

/** Starts Kafka and resolves when it takes requests. Throws with what to install or what it said. */
export async function startKafka(options: LocalKafkaOptions): Promise<LocalKafka> {
  const { dataDir, onProgress = () => {} } = options;
  const java = await findJava(options.javaHome);
  if (java === null) {
    throw new Error(
      "Cannot start Kafka as Java must be 17 or newer: current value is none. " +
        "Install one (Debian: openjdk-17-jre-headless), or use a Kafka that runs already",
    );
  }
  const jars = await findKafkaJars({
    cacheDir: options.cacheDir ?? cacheFolder(),
    onProgress,
    ...(options.kafkaHome === undefined ? {} : { kafkaHome: options.kafkaHome }),
  });
  const [port, controllerPort] = [options.port ?? freePort(), freePort()];
  const settings = `${dataDir}/server.properties`;
  await Deno.mkdir(dataDir, { recursive: true });
  await Deno.writeTextFile(
    settings,
    toProperties({ ...options, port, controllerPort }),
  );
  const command = [java, ...JVM, "-cp", `${jars}/*`];
  await format(command, settings, options);
  const child = await start(command, settings, dataDir);
  onProgress(`Kafka listens on 127.0.0.1:${port}`);
  const stop = () => child.stop();
  return {
    bootstrapServers: `127.0.0.1:${port}`,
    pid: child.pid,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

const STARTED = "Kafka Server started";
const JVM = [
  `-Xmx${HEAP_MB_MAX}m`,
  "-XX:+UseSerialGC", // The others start a thread for each core, and more.
  "-XX:-UsePerfData",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
  // The one line that says that it is up.
  "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
];

function toProperties(
  { dataDir, port, controllerPort, protocol = "PLAINTEXT", ...more }: LocalKafkaOptions & {
    port: number;
    controllerPort: number;
  },
): string {
  const properties = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    "controller.listener.names": "CONTROLLER",
    "listeners": `${protocol}://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `${protocol}://127.0.0.1:${port}`,
    "listener.security.protocol.map": `${protocol}:${protocol},CONTROLLER:PLAINTEXT`,
    "inter.broker.listener.name": protocol,
    "log.dirs": `${dataDir}/log`,
    "auto.create.topics.enable": more.autoCreateTopics ?? false,
    // One node holds the only copy of everything.
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 4,
    // Nobody is waited for: a reader starts at once.
    "group.initial.rebalance.delay.ms": 0,
    // The default of 128 MB is a quarter of the heap, for topics of a few kB.
    "log.cleaner.dedupe.buffer.size": 8 * 1024 * 1024,
    ...more.properties,
  };
  return Object.entries(properties).map(([key, value]) => `${key}=${value}\n`).join("");
}

/** A new folder gets its cluster's id; one that has it keeps it. */
async function format(
  command: string[],
  settings: string,
  { dataDir, scramUsers = {} }: LocalKafkaOptions,
): Promise<void> {
  const isFormatted = await Deno.stat(`${dataDir}/log/meta.properties`).then(
    () => true,
    () => false,
  );
  if (isFormatted) return;
  const [java, ...args] = command;
  const users = Object.entries(scramUsers).flatMap(([name, password]) =>
    ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => [
      "--add-scram",
      `${mechanism}=[name=${name},password=${password}]`,
    ])
  );
  const tool = ["kafka.tools.StorageTool", "format", "--ignore-formatted", ...users];
  const { success, stdout, stderr } = await new Deno.Command(java!, {
    args: [...args, ...tool, "--cluster-id", newClusterId(), "--config", settings],
    cwd: dataDir,
  }).output();
  if (success) return;
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  throw new Error(`Cannot format the folder of Kafka ${dataDir}: ${said.trim()}`);
}

/** 16 random bytes in the URL's base64, as Kafka writes its UUIDs: a leading `-` would be an option. */
function newClusterId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0]! &= 0x7f;
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

async function start(command: string[], settings: string, dataDir: string): Promise<BoundChild> {
  const [java, ...args] = command;
  const logPath = `${dataDir}/kafka.log`;
  await Deno.writeTextFile(logPath, ""); // Of this start alone, so that it can't grow for ever.
  const child = startBound(java!, [...args, "kafka.Kafka", settings], { logPath, cwd: dataDir });
  let hasEnded = false;
  child.ended.then(() => hasEnded = true);
  const deadline = Date.now() + START_MS_MAX;
  let log = "";
  while (!hasEnded && Date.now() < deadline) {
    log = await Deno.readTextFile(logPath);
    if (log.includes(STARTED)) return child;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  await child.stop();
  const last = log.trimEnd().split("\n").slice(-LOG_LINES).join("\n");
  throw new Error(`Cannot start Kafka on ${dataDir}. Its last lines:\n${last}`);
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}
