/** Reads the configuration of a Keras model (version 2 or 3, Sequential or Functional) into a `Network`. */
import { z } from "zod";
import {
  type Layer,
  type LayerConfig,
  type Network,
  NetworkError,
  type Weights,
} from "./network.ts";

/** Gives the weights of a layer by its name: what a file's format adds to the configuration. */
export type WeightsOf = (layerName: string) => ReadonlyMap<string, Weights>;

const Layers = z.array(z.object({
  class_name: z.string(),
  name: z.string().optional(),
  config: z.looseObject({ name: z.string() }),
  inbound_nodes: z.array(z.unknown()).optional(),
}));
const Model = z.object({
  class_name: z.string(),
  config: z.union([
    z.object({
      layers: Layers,
      input_layers: z.unknown().optional(),
      output_layers: z.unknown().optional(),
      build_input_shape: z.unknown().optional(),
    }),
    Layers.transform((layers) => ({ layers })), // Sequential, before Keras 2.3.
  ]),
});
type KerasModel = z.output<typeof Model>;
type KerasLayer = z.output<typeof Layers>[number];

/**
 * Throws a `NetworkError` for text that is no Keras model, and for what our graphs don't have:
 * layers called twice, several outputs, models within models.
 */
export function readKerasConfig(json: string, weightsOf: WeightsOf): Network {
  const parsed = Model.safeParse(plain(parseJson(json)));
  if (!parsed.success) {
    throw new NetworkError(
      `Cannot read the model's configuration: ${z.prettifyError(parsed.error)}`,
    );
  }
  const model = parsed.data;
  return model.class_name === "Sequential"
    ? sequential(model, weightsOf)
    : functional(model, weightsOf);
}

function sequential({ config }: KerasModel, weightsOf: WeightsOf): Network {
  const layers: Layer[] = [];
  for (const { class_name: type, config: layer } of config.layers) {
    if (layers.length === 0 && type !== "InputLayer") {
      const shape = layer.batch_input_shape ?? layer.batch_shape ??
        ("build_input_shape" in config ? config.build_input_shape : undefined);
      layers.push(inputLayer(`${layer.name}_input`, shape));
    }
    const before = layers.at(-1);
    layers.push({
      name: layer.name,
      type,
      config: layer,
      inputs: before === undefined ? [] : [before.name],
      weights: weightsOf(layer.name),
    });
  }
  const [first, last] = [layers[0], layers.at(-1)];
  if (first === undefined || last === undefined) throw new NetworkError("The model has no layers");
  return { layers, inputs: [first.name], output: last.name };
}

function inputLayer(name: string, batchShape: unknown): Layer {
  const config = { name, batch_input_shape: batchShape };
  return { name, type: "InputLayer", config, inputs: [], weights: new Map() };
}

function functional(model: KerasModel, weightsOf: WeightsOf): Network {
  if (!("input_layers" in model.config)) {
    throw new NetworkError(`Cannot read a Keras model of class ${model.class_name}`);
  }
  const { layers, input_layers, output_layers } = model.config;
  const outputs = layerRefs(output_layers);
  const [output] = outputs;
  if (output === undefined || outputs.length !== 1) {
    throw new NetworkError(`The model must have one output: it has ${outputs.length}`);
  }
  return {
    layers: inOrder(layers.map((layer) => fromKeras(layer, weightsOf))),
    inputs: layerRefs(input_layers),
    output,
  };
}

function fromKeras(layer: KerasLayer, weightsOf: WeightsOf): Layer {
  const { class_name: type, config, inbound_nodes: calls = [] } = layer;
  const name = layer.name ?? config.name;
  if (calls.length > 1) {
    throw new NetworkError(
      `Layer "${name}" is called ${calls.length} times: only once is supported`,
    );
  }
  return { name, type, config, inputs: layerRefs(calls), weights: weightsOf(name) };
}

/**
 * The layers that a piece of wiring names, in order. Keras 2 writes `["conv1", 0, 0, {}]`, Keras 3
 * `{ config: { keras_history: ["conv1", 0, 0] } }`, each in lists of lists.
 */
function layerRefs(wiring: unknown): string[] {
  if (Array.isArray(wiring)) {
    const [name, node, tensor] = wiring;
    const isRef = typeof name === "string" && typeof node === "number" &&
      typeof tensor === "number";
    return isRef ? [name] : wiring.flatMap(layerRefs);
  }
  return isRecord(wiring) ? Object.values(wiring).flatMap(layerRefs) : [];
}

/** Keras lists the layers of a Functional model in no order that can be relied on. */
function inOrder(layers: readonly Layer[]): Layer[] {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const placed = new Set<Layer>();
  const place = (layer: Layer, path: readonly string[]): void => {
    if (placed.has(layer)) return;
    if (path.includes(layer.name)) {
      throw new NetworkError(`Layer "${layer.name}" takes its own output`);
    }
    for (const name of layer.inputs) {
      const input = byName.get(name);
      if (input === undefined) {
        throw new NetworkError(
          `Layer "${layer.name}" takes the output of "${name}", which isn't there`,
        );
      }
      place(input, [...path, layer.name]);
    }
    placed.add(layer);
  };
  for (const layer of layers) place(layer, []);
  return [...placed];
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new NetworkError("Cannot read the model's configuration: it is not JSON");
  }
}

/** Unwraps the tuples that a SavedModel marks as such. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isRecord(value)) return value;
  if (value.class_name === "__tuple__") return plain(value.items);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

function isRecord(value: unknown): value is LayerConfig {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
