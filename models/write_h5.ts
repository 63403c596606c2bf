/** Writes a network as the `.h5` file that Keras itself would write, so that others can load what we train. */
import { writeHdf5 } from "./hdf5_file.ts";
import type { Weights } from "./network.ts";

/** A Keras model as its `to_json` gives it: `{ class_name: "Sequential", config: { ... } }`. */
export interface KerasConfig {
  readonly class_name: string;
  readonly config: { readonly layers: readonly { readonly config: { readonly name: string } }[] };
}

/** Of a layer, by its name, each array by its Keras name: `{ conv1: { kernel, bias } }`. */
export type KerasWeights = Readonly<Record<string, Readonly<Record<string, Weights>>>>;

/**
 * Writes the file, in the layout of Keras 2. The order of a layer's weights must be Keras' own
 * (`kernel`, `bias`; `gamma`, `beta`, `moving_mean`, `moving_variance`): Keras reads them by it.
 */
export async function writeKerasH5(
  path: string,
  config: KerasConfig,
  weights: KerasWeights,
): Promise<void> {
  const layerNames = config.config.layers.map((layer) => layer.config.name);
  const bytes = await writeHdf5((file) => {
    file.create_attribute("keras_version", "2.15.0");
    file.create_attribute("backend", "tensorflow");
    file.create_attribute("model_config", JSON.stringify(config));
    const model = file.create_group("model_weights");
    model.create_attribute("layer_names", layerNames);
    model.create_attribute("keras_version", "2.15.0");
    model.create_attribute("backend", "tensorflow");
    for (const layer of layerNames) {
      const group = model.create_group(layer);
      const arrays = Object.entries(weights[layer] ?? {});
      const names = arrays.map(([name]) => `${layer}/${name}:0`);
      if (names.length === 0) continue; // HDF5 has no empty list of texts; Keras asks for none.
      group.create_attribute("weight_names", names);
      const inner = group.create_group(layer);
      for (const [name, { shape, data }] of arrays) {
        inner.create_dataset({ name: `${name}:0`, data, shape: [...shape], dtype: "<f" });
      }
    }
  });
  await Deno.writeFile(path, bytes);
}
