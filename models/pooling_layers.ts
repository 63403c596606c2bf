/** Layers of Keras that shrink, widen or flatten images, as nodes of ONNX. */
import type { Convert, LayerOf, Value } from "./layer.ts";
import { outputSize, type Window, windowAttributes } from "./window.ts";

const pooling = (opType: "MaxPool" | "AveragePool"): Convert => (layer, inputs) => {
  const { input, channels } = layer.image(inputs);
  const kernel = layer.pair("pool_size", [2, 2]);
  const window: Window = {
    kernel,
    strides: layer.pair("strides", kernel),
    dilation: [1, 1],
    padding: layer.text("padding", "valid"),
  };
  return {
    ...input,
    name: layer.graph.node(opType, [input.name], windowAttributes(layer, window, input.shape)),
    shape: [...outputSize(window, input.shape), channels],
  };
};

const globalPooling = (opType: string): Convert => (layer, inputs) => {
  const { input, channels } = layer.image(inputs);
  const pooled = {
    ...input,
    name: layer.graph.node(opType, [input.name]),
    shape: [1, 1, channels],
  };
  return layer.flag("keepdims", false) ? pooled : flattened(layer, pooled);
};

/** Keras flattens channels last: height, width, channels. */
function flattened(layer: LayerOf, input: Value): Value {
  if (input.shape.length === 1) return input;
  const { graph, networks } = layer;
  const shape = [input.shape.reduce((product, size) => product * size, 1)];
  if (!input.stacked) {
    const name = graph.node("Flatten", [channelsLast(layer, input)], { axis: 1 });
    return { name, shape, stacked: false };
  }
  const [height, width, channels] = input.shape as [number, number, number];
  const apart = graph.node("Reshape", [
    input.name,
    graph.integers([0, networks, channels, height, width]),
  ]);
  const turned = graph.node("Transpose", [apart], { perm: [1, 0, 3, 4, 2] });
  const name = graph.node("Reshape", [turned, graph.integers([networks, -1, shape[0]!])]);
  return { name, shape, stacked: true };
}

function reshape(layer: LayerOf, inputs: readonly Value[]): Value {
  const input = layer.only(inputs);
  if (input.stacked) throw layer.cannotStack();
  const target = layer.numbers("target_shape");
  const total = input.shape.reduce((product, size) => product * size, 1);
  const known = target.reduce((product, size) => size === -1 ? product : product * size, 1);
  const shape = target.map((size) => size === -1 ? total / known : size);
  const name = layer.graph.node("Reshape", [
    channelsLast(layer, input),
    layer.graph.integers([0, ...shape]),
  ]);
  return { name: channelsFirst(layer, name, shape), shape, stacked: false };
}

/** The name of the value as Keras has it. */
export function channelsLast({ graph }: Pick<LayerOf, "graph">, { name, shape }: Value): string {
  return shape.length === 3 ? graph.node("Transpose", [name], { perm: [0, 2, 3, 1] }) : name;
}

/** The name of the value as it lies in the graph. */
export function channelsFirst(
  { graph }: Pick<LayerOf, "graph">,
  name: string,
  shape: readonly number[],
): string {
  return shape.length === 3 ? graph.node("Transpose", [name], { perm: [0, 3, 1, 2] }) : name;
}

function zeroPadding2d(layer: LayerOf, inputs: readonly Value[]): Value {
  const { input, height, width, channels } = layer.image(inputs);
  const { padding } = layer.first.config;
  const [[top, bottom], [left, right]] = Array.isArray(padding) && Array.isArray(padding[0])
    ? padding as [[number, number], [number, number]]
    : layer.pair("padding", [1, 1]).map((pixels) => [pixels, pixels]) as [
      [number, number],
      [number, number],
    ];
  const pads = layer.graph.integers([0, 0, top, left, 0, 0, bottom, right]);
  return {
    ...input,
    name: layer.graph.node("Pad", [input.name, pads]),
    shape: [height + top + bottom, width + left + right, channels],
  };
}

export const POOLING_LAYERS: Readonly<Record<string, Convert>> = {
  MaxPooling2D: pooling("MaxPool"),
  AveragePooling2D: pooling("AveragePool"),
  GlobalMaxPooling2D: globalPooling("GlobalMaxPool"),
  GlobalAveragePooling2D: globalPooling("GlobalAveragePool"),
  Flatten: (layer, inputs) => flattened(layer, layer.only(inputs)),
  Reshape: reshape,
  ZeroPadding2D: zeroPadding2d,
};
