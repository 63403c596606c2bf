/**
 * `deno task test [-- WORD or PATH or --option ...]`: gets and starts what the tests need, runs them,
 * ends all of it again. A word runs the test files that have it in their path; an option is given to
 * `deno test`. The last line is `N passed, N failed, N skipped`.
 */
import { cacheFolder } from "../deploy/local/cache_folder.ts";
import { findJava } from "../deploy/local/java.ts";
import { startKafka } from "../deploy/local/kafka.ts";
import { startMongo } from "../deploy/local/mongo.ts";
import { addCounts, countRun, type Counts } from "./support/junit.ts";

/** Each starts the whole system: two at once would only wait for each other. */
const ONE_BY_ONE = /^tests\/e2e\//;
const SKIPPED_FOLDERS = new Set(["node_modules", ".git", ".kowalski"]);
/** Several times what a group of test files takes: what hangs fails, and says where. */
const MINUTES_MAX = Deno.env.get("KOWALSKI_TEST_FULL") ? 60 : 20;
/** The tests' databases are small. */
const MONGO_CACHE_GB = 0.5;

const NONE: Counts = { passed: 0, failed: 0, skipped: 0 };

async function main(args: readonly string[]): Promise<Counts> {
  if (args.includes("--help")) {
    console.log("Usage: deno task test [-- WORD|PATH|--option ...]");
    return NONE;
  }
  const options = args.filter((arg) => arg.startsWith("-") && arg !== "--");
  const words = args.filter((arg) => !arg.startsWith("-")).map((word) => word.replace(/^\.\//, ""));
  const files = testFiles(".")
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
  if (files.length === 0) {
    console.error(`No test file has any of these in its path: ${words.join(" ")}`);
    return { ...NONE, failed: 1 };
  }

  await using services = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "kowalski-test-run-" });
  services.defer(() => Deno.remove(folder, { recursive: true }));
  const ended = endOnSignals(services);
  const env = await startServices(files, folder, services);

  let counts = NONE;
  const together = files.filter((file) => !ONE_BY_ONE.test(file));
  const alone = files.filter((file) => ONE_BY_ONE.test(file));
  for (const group of [{ files: together, flags: ["--parallel"] }, { files: alone, flags: [] }]) {
    if (group.files.length === 0 || ended.aborted) continue;
    const flags = [...group.flags, ...options];
    counts = addCounts(counts, await runTests({ files: group.files, flags, env, folder, ended }));
  }
  return ended.aborted ? addCounts(counts, { ...NONE, failed: 1 }) : counts;
}

async function startServices(
  files: readonly string[],
  folder: string,
  services: AsyncDisposableStack,
): Promise<Record<string, string>> {
  const onProgress = (line: string) => console.error(line);
  const dataDir = `${folder}/mongo`;
  const mongo = services.use(
    await startMongo({ dataDir, onProgress, cacheSizeGB: MONGO_CACHE_GB }),
  );
  const env: Record<string, string> = { KOWALSKI_TEST_MONGO_URI: mongo.uri };
  if (!files.some(usesKafka)) return env;
  if (await findJava() === null) {
    console.error("There is no Java 17 here, so tests of Kafka are skipped");
    return env;
  }
  try {
    const dataDir = `${folder}/kafka`;
    const cacheDir = cacheFolder();
    const kafka = services.use(await startKafka({ dataDir, cacheDir, onProgress }));
    env.KOWALSKI_TEST_KAFKA = kafka.bootstrapServers;
  } catch (error) {
    console.error(`Tests of Kafka are skipped. ${(error as Error).message}`);
  }
  return env;
}

async function runTests(
  { files, flags, env, folder, ended }: {
    files: readonly string[];
    flags: readonly string[];
    env: Record<string, string>;
    folder: string;
    ended: AbortSignal;
  },
): Promise<Counts> {
  const junitPath = `${folder}/${crypto.randomUUID()}.xml`;
  const runner = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--sanitize-ops", "--sanitize-resources", `--junit-path=${junitPath}`]
      .concat(flags, files),
    env,
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  const end = () => runner.kill("SIGTERM");
  ended.addEventListener("abort", end);
  const hanging = setTimeout(() => {
    console.error(`The tests are ended, as they have not in ${MINUTES_MAX} minutes`);
    end();
  }, MINUTES_MAX * 60_000);
  const { code } = await runner.status;
  clearTimeout(hanging);
  ended.removeEventListener("abort", end);
  return countRun(await Deno.readTextFile(junitPath).catch(() => null), code);
}

/** Aborted by Ctrl-C or SIGTERM: the runner is ended then, and after it what we started. */
function endOnSignals(services: AsyncDisposableStack): AbortSignal {
  const abort = new AbortController();
  const listener = () => abort.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, listener);
    services.defer(() => Deno.removeSignalListener(signal, listener));
  }
  return abort.signal;
}

function testFiles(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = folder === "." ? name : `${folder}/${name}`;
    if (isDirectory) return SKIPPED_FOLDERS.has(name) ? [] : testFiles(path);
    return name.endsWith("_test.ts") ? [path] : [];
  }).sort();
}

function usesKafka(file: string): boolean {
  return /support\/kafka\.ts|KOWALSKI_TEST_KAFKA/.test(Deno.readTextFileSync(file));
}

if (import.meta.main) {
  Deno.chdir(`${import.meta.dirname}/..`);
  let counts: Counts;
  try {
    counts = await main(Deno.args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    counts = { ...NONE, failed: 1 };
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  Deno.exit(counts.failed === 0 ? 0 : 1);
}
