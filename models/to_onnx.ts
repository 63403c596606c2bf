/** Turns trained networks into one ONNX graph: a single network, or several of one architecture side by side. */
import { ACTIVATION_LAYERS } from "./activation.ts";
import { CONVOLUTION_LAYERS } from "./convolution_layers.ts";
import { DENSE_LAYERS } from "./dense_layers.ts";
import { type Convert, LayerOf, type Value } from "./layer.ts";
import { architectureOf, inputShape, type Network, NetworkError } from "./network.ts";
import { OnnxGraph } from "./onnx_graph.ts";
import { channelsFirst, channelsLast, POOLING_LAYERS } from "./pooling_layers.ts";
import { trimBorders } from "./trim_borders.ts";
import { applyWinograd } from "./winograd.ts";

export interface OnnxNames {
  /** For the inputs of the networks, in the order of their calls. */
  readonly inputs: readonly string[];
  /** For the outputs, one for each network. */
  readonly outputs: readonly string[];
}

const unchanged: Convert = (layer, inputs) => layer.only(inputs);

/** What does something in training only. */
const INACTIVE = [
  "Dropout",
  "SpatialDropout1D",
  "SpatialDropout2D",
  "AlphaDropout",
  "GaussianDropout",
  "GaussianNoise",
  "ActivityRegularization",
  "RandomFlip",
  "RandomRotation",
  "RandomTranslation",
  "RandomZoom",
  "RandomContrast",
  "RandomBrightness",
];

const CONVERTERS: Readonly<Record<string, Convert>> = {
  ...CONVOLUTION_LAYERS,
  ...POOLING_LAYERS,
  ...DENSE_LAYERS,
  ...ACTIVATION_LAYERS,
  ...Object.fromEntries(INACTIVE.map((type) => [type, unchanged])),
};

/**
 * The bytes of an ONNX file. Inputs and outputs lie as in Keras, channels last, with a batch axis of
 * any length in front. Throws a `NetworkError` that names the layer for what cannot be converted,
 * and where the networks differ in their architecture.
 */
export function toOnnx(
  networks: readonly Network[],
  { inputs, outputs }: OnnxNames,
): Uint8Array<ArrayBuffer> {
  const first = networks[0]!;
  if (new Set(networks.map(architectureOf)).size !== 1) {
    throw new NetworkError("Networks that run as one graph must have the same architecture");
  }
  const graph = new OnnxGraph();
  const values = new Map<string, Value>();
  first.inputs.forEach((layer, at) => {
    graph.scope = layer;
    values.set(layer, addInput(graph, first, layer, inputs[at]!));
  });
  first.layers.forEach(({ name, type, inputs: from }, at) => {
    if (values.has(name)) return;
    const layer = new LayerOf(graph, networks.map(({ layers }) => layers[at]!));
    const convert = CONVERTERS[type];
    if (convert === undefined) throw layer.error("is of a type that we don't support");
    graph.scope = name;
    values.set(name, convert(layer, from.map((input) => values.get(input)!)));
  });
  const output = values.get(first.output);
  if (output === undefined) throw new NetworkError(`The model has no layer "${first.output}"`);
  graph.scope = "output";
  addOutputs(graph, output, outputs);
  applyWinograd(graph, trimBorders(graph));
  return graph.encode();
}

function addInput(graph: OnnxGraph, network: Network, layer: string, name: string): Value {
  const shape = inputShape(network, layer).map((size) => {
    if (size === null) throw new NetworkError(`Input "${layer}" must have a shape that is known`);
    return size;
  });
  const input = graph.input(name, shape);
  return { name: channelsFirst({ graph }, input, shape), shape, stacked: false };
}

function addOutputs(graph: OnnxGraph, value: Value, names: readonly string[]): void {
  const last = { graph };
  const pieces = names.length === 1
    ? [channelsLast(last, value)]
    : apart(graph, value, names.length);
  pieces.forEach((piece, at) => {
    const name = names[at]!;
    graph.proto.node.push({
      name,
      opType: "Identity",
      input: [piece],
      output: [name],
      attribute: [],
    });
    graph.output(name, value.shape);
  });
}

/** The output of each network, out of the stack. */
function apart(graph: OnnxGraph, value: Value, networks: number): string[] {
  if (!value.stacked || value.shape.length !== 1) {
    throw new NetworkError("Networks that run as one graph must each end in a vector of their own");
  }
  const axes = graph.integers([0]);
  return graph.nodes("Split", [value.name], networks, { axis: 0 }).map((piece) =>
    graph.node("Squeeze", [piece, axes])
  );
}
