/** Activation functions of Keras, as nodes of ONNX. */
import type { Convert, LayerOf, Value } from "./layer.ts";
import type { Attributes } from "./onnx_graph.ts";

/** Applies what the layer's `activation` names; nothing for `linear` or none. */
export function activated(layer: LayerOf, value: Value): Value {
  const { activation } = layer.first.config;
  const name = activation ?? "linear";
  if (name === "linear") return value;
  const apply = typeof name === "string" ? ACTIVATIONS[name] : undefined;
  if (apply === undefined) {
    throw layer.error(`has an activation that we don't support: ${JSON.stringify(name)}`);
  }
  return apply(layer, value);
}

type Apply = (layer: LayerOf, value: Value) => Value;

const node = (opType: string, attributes: Attributes = {}): Apply => (layer, value) => ({
  ...value,
  name: layer.graph.node(opType, [value.name], attributes),
});

// Constants where Keras' defaults differ from ONNX', or might.
const ACTIVATIONS: Readonly<Record<string, Apply>> = {
  relu: node("Relu"),
  relu6: (layer, value) => clipped(layer, value, 6),
  leaky_relu: node("LeakyRelu", { alpha: { float: 0.2 } }),
  elu: node("Elu", { alpha: { float: 1 } }),
  selu: node("Selu"),
  sigmoid: node("Sigmoid"),
  tanh: node("Tanh"),
  softplus: node("Softplus"),
  softsign: node("Softsign"),
  exponential: node("Exp"),
  softmax: (layer, value) => softmax(layer, value, -1),
  swish: (layer, value) => timesItself(layer, value, "Sigmoid"),
  silu: (layer, value) => timesItself(layer, value, "Sigmoid"),
  gelu,
};

function timesItself({ graph }: LayerOf, value: Value, opType: string): Value {
  const gate = graph.node(opType, [value.name]);
  return { ...value, name: graph.node("Mul", [value.name, gate]) };
}

/** x (1 + erf(x / sqrt 2)) / 2, as Keras' without approximation. */
function gelu({ graph }: LayerOf, value: Value): Value {
  const scalar = (number: number) => graph.floats([], Float32Array.of(number));
  const erf = graph.node("Erf", [graph.node("Mul", [value.name, scalar(Math.SQRT1_2)])]);
  const half = graph.node("Mul", [value.name, scalar(0.5)]);
  return { ...value, name: graph.node("Mul", [half, graph.node("Add", [erf, scalar(1)])]) };
}

function clipped({ graph }: LayerOf, value: Value, max: number): Value {
  const bounds = [0, max].map((bound) => graph.floats([], Float32Array.of(bound)));
  return { ...value, name: graph.node("Clip", [value.name, ...bounds]) };
}

function softmax(layer: LayerOf, value: Value, kerasAxis: number): Value {
  const rank = value.shape.length;
  if (kerasAxis !== -1 && kerasAxis !== rank) throw layer.error("must run over the last axis");
  if (rank === 3 && value.stacked) throw layer.cannotStack();
  const axis = rank === 3 ? 1 : -1; // Images have their channels first in the graph.
  return { ...value, name: layer.graph.node("Softmax", [value.name], { axis }) };
}

function reluLayer(layer: LayerOf, value: Value): Value {
  if (layer.number("threshold", 0) !== 0) throw layer.error("must have a threshold of 0");
  const slope = layer.number("negative_slope", 0);
  const max = layer.number("max_value", Infinity);
  if (slope !== 0 && max !== Infinity) throw layer.error("cannot have both slope and maximum");
  if (max !== Infinity) return clipped(layer, value, max);
  return node(slope === 0 ? "Relu" : "LeakyRelu", slope === 0 ? {} : { alpha: { float: slope } })(
    layer,
    value,
  );
}

function leakyReluLayer(layer: LayerOf, value: Value): Value {
  const alpha = layer.number("negative_slope", layer.number("alpha", 0.3)); // Keras 3, Keras 2.
  return node("LeakyRelu", { alpha: { float: alpha } })(layer, value);
}

const one = (apply: Apply): Convert => (layer, inputs) => apply(layer, layer.only(inputs));

export const ACTIVATION_LAYERS: Readonly<Record<string, Convert>> = {
  Activation: one(activated),
  ReLU: one(reluLayer),
  LeakyReLU: one(leakyReluLayer),
  ELU: one((layer, value) =>
    node("Elu", { alpha: { float: layer.number("alpha", 1) } })(layer, value)
  ),
  Softmax: one((layer, value) => softmax(layer, value, layer.number("axis", -1))),
};
