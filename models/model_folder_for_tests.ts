/** A folder of small networks for a test, and what is made of them; gone when the test ends. */
import { join } from "node:path";
import type { ModelManifest } from "../core/contract/model.ts";
import { type ModelSettings, toManifest } from "./manifest.ts";
import type { NaiveLayer } from "./naive_keras_for_tests.ts";
import { prepareModels } from "./prepare.ts";
import { type KerasConfig, type KerasWeights, writeKerasH5 } from "./write_h5.ts";

export class ModelFolder implements AsyncDisposable {
  readonly modelsDir: string;
  readonly cacheDir: string;

  private constructor(dir: string) {
    this.modelsDir = dir;
    this.cacheDir = join(dir, "cache", "onnx"); // Not there yet.
  }

  static async make(): Promise<ModelFolder> {
    return new ModelFolder(await Deno.makeTempDir());
  }

  path(file: string): string {
    return join(this.modelsDir, file);
  }

  /** Writes the network as `<name>.v1.h5`. */
  async write(name: string, config: KerasConfig, weights: KerasWeights): Promise<void> {
    await writeKerasH5(this.path(`${name}.v1.h5`), config, weights);
  }

  prepare(manifests: readonly ModelManifest[]) {
    return prepareModels(manifests, this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.modelsDir, { recursive: true });
  }
}

/** A manifest of version v1. */
export function manifestOf(name: string, settings: Partial<ModelSettings> = {}): ModelManifest {
  return toManifest(name, { version: "v1", triplet: true, ...settings });
}

export function sequential(
  layers: readonly NaiveLayer[],
  inputShape: readonly number[],
): KerasConfig {
  const [first, ...others] = layers;
  const withShape = {
    ...first!,
    config: { ...first!.config, batch_input_shape: [null, ...inputShape] },
  };
  return {
    class_name: "Sequential",
    config: { name: "net", layers: [withShape, ...others] } as Config,
  };
}

/** Its inputs are taken in this order. */
export function functional(layers: readonly NaiveLayer[], inputs: readonly string[]): KerasConfig {
  const config = {
    layers: layers.map((layer) => ({ inbound_nodes: [], name: layer.config.name, ...layer })),
    input_layers: inputs.map((name) => [name, 0, 0]),
    output_layers: [[layers.at(-1)!.config.name, 0, 0]],
  };
  return { class_name: "Functional", config: config as Config };
}

type Config = KerasConfig["config"];
