/** Cores and edges as processes of their own, each core before a database of its own; to be killed. */
import type { Db, Document } from "mongodb";
import { stringify } from "yaml";
import { type BoundChild, startBound } from "../../deploy/local/bound_child.ts";
import { ADMIN, SECRET } from "../support/api.ts";
import { type TestDatabase, testDatabase } from "../support/mongo.ts";
import { until } from "../support/until.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const LOG_LINES = 10;
const PLENTY = { per_minute: 1_000_000, burst: 1_000_000 };

/** A core or an edge, which may be ended and started again at the same address. */
export class Program implements AsyncDisposable {
  readonly url: string;
  readonly #args: readonly string[];
  readonly #logPath: string;
  readonly #health: string;
  #child: BoundChild | null = null;

  constructor(
    name: "core" | "edge",
    { dir, port, settings }: { dir: string; port: number; settings: Document },
  ) {
    const path = `${dir}/${name}-${port}`;
    Deno.writeTextFileSync(`${path}.yaml`, stringify({ ...settings, log: { level: "warning" } }));
    this.url = `http://127.0.0.1:${port}`;
    this.#args = ["run", "-A", "--quiet", `${ROOT}${name}/main.ts`, "--config", `${path}.yaml`];
    this.#logPath = `${path}.log`;
    this.#health = name === "core" ? "/health/live" : "/healthz";
  }

  get pid(): number {
    return this.#child!.pid;
  }

  /** Resolves when it answers. Rejects, with what it said, where it ends before. */
  async start(): Promise<void> {
    const child = startBound(Deno.execPath(), this.#args, { logPath: this.#logPath });
    this.#child = child;
    let isOver = false;
    child.ended.then(() => isOver = true);
    await until(async () => {
      if (isOver) throw new Error(`It has ended. It said:\n${this.#lastWords()}`);
      const response = await fetch(this.url + this.#health).catch(() => null);
      await response?.body?.cancel();
      return response !== null;
    }, 50);
  }

  async kill(): Promise<void> {
    if (this.#child === null) return;
    // It may be stopped, or have ended already.
    try {
      Deno.kill(this.#child.pid, "SIGKILL");
    } catch { /* It has. */ }
    await this.#child.ended;
    this.#child = null;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  #lastWords(): string {
    return Deno.readTextFileSync(this.#logPath).trimEnd().split("\n").slice(-LOG_LINES).join("\n");
  }
}

export interface Fleet extends AsyncDisposable {
  readonly cores: readonly Program[];
  /** Each core's database. */
  readonly dbs: readonly Db[];
  readonly edges: readonly Program[];
}

/** A core, or several, for each of the databases that are to be filled, and edges that know all of them. */
export async function startFleet(
  fill: readonly ((db: Db) => Promise<void>)[],
  edgeCount: number,
  coreSettings: Document = {},
  replicas = 1,
): Promise<Fleet> {
  await using stack = new AsyncDisposableStack();
  const dir = await Deno.makeTempDir({ prefix: "kowalski-fleet-" });
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const databases: TestDatabase[] = [];
  for (const _ of fill) databases.push(stack.use(await testDatabase()));
  const dbs = databases.map(({ client, name }) => client.db(name));
  await Promise.all(fill.map((each, i) => each(dbs[i]!)));
  const each = databases.flatMap((database) => Array<TestDatabase>(replicas).fill(database));
  const ports = freePorts(each.length + edgeCount);
  const cores = each.map(({ uri, name }, i) =>
    stack.use(
      new Program("core", {
        dir,
        port: ports[i]!,
        settings: {
          ...coreSettings,
          core: { roles: ["query"], port: ports[i]!, edge_key: SECRET, data_dir: dir },
          server: {
            admin_username: ADMIN.username,
            admin_password: ADMIN.password,
            ...coreSettings.server,
          },
          database: { uri, db: name },
        },
      }),
    )
  );
  const edges = ports.slice(each.length).map((port) =>
    stack.use(
      new Program("edge", {
        dir,
        port,
        settings: {
          core: { urls: cores.map(({ url }) => url), edge_key: SECRET },
          server: { port, JWT_SECRET_KEY: SECRET },
          rate_limit: {
            address: PLENTY,
            user: PLENTY,
            log_in: PLENTY,
            work: { per_hour: 1_000_000, burst: 1_000_000 },
          },
        },
      }),
    )
  );
  await Promise.all(cores.map((core) => core.start()));
  await Promise.all(edges.map((edge) => edge.start()));
  const all = stack.move();
  return { cores, dbs, edges, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

function freePorts(count: number): number[] {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map(({ addr }) => addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}
