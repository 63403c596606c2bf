/** Layers of Keras that weigh features, and those that bring several inputs together, as nodes of ONNX. */
import { activated } from "./activation.ts";
import { type Convert, joined, type LayerOf, type Value } from "./layer.ts";

function dense(layer: LayerOf, inputs: readonly Value[]): Value {
  const { graph, networks } = layer;
  const input = layer.only(inputs);
  const [features] = input.shape;
  if (features === undefined || input.shape.length !== 1) {
    throw layer.error(`must take a vector: it is given the shape [${input.shape}]`);
  }
  const units = layer.number("units", NaN);
  const kernels = layer.weights("kernel", [features, units]).map(({ data }) => data);
  const bias = layer.flag("use_bias", true)
    ? [layer.perFeature(layer.weights("bias", [units]).map(({ data }) => data))]
    : [];
  const output = (name: string): Value =>
    activated(layer, { name, shape: [units], stacked: networks > 1 });
  if (networks === 1) {
    const kernel = graph.floats([features, units], kernels[0]!);
    return output(graph.node("Gemm", [input.name, kernel, ...bias]));
  }
  const kernel = graph.floats([networks, features, units], joined(kernels));
  const weighed = graph.node("MatMul", [input.name, kernel]);
  return output(bias.length === 0 ? weighed : graph.node("Add", [weighed, ...bias]));
}

/** At inference: (x - mean) / sqrt(variance + epsilon) x gamma + beta. */
function batchNormalization(layer: LayerOf, inputs: readonly Value[]): Value {
  const input = layer.stacked(layer.only(inputs));
  const rank = input.shape.length;
  const length = input.shape.at(-1)!;
  const axes = layer.first.config.axis === undefined ? [-1] : layer.numbers("axis");
  if (axes.length !== 1 || (axes[0] !== -1 && axes[0] !== rank)) {
    throw layer.error(`must run over the last axis: current value is ${JSON.stringify(axes)}`);
  }
  const vectors = (name: string, otherwise: number) =>
    layer.has(name)
      ? layer.weights(name, [length]).map(({ data }) => data)
      : Array.from({ length: layer.networks }, () => new Float32Array(length).fill(otherwise));
  const epsilon = layer.number("epsilon", 1e-3);
  const means = layer.weights("moving_mean", [length]).map(({ data }) => data);
  const variances = layer.weights("moving_variance", [length]).map(({ data }) => data);
  const [gammas, betas] = [vectors("gamma", 1), vectors("beta", 0)];
  const { graph } = layer;
  if (rank === 3) { // The runtime folds this into the convolution before it.
    const constants = [gammas, betas, means, variances].map((each) =>
      graph.floats([layer.networks * length], joined(each))
    );
    const attributes = { epsilon: { float: epsilon } };
    return {
      ...input,
      name: graph.node("BatchNormalization", [input.name, ...constants], attributes),
    };
  }
  const scales = gammas.map((gamma, at) =>
    gamma.map((value, i) => value / Math.sqrt(variances[at]![i]! + epsilon))
  );
  const offsets = betas.map((beta, at) =>
    beta.map((value, i) => value - means[at]![i]! * scales[at]![i]!)
  );
  const scaled = graph.node("Mul", [input.name, layer.perFeature(scales)]);
  return { ...input, name: graph.node("Add", [scaled, layer.perFeature(offsets)]) };
}

/** x scale + offset, each one number or one for each channel. */
function rescaling(layer: LayerOf, inputs: readonly Value[]): Value {
  const input = layer.only(inputs);
  if (input.stacked) throw layer.cannotStack();
  const constant = (key: string, otherwise: number) => {
    const values = layer.first.config[key] === undefined ? [otherwise] : layer.numbers(key);
    const dims = input.shape.length === 3 ? [values.length, 1, 1] : [values.length];
    return layer.graph.floats(dims, Float32Array.from(values));
  };
  const scaled = layer.graph.node("Mul", [input.name, constant("scale", 1)]);
  return { ...input, name: layer.graph.node("Add", [scaled, constant("offset", 0)]) };
}

function concatenate(layer: LayerOf, inputs: readonly Value[]): Value {
  const { graph, networks } = layer;
  const values = together(layer, inputs);
  const [first] = values;
  const rank = first!.shape.length;
  const axis = layer.number("axis", -1);
  if (values.some(({ shape }) => shape.length !== rank) || (axis !== -1 && axis !== rank)) {
    throw layer.error("must join values of one rank along their last axis");
  }
  const shape = [
    ...first!.shape.slice(0, -1),
    values.reduce((total, value) => total + value.shape.at(-1)!, 0),
  ];
  const names = values.map(({ name }) => name);
  if (rank !== 3) return { ...first!, name: graph.node("Concat", names, { axis: -1 }), shape };
  if (!first!.stacked) return { ...first!, name: graph.node("Concat", names, { axis: 1 }), shape };
  // Channels of one network must stay side by side.
  const apart = values.map(({ name, shape: [height, width, channels] }) =>
    graph.node("Reshape", [name, graph.integers([0, networks, channels!, height!, width!])])
  );
  const [height, width, channels] = shape as [number, number, number];
  const name = graph.node("Reshape", [
    graph.node("Concat", apart, { axis: 2 }),
    graph.integers([0, networks * channels, height, width]),
  ]);
  return { name, shape, stacked: true };
}

const elementwise = (opType: "Add" | "Mul" | "Sub" | "Max"): Convert => (layer, inputs) => {
  const [first, ...others] = together(layer, inputs);
  return others.reduce((sum, value) => ({
    name: layer.graph.node(opType, [sum.name, value.name]),
    shape: broadcast(layer, sum.shape, value.shape),
    stacked: sum.stacked,
  }), first!);
};

function broadcast(layer: LayerOf, one: readonly number[], other: readonly number[]): number[] {
  const fits = one.length === other.length &&
    one.every((size, axis) => size === other[axis] || size === 1 || other[axis] === 1);
  if (!fits) throw layer.error(`cannot bring [${one}] and [${other}] together`);
  return one.map((size, axis) => Math.max(size, other[axis]!));
}

/** Either all of them shared, or all of them stacked. */
function together(layer: LayerOf, inputs: readonly Value[]): Value[] {
  if (inputs.length === 0) throw layer.error("has no inputs");
  const someStacked = inputs.some(({ stacked }) => stacked);
  return inputs.map((value) => someStacked ? layer.stacked(value) : value);
}

export const DENSE_LAYERS: Readonly<Record<string, Convert>> = {
  Dense: dense,
  BatchNormalization: batchNormalization,
  Rescaling: rescaling,
  Concatenate: concatenate,
  Add: elementwise("Add"),
  Multiply: elementwise("Mul"),
  Subtract: elementwise("Sub"),
  Maximum: elementwise("Max"),
};
