/** Makes published networks ready to run: each becomes an ONNX file, kept by the hash of what it was made of. */
import { createHash } from "node:crypto";
import { isAbsolute, join } from "node:path";
import type { ModelManifest } from "../core/contract/model.ts";
import { VERSION } from "./converter_version.ts";
import { readKerasH5 } from "./keras_h5.ts";
import { inputShape, type Network, NetworkError } from "./network.ts";
import { readSavedModel, SAVED_MODEL_FILES } from "./saved_model.ts";
import { toOnnx } from "./to_onnx.ts";

export type ModelInput = "features" | "triplet";

/** One graph: a network, or several of one architecture that share their inputs. Can be posted to a worker. */
export interface PreparedModel {
  readonly onnxPath: string;
  /** What its inputs are, in the file's order. */
  readonly inputs: readonly ModelInput[];
  /** The networks in it, in the order of the file's outputs. */
  readonly members: readonly { readonly manifest: ModelManifest }[];
}

export interface PrepareOptions {
  readonly modelsDir: string;
  /** Where what is made is kept. */
  readonly cacheDir: string;
}

export interface PreparationFailure {
  readonly model: string;
  readonly reason: string;
}

interface Source {
  readonly manifest: ModelManifest;
  readonly sha256: string;
  readonly read: () => Promise<Network>;
  /** The bytes themselves where they are ONNX already. */
  readonly onnx: Uint8Array | null;
}

/** A network that can't be made ready is a failure with its reason; the others are ready all the same. */
export async function prepareModels(
  manifests: readonly ModelManifest[],
  options: PrepareOptions,
): Promise<{ ready: PreparedModel[]; failures: PreparationFailure[] }> {
  const failures: PreparationFailure[] = [];
  const sources: Source[] = [];
  for (const manifest of manifests) {
    try {
      sources.push(await openSource(manifest, options.modelsDir));
    } catch (error) {
      failures.push({ model: manifest.name, reason: (error as Error).message });
    }
  }
  const ready: PreparedModel[] = [];
  for (const group of Map.groupBy(sources, togetherKey).values()) {
    ready.push(...await prepareGroup(group, options.cacheDir, failures));
  }
  return { ready, failures };
}

/** Networks that may turn out to be of one architecture: they are fed the same. */
function togetherKey({ manifest, onnx }: Source): string {
  const { name, triplet, featureNames, featureNorms, order } = manifest;
  return JSON.stringify([onnx && name, triplet, featureNames, featureNorms, order]);
}

async function prepareGroup(
  group: readonly Source[],
  cacheDir: string,
  failures: PreparationFailure[],
): Promise<PreparedModel[]> {
  try {
    return [await prepareTogether(group, cacheDir)];
  } catch (error) {
    if (group.length === 1) {
      failures.push({ model: group[0]!.manifest.name, reason: (error as Error).message });
      return [];
    }
    // Of different architectures, or one of them can't be read.
    const single = [];
    for (const source of group) single.push(...await prepareGroup([source], cacheDir, failures));
    return single;
  }
}

async function prepareTogether(
  group: readonly Source[],
  cacheDir: string,
): Promise<PreparedModel> {
  const { triplet, featureNames, order } = group[0]!.manifest;
  const inputs = order.filter((input) => input === "triplet" ? triplet : featureNames !== null);
  const members = group.map(({ manifest }) => ({ manifest }));
  const key = sha256Of(
    new TextEncoder().encode(JSON.stringify([VERSION, inputs, group.map((each) => each.sha256)])),
  );
  const onnxPath = join(cacheDir, `${key}.onnx`);
  const prepared = { onnxPath, inputs, members };
  if (await exists(onnxPath)) return prepared;
  const bytes = group[0]!.onnx ?? await convert(group, inputs);
  await Deno.mkdir(cacheDir, { recursive: true });
  // Several processes may do this at once: whoever is last wins, with the same bytes.
  const made = `${onnxPath}.${crypto.randomUUID()}`;
  await Deno.writeFile(made, bytes);
  await Deno.rename(made, onnxPath);
  return prepared;
}

async function convert(
  group: readonly Source[],
  inputs: readonly ModelInput[],
): Promise<Uint8Array> {
  const networks = await Promise.all(group.map((source) => source.read()));
  const { featureNames } = group[0]!.manifest;
  const expected = inputs.map((input) =>
    input === "triplet" ? "63,63,3" : `${featureNames!.length}`
  );
  for (const network of networks) {
    const shapes = network.inputs.map((name) => String(inputShape(network, name)));
    if (shapes.join(";") !== expected.join(";")) {
      throw new NetworkError(
        `Cannot use the network as it must take ${shapesText(expected)}, the ${
          inputs.join(", then the ")
        }: ` +
          `it takes ${shapesText(shapes)}`,
      );
    }
  }
  return toOnnx(networks, { inputs, outputs: group.map((_, i) => `score${i}`) });
}

function shapesText(shapes: readonly string[]): string {
  return shapes.map((shape) => `[${shape}]`).join(" and ");
}

async function openSource(manifest: ModelManifest, modelsDir: string): Promise<Source> {
  const path = isAbsolute(manifest.file) ? manifest.file : join(modelsDir, manifest.file);
  const info = await Deno.stat(path).catch(() => null);
  if (info === null) {
    throw new NetworkError(
      `Cannot find ${path}: get it with \`deno task kowalski models fetch\`, or put it there`,
    );
  }
  const source = info.isDirectory ? await openFolder(path) : await openFile(path);
  const { sha256 } = manifest;
  if (sha256 && !info.isDirectory && source.sha256 !== sha256) {
    throw new NetworkError(
      `Cannot use ${path} as its SHA-256 must be ${sha256}: current value is ${source.sha256}`,
    );
  }
  return { manifest, ...source };
}

async function openFile(path: string): Promise<Omit<Source, "manifest">> {
  const bytes = await Deno.readFile(path);
  const onnx = path.endsWith(".onnx") ? bytes : null;
  return { sha256: sha256Of(bytes), read: () => readKerasH5(bytes), onnx };
}

async function openFolder(path: string): Promise<Omit<Source, "manifest">> {
  const readFile = (name: string) => Deno.readFile(join(path, name)).catch(() => undefined);
  const hash = createHash("sha256");
  for (const name of [...SAVED_MODEL_FILES, "variables/variables.data-00000-of-00001"]) {
    hash.update(await readFile(name) ?? new Uint8Array());
  }
  return { sha256: hash.digest("hex"), read: () => readSavedModel(readFile), onnx: null };
}

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
