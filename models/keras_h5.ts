/** Reads a trained network from the `.h5` file that Keras writes (version 2, or 3 in its legacy format). */
import type { Dataset, Entity, Group } from "h5wasm";
import { readHdf5 } from "./hdf5_file.ts";
import { readKerasConfig } from "./keras_config.ts";
import { type Network, NetworkError, type Weights } from "./network.ts";

/** Throws a `NetworkError` where the bytes are no HDF5, or hold no whole Keras model. */
export function readKerasH5(bytes: Uint8Array): Promise<Network> {
  return readHdf5(bytes, (file) => {
    const config = textOf(file, "model_config");
    if (config === undefined) {
      throw new NetworkError(
        "The file has no model_config: it holds weights without the model. Save the whole model.",
      );
    }
    const weights = weightsByLayer(groupIn(file, "model_weights") ?? file);
    return readKerasConfig(config, (layer) => weights.get(layer) ?? new Map());
  });
}

/** Each layer is a group whose `weight_names` are paths below it: `conv1/kernel:0`. */
function weightsByLayer(model: Group): Map<string, ReadonlyMap<string, Weights>> {
  return new Map(
    model.keys().map((layer) => {
      const group = groupIn(model, layer);
      const paths = group === undefined ? [] : namesOf(group, "weight_names");
      return [layer, new Map(paths.map((path) => [weightName(path), weightsAt(group!, path)]))];
    }),
  );
}

function weightName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/:\d+$/, "");
}

function weightsAt(group: Group, path: string): Weights {
  const entry = group.get(path);
  if (!isDataset(entry)) {
    throw new NetworkError(`The file has no weights at ${group.path}/${path}`);
  }
  const { shape, value } = entry;
  if (shape === null || !(value instanceof Float32Array || value instanceof Float64Array)) {
    throw new NetworkError(`Weights must be floats: ${group.path}/${path} is ${entry.dtype}`);
  }
  return { shape, data: Float32Array.from(value) };
}

function textOf(group: Group, attribute: string): string | undefined {
  const value = group.attrs[attribute]?.value;
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  return typeof value === "string" ? value : undefined;
}

function namesOf(group: Group, attribute: string): string[] {
  const value = group.attrs[attribute]?.value;
  return Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
}

function groupIn(group: Group, name: string): Group | undefined {
  if (!group.keys().includes(name)) return undefined;
  const entry = group.get(name);
  return isGroup(entry) ? entry : undefined;
}

function isGroup(entry: Entity | null): entry is Group {
  return entry !== null && "create_group" in entry;
}

function isDataset(entry: Entity | null): entry is Dataset {
  return entry !== null && "write_slice" in entry;
}
