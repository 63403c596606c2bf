/** Brings the whole system up on one machine, shows what it does, and ends it in order. */
import { MongoClient } from "mongodb";
import { databaseUri } from "../../core/base/database_uri.ts";
import { readSettings } from "../../core/base/read_settings.ts";
import type { Settings } from "../../core/base/settings_schema.ts";
import { type Core, startCore } from "../../core/start.ts";
import { edgeOptions } from "../../edge/options.ts";
import { type RunningEdge, startEdge } from "../../edge/serve.ts";
import { OWN_MODEL } from "../../models/own/manifest.ts";
import { startLocalArchive } from "../local/local_archive.ts";
import { insertDemoFilters, insertDemoSky } from "./demo_sky.ts";
import { showCounts } from "./live_line.ts";

export interface RunOptions {
  readonly once: boolean;
  readonly packets: string | undefined;
  readonly kafka: boolean;
  readonly alerts: number | undefined;
  readonly rate: number | undefined;
  readonly port: number | undefined;
  readonly dataDir: string;
  readonly config: string | undefined;
}

/** With `--once`, and when nobody says how many. */
const ALERTS_ONCE = 400;
/** As many objects of the simulated sky have their surroundings in the catalogs. */
const DEMO_OBJECTS = 2_000;
/** Without `--once`: a pace that one can watch. */
const DEMO_RATE = 20;

/** Resolves when the packets are through (`once`), or when the signal was given and all has ended. */
export async function runSystem(options: RunOptions, signal: AbortSignal): Promise<void> {
  const settings = await settingsOf(options);
  await using stack = new AsyncDisposableStack();
  const uri = databaseUri(settings.database) ?? await startLocalMongo(settings, stack);
  const nightUtc = await prepareArchive(uri, settings, options.once);
  signal.throwIfAborted();

  const core = await startCore({
    // Any free port: only our own edge has to find it.
    settings: { ...settings, core: { ...settings.core, port: 0 } },
    uri,
    nightUtc,
  });
  stack.defer(() => core.stop());
  const edge = await startEdgeNear(settings, core.url!);
  stack.defer(() => edge.close());
  say(await welcome(edge.url, settings));

  using _line = showCounts(core);
  const aborted = new Promise<void>((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
  await Promise.race([options.once ? core.ended : core.ended.then(() => aborted), aborted]);
  if (options.once && !signal.aborted) {
    await core.settled();
    _line[Symbol.dispose]();
    await stack.disposeAsync();
    console.log(JSON.stringify(summary(core)));
  } else say("\nending");
}

/** The settings with what was asked on the command line over them. */
async function settingsOf(options: RunOptions): Promise<Settings> {
  const { once, packets, kafka, alerts, rate, port, dataDir, config } = options;
  const env: Record<string, string> = { ...Deno.env.toObject() };
  env.KOWALSKI_CORE_DATA_DIR ??= dataDir;
  // Sample data come with the published networks beside them.
  if (env.SAMPLES_DIR) env.KOWALSKI_CORE_MODELS_DIR ??= `${env.SAMPLES_DIR}/models`;
  const settings = await readSettings({ env, file: config, localSecrets: true });
  const kind = packets ? "folder" : kafka ? "kafka" : settings.sources.kind ?? "simulator";
  const simulated = settings.sources.simulator;
  return {
    ...settings,
    server: { ...settings.server, port: port ?? settings.server.port },
    sources: {
      kind,
      path: packets ?? settings.sources.path,
      simulator: {
        ...simulated,
        alerts: alerts ?? (once ? ALERTS_ONCE : simulated.alerts),
        rate: rate ?? (once ? null : simulated.rate ?? DEMO_RATE),
      },
    },
    // The simulated sky has a network of our own; the published ones were not made for it.
    ml: kind === "simulator"
      ? { ...settings.ml, ZTF: { models: { [OWN_MODEL.name]: OWN_MODEL.settings } } }
      : settings.ml,
  };
}

async function startLocalMongo(settings: Settings, stack: AsyncDisposableStack): Promise<string> {
  say("MongoDB: starting");
  const mongo = await startLocalArchive(settings, { cacheSizeGB: 1, onProgress: say });
  return stack.use(mongo).uri;
}

/** Catalogs and filters for the simulated sky. Gives the night that is simulated. */
async function prepareArchive(uri: string, settings: Settings, once: boolean): Promise<Date> {
  const { kind, simulator } = settings.sources;
  const today = new Date(Math.floor(Date.now() / 86_400_000) * 86_400_000);
  const client = await new MongoClient(uri).connect();
  try {
    const db = client.db(settings.database.db);
    await insertDemoFilters(db);
    if (kind !== "simulator") return today;
    // `--once` repeats its own first night, so that it shows that nothing is stored twice.
    const runs = db.collection<{ _id: string; nightUtc: Date }>("demo");
    const before = await runs.findOne({ _id: "once" });
    const nightUtc = once ? before?.nightUtc ?? today : today;
    if (once && !before) await runs.insertOne({ _id: "once", nightUtc });
    say("simulated sky: inserting catalogs");
    await insertDemoSky(db, { seed: simulator.seed, objects: DEMO_OBJECTS, nightUtc });
    return nightUtc;
  } finally {
    await client.close();
  }
}

/** The edge on its port, or on a free one where another program has that. */
async function startEdgeNear(settings: Settings, coreUrl: string): Promise<RunningEdge> {
  const options = {
    ...edgeOptions(settings, (error) => console.error(String(error))),
    cores: [coreUrl],
  };
  try {
    return await startEdge(options);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    say(`port ${settings.server.port} is taken: the edge gets another one`);
    return await startEdge({ ...options, port: 0 });
  }
}

async function welcome(url: string, { server }: Settings): Promise<string> {
  const { admin_username: username, admin_password: password } = server;
  const response = await fetch(`${url}/api/auth`, {
    method: "POST",
    body: JSON.stringify({ username, password }),
  });
  const { token } = await response.json() as { token: string };
  const query = JSON.stringify({
    query_type: "find",
    query: {
      catalog: "ZTF_alerts",
      filter: { "candidate.drb": { $gt: 0.9 } },
      projection: { _id: 0, candid: 1, objectId: 1, classifications: 1 },
    },
    kwargs: { limit: 3 },
  });
  const { hostname, port } = new URL(url);
  return `
Kowalski is up: ${url}

  curl -s ${url}/api/queries -H 'Authorization: ${token}' -d '${query}'

  from penquins import Kowalski  # pip install penquins
  kowalski = Kowalski(protocol="http", host="${hostname}", port=${port}, token="${token}")
  kowalski.query({"query_type": "count_documents", "query": {"catalog": "ZTF_alerts", "filter": {}}})
`;
}

function summary({ counts }: Core): Record<string, number> {
  const { read, stored, known, rejected, scored, matched, passed } = counts.totals;
  const seconds = Math.round(counts.seconds * 1_000) / 1_000;
  return { read, stored, known, rejected, scored, matched, passed, seconds };
}

function say(line: string): void {
  console.error(line);
}
