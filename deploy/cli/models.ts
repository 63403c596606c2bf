/** `kowalski models`: the networks that settings name, where they are, and whether they run. */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { readSettings } from "../../core/base/read_settings.ts";
import type { ModelManifest, Scorer } from "../../core/contract/model.ts";
import { modelFolders } from "../../core/models_of.ts";
import { fetchModel } from "../../models/fetch_model.ts";
import { type ModelSettings, toManifest } from "../../models/manifest.ts";
import { prepareModels } from "../../models/prepare.ts";
import { openScorer } from "../../workers/onnx.ts";
import { paint, printJson } from "./_output.ts";
import { defineCommand, UsageError } from "./command.ts";

/** Alerts that a network is timed on. */
const CHECKED_ALERTS = 64;
const TRIPLET_SIZE = 63 * 63 * 3;

export default defineCommand({
  name: "models",
  summary: "Lists the networks that score alerts, fetches them, converts them, runs them",
  usage: `Usage: deno task kowalski models list    [--config FILE] [--json]
       deno task kowalski models fetch   [NAME ...] [--again] [--config FILE] [--json]
       deno task kowalski models convert [NAME ...] [--config FILE] [--json]
       deno task kowalski models check   [NAME ...] [--config FILE] [--json]

  list       each network with its inputs, and whether its file is there and right
  fetch      gets those that aren't there from where their authors publish them
  convert    makes the files that the runtime takes; the broker does it by itself as it starts
  check      runs each network on empty alerts, and tells the time for one
  NAME       only these; all of the settings by default
  --again    fetches those that are there, too`,
  async run(args) {
    const { values, positionals: [what, ...names] } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        again: { type: "boolean", default: false },
        config: { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
    const act = ACTIONS[what ?? ""];
    if (act === undefined) {
      throw new UsageError(
        `models takes ${Object.keys(ACTIONS).join(", ")}: current value is ${what ?? "nothing"}`,
      );
    }
    const settings = await readSettings({ env: Deno.env.toObject(), file: values.config });
    const all = Object.values(settings.ml).flatMap(({ models }) =>
      Object.entries(models).map(([name, entry]) => toManifest(name, entry as ModelSettings))
    );
    for (const name of names) {
      if (!all.some((manifest) => manifest.name === name)) {
        throw new UsageError(
          `There is no model ${name}: ${all.map(({ name }) => name).join(", ")}`,
        );
      }
    }
    const results = await act({
      manifests: all.filter(({ name }) => names.length === 0 || names.includes(name)),
      ...modelFolders(settings),
      again: values.again,
    });
    if (values.json) printJson(results);
    else for (const result of results) console.log(lineOf(result));
    return results.every(({ ok }) => ok) ? 0 : 1;
  },
});

interface Task {
  readonly manifests: readonly ModelManifest[];
  readonly modelsDir: string;
  readonly cacheDir: string;
  readonly again: boolean;
}

interface Result {
  readonly model: string;
  readonly version: string;
  readonly ok: boolean;
  /** What there is to say of it, for people. */
  readonly state: string;
  readonly inputs?: string;
  readonly file?: string;
  readonly sha256?: string | null;
  readonly msPerAlert?: number;
  readonly score?: number | null;
}

const ACTIONS: Readonly<Record<string, (task: Task) => Promise<Result[]>>> = {
  list: ({ manifests, modelsDir }) =>
    Promise.all(manifests.map((manifest) => look(manifest, modelsDir))),
  fetch: fetchAll,
  convert: convertAll,
  check: checkAll,
};

function lineOf({ model, version, ok, state, inputs }: Result): string {
  const name = paint("bold", `${model} ${version}`.padEnd(28));
  const takes = inputs === undefined ? "" : `${inputs.padEnd(24)}  `;
  return `${name}  ${takes}${paint(ok ? "green" : "red", state)}`;
}

async function look(manifest: ModelManifest, modelsDir: string): Promise<Result> {
  const { name: model, version, featureNames, triplet, order } = manifest;
  const file = resolve(modelsDir, manifest.file);
  const inputs = order.flatMap((input) => {
    if (input === "triplet") return triplet ? ["triplet"] : [];
    return featureNames === null ? [] : [`${featureNames.length} features`];
  }).join(", ");
  const told = { model, version, inputs, file };
  const info = await Deno.stat(file).catch(() => null);
  if (info === null) return { ...told, ok: false, sha256: null, state: `is not there: ${file}` };
  // Of a SavedModel, settings have the hash of the archive that it came in.
  if (info.isDirectory) return { ...told, ok: true, sha256: null, state: "is there" };
  const sha256 = createHash("sha256").update(await Deno.readFile(file)).digest("hex");
  const isRight = !manifest.sha256 || manifest.sha256 === sha256;
  const state = isRight ? `is there, SHA-256 ${sha256}` : `must have SHA-256 ${manifest.sha256}`;
  return { ...told, ok: isRight, sha256, state };
}

async function fetchAll({ manifests, modelsDir, again }: Task): Promise<Result[]> {
  const results: Result[] = [];
  for (const manifest of manifests) {
    const { name: model, version, url } = manifest;
    const file = resolve(modelsDir, manifest.file);
    using progress = showBytes(model);
    try {
      const options = { modelsDir, again, onBytes: progress.show };
      const isNew = await fetchModel(manifest, options);
      const state = isNew ? `is fetched: ${file}` : `was there: ${file}`;
      results.push({ model, version, file, ok: true, state });
    } catch (error) {
      const { message, cause } = error as Error;
      const why = cause instanceof Error ? `${message}: ${cause.message}` : message;
      const byHand = url ? `\n  Without it: get ${url} elsewhere, and put it at ${file}` : "";
      const state = `${why}${byHand}${isArchive(url) ? ", unpacked" : ""}`;
      results.push({ model, version, file, ok: false, state });
    }
  }
  return results;
}

function isArchive(url: string | null | undefined): boolean {
  return url?.match(/\.(tar\.gz|tgz)$/) != null;
}

/** A line that counts up, for people who wait. */
function showBytes(model: string): Disposable & { show(received: number): void } {
  const isSeen = Deno.stderr.isTerminal();
  const print = (text: string) =>
    isSeen && Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${text}`));
  return {
    show: (received) => print(`${model}: ${(received / 1e6).toFixed(1)} MB`),
    [Symbol.dispose]: () => print(""),
  };
}

async function convertAll({ manifests, modelsDir, cacheDir }: Task): Promise<Result[]> {
  const { ready, failures } = await prepareModels(manifests, { modelsDir, cacheDir });
  return inOrder(manifests, ({ name }) => {
    const prepared = ready.find((each) =>
      each.manifests.some((manifest) => manifest.name === name)
    );
    if (prepared === undefined) return failed(failures, name);
    const { onnxPath, manifests: together } = prepared;
    const others = together.length === 1 ? "" : `, one graph of ${together.length} networks`;
    return { ok: true, file: onnxPath, state: `${onnxPath}${others}` };
  });
}

async function checkAll({ manifests, modelsDir, cacheDir }: Task): Promise<Result[]> {
  const { ready, failures } = await prepareModels(manifests, { modelsDir, cacheDir });
  const checked = new Map<string, Checked>();
  for (const prepared of ready) {
    await using scorer = await openScorer([prepared]);
    for (const [name, result] of await run(scorer)) checked.set(name, result);
  }
  return inOrder(manifests, ({ name }) => checked.get(name) ?? failed(failures, name));
}

type Checked = Omit<Result, "model" | "version">;

/** Scores empty alerts, of zeros only: what is told is that it runs, and for how long. */
async function run(scorer: Scorer): Promise<Map<string, Checked>> {
  const names = scorer.models.flatMap(({ featureNames }) => featureNames ?? []);
  const input = {
    count: CHECKED_ALERTS,
    triplets: new Float32Array(CHECKED_ALERTS * TRIPLET_SIZE),
    features: new Map(names.map((name) => [name, new Float64Array(CHECKED_ALERTS)])),
  };
  await scorer.score(input); // The first run makes room in memory.
  const startMs = performance.now();
  const { scores, failures } = await scorer.score(input);
  const networks = scores.length;
  const msPerAlert = (performance.now() - startMs) / CHECKED_ALERTS / networks;
  return new Map(scores.map(({ name, scores: [score] }) => {
    const failure = failures.find(({ model }) => model === name);
    return [
      name,
      failure === undefined
        ? {
          ok: true,
          msPerAlert,
          score: score!,
          state: `runs, ${msPerAlert.toFixed(3)} ms an alert`,
        }
        : { ok: false, state: failure.reason },
    ];
  }));
}

function inOrder(
  manifests: readonly ModelManifest[],
  resultOf: (manifest: ModelManifest) => Checked,
): Result[] {
  return manifests.map((manifest) => ({
    model: manifest.name,
    version: manifest.version,
    ...resultOf(manifest),
  }));
}

function failed(failures: readonly { model: string; reason: string }[], name: string): Checked {
  return { ok: false, state: failures.find(({ model }) => model === name)?.reason ?? "failed" };
}
