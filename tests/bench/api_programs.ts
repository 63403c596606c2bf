/** Core and edge as programs of their own, as people start them, for benchmarks. */
import { stringify } from "yaml";
import { type BoundChild, startBound } from "../../deploy/local/bound_child.ts";
import { until } from "../support/until.ts";

export interface Programs extends AsyncDisposable {
  /** Of the edge. */
  readonly url: string;
  readonly coreUrl: string;
  readonly corePid: number;
  readonly edgePid: number;
  readonly token: string;
}

const ROOT = new URL("../../", import.meta.url).pathname;
const PASSWORD = "a password of benchmarks";
/** Not what is measured. */
const PLENTY = { per_minute: 1_000_000_000, burst: 1_000_000_000 };

/** Resolves when a log-in has worked. */
export async function startPrograms(
  { uri, database, dir }: { uri: string; database: string; dir: string },
): Promise<Programs> {
  const [corePort, edgePort] = [freePort(), freePort()];
  const url = `http://127.0.0.1:${edgePort}`;
  const coreUrl = `http://127.0.0.1:${corePort}`;
  const file = `${dir}/programs.yaml`;
  const secret = () => crypto.randomUUID() + crypto.randomUUID();
  await Deno.writeTextFile(
    file,
    stringify({
      server: { port: edgePort, admin_password: PASSWORD, JWT_SECRET_KEY: secret() },
      core: {
        port: corePort,
        roles: ["query"],
        urls: [coreUrl],
        edge_key: secret(),
        data_dir: `${dir}/data`,
      },
      database: { uri, db: database },
      rate_limit: {
        address: PLENTY,
        user: PLENTY,
        log_in: PLENTY,
        work: { per_hour: PLENTY.per_minute, burst: PLENTY.burst },
      },
      log: { level: "warning" },
    }),
  );
  const start = (program: "core" | "edge") =>
    startBound(Deno.execPath(), [...argsOf(program), "--config", file], {
      logPath: `${dir}/${program}.log`,
      cwd: ROOT,
    });
  const core = start("core");
  await listens(coreUrl, core, `${dir}/core.log`);
  const edge = start("edge");
  await listens(url, edge, `${dir}/edge.log`);
  const response = await fetch(`${url}/api/auth`, {
    method: "POST",
    body: JSON.stringify({ username: "admin", password: PASSWORD }),
  });
  const { token } = await response.json();
  return {
    url,
    coreUrl,
    corePid: core.pid,
    edgePid: edge.pid,
    token,
    async [Symbol.asyncDispose]() {
      await Promise.all([edge.stop(), core.stop()]);
    },
  };
}

export interface BarePrograms extends AsyncDisposable {
  /** Of the edge. */
  readonly url: string;
}

/** The least that an edge and a core can be, for comparison. */
export async function startBarePrograms(
  { uri, database, dir, catalog }: {
    uri: string;
    database: string;
    dir: string;
    catalog: string;
  },
): Promise<BarePrograms> {
  const [corePort, edgePort] = [freePort(), freePort()];
  const start = async (role: string, port: number, ...args: string[]) => {
    const logPath = `${dir}/bare_${role}.log`;
    const file = "tests/bench/bare_program.ts";
    const child = startBound(Deno.execPath(), ["run", "-A", file, role, `${port}`, ...args], {
      logPath,
      cwd: ROOT,
    });
    await listens(`http://127.0.0.1:${port}`, child, logPath);
    return child;
  };
  const core = await start("core", corePort, uri, database, catalog);
  const edge = await start("edge", edgePort, `${corePort}`);
  return {
    url: `http://127.0.0.1:${edgePort}`,
    async [Symbol.asyncDispose]() {
      await Promise.all([edge.stop(), core.stop()]);
    },
  };
}

/** As its task starts it, flags and all. */
function argsOf(program: "core" | "edge"): string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.json`));
  const [_deno, ...args] = tasks[program].command.split(" ");
  return args;
}

async function listens(url: string, child: BoundChild, logPath: string): Promise<void> {
  let hasEnded = false;
  child.ended.then(() => hasEnded = true);
  await until(async () => {
    if (hasEnded) throw new Error(`Cannot start: ${await Deno.readTextFile(logPath)}`);
    return await fetch(`${url}/ping`).then((response) => response.body?.cancel()).then(
      () => true,
      () => false,
    );
  }, 50);
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
