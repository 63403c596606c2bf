/** Makes published networks ready to run: each becomes an ONNX file, kept by the hash of what it was made of. */
import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import type { ModelManifest } from "../core/contract/model.ts";
import { VERSION } from "./converter_version.ts";
import { readKerasH5 } from "./keras_h5.ts";
import { architectureOf, inputShape, type Network, NetworkError } from "./network.ts";
import { readSavedModel } from "./saved_model.ts";
import { toOnnx } from "./to_onnx.ts";

export type ModelInput = "features" | "triplet";

/** One graph: a network, or several of one architecture that share their inputs. Can be posted to a worker. */
export interface PreparedModel {
  readonly onnxPath: string;
  /** What its inputs are, in the file's order. */
  readonly inputs: readonly ModelInput[];
  /** The networks in it, in the order of the file's outputs. */
  readonly manifests: readonly ModelManifest[];
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
  /** The network; or the file's own bytes where they are ONNX already. */
  readonly content: Network | Uint8Array<ArrayBuffer>;
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
      sources.push(await readSource(manifest, options.modelsDir));
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

/** Equal for networks that can run as one graph: they are of one architecture and are fed the same. */
function togetherKey({ manifest, content }: Source): string {
  const { name, featureNames, featureNorms } = manifest;
  const kind = content instanceof Uint8Array ? name : architectureOf(content);
  return JSON.stringify([kind, inputsOf(manifest), featureNames, featureNorms]);
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
    // Not every layer can be side by side with another network's.
    const single = [];
    for (const source of group) single.push(...await prepareGroup([source], cacheDir, failures));
    return single;
  }
}

async function prepareTogether(
  group: readonly Source[],
  cacheDir: string,
): Promise<PreparedModel> {
  const manifests = group.map(({ manifest }) => manifest);
  const inputs = inputsOf(manifests[0]!);
  const key = sha256Of(
    encode(JSON.stringify([VERSION, inputs, group.map((each) => each.sha256)])),
  );
  const onnxPath = join(cacheDir, `${key}.onnx`);
  const prepared = { onnxPath, inputs, manifests };
  if (await exists(onnxPath)) return prepared;
  const bytes = convert(group.map(({ content }) => content), inputs);
  await Deno.mkdir(cacheDir, { recursive: true });
  // Several processes may do this at once: whoever is last wins, with the same bytes.
  const made = `${onnxPath}.${crypto.randomUUID()}`;
  await Deno.writeFile(made, bytes);
  await Deno.rename(made, onnxPath);
  return prepared;
}

function convert(
  contents: readonly Source["content"][],
  inputs: readonly ModelInput[],
): Uint8Array<ArrayBuffer> {
  const networks: Network[] = [];
  for (const content of contents) {
    if (content instanceof Uint8Array) return content;
    networks.push(content);
  }
  return toOnnx(networks, { inputs, outputs: networks.map((_, i) => `score${i}`) });
}

function inputsOf({ order, triplet, featureNames }: ModelManifest): readonly ModelInput[] {
  return order.filter((input) => input === "triplet" ? triplet : featureNames !== null);
}

/** The network, once its file is the right one and takes what the manifest says. */
async function readSource(manifest: ModelManifest, modelsDir: string): Promise<Source> {
  const path = resolve(modelsDir, manifest.file);
  const info = await Deno.stat(path).catch(() => null);
  if (info === null) {
    throw new NetworkError(
      `Cannot find ${path}: get it with \`deno task kowalski models fetch\`, or put it there`,
    );
  }
  if (info.isDirectory) {
    const files = await readFolder(path);
    const network = await readSavedModel((name) => Promise.resolve(files.get(name)));
    checkInputs(network, manifest);
    // The manifest's hash is of the archive, which was checked when it was fetched.
    const sha256 = sha256Of(...[...files].flatMap(([name, bytes]) => [encode(name), bytes]));
    return { manifest, sha256, content: network };
  }
  const bytes = await Deno.readFile(path);
  const sha256 = sha256Of(bytes);
  if (manifest.sha256 && sha256 !== manifest.sha256) {
    throw new NetworkError(
      `Cannot use ${path} as its SHA-256 must be ${manifest.sha256}: current value is ${sha256}`,
    );
  }
  if (path.endsWith(".onnx")) return { manifest, sha256, content: bytes };
  const network = await readKerasH5(bytes);
  checkInputs(network, manifest);
  return { manifest, sha256, content: network };
}

/** The files of a SavedModel that matter, by their path below its folder. */
async function readFolder(path: string): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const variables = await Array.fromAsync(Deno.readDir(join(path, "variables"))).catch(() => []);
  const names = ["keras_metadata.pb", ...variables.map(({ name }) => `variables/${name}`).sort()];
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const name of names) {
    const bytes = await Deno.readFile(join(path, name)).catch(() => null);
    if (bytes !== null) files.set(name, bytes);
  }
  return files;
}

function checkInputs(network: Network, manifest: ModelManifest): void {
  const inputs = inputsOf(manifest);
  const expected = inputs.map((input) =>
    input === "triplet" ? [63, 63, 3] : [manifest.featureNames!.length]
  );
  const shapes = network.inputs.map((name) => inputShape(network, name));
  if (JSON.stringify(shapes) !== JSON.stringify(expected)) {
    throw new NetworkError(
      `Cannot use the network as it must take ${textOf(expected)} (${inputs.join(", ")}): ` +
        `it takes ${textOf(shapes)}`,
    );
  }
}

function textOf(shapes: readonly (readonly (number | null)[])[]): string {
  return shapes.map((shape) => `[${shape}]`).join(" and ");
}

function sha256Of(...pieces: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
