/** Convolutions of Keras, as nodes of ONNX. */
import { activated } from "./activation.ts";
import { type Convert, joined, type LayerOf, permuted, type Value } from "./layer.ts";
import type { Weights } from "./network.ts";
import { outputSize, type Window, windowAttributes } from "./window.ts";

/** Up to how many channels a separable convolution runs faster as a full one (the runtime works on blocks of 8 or 16). */
const FUSED_CHANNELS_MAX = 4;

function conv2d(layer: LayerOf, inputs: readonly Value[]): Value {
  const { input, channels } = layer.image(inputs);
  const window = windowOf(layer);
  const filters = layer.number("filters", NaN);
  const groups = layer.number("groups", 1);
  const kernels = layer.weights("kernel", [...window.kernel, channels / groups, filters]);
  return activated(layer, convolved(layer, input, { window, kernels, groups, withBias: true }));
}

function depthwiseConv2d(layer: LayerOf, inputs: readonly Value[]): Value {
  const { input, channels } = layer.image(inputs);
  const window = windowOf(layer);
  const kernels = depthwiseKernels(layer, window, channels);
  return activated(
    layer,
    convolved(layer, input, { window, kernels, groups: channels, withBias: true }),
  );
}

function separableConv2d(layer: LayerOf, inputs: readonly Value[]): Value {
  const { input, channels } = layer.image(inputs);
  const window = windowOf(layer);
  const depthwise = depthwiseKernels(layer, window, channels);
  const depth = depthwise[0]!.shape[3]!; // Of all channels together.
  const pointwise = layer.weights("pointwise_kernel", [1, 1, depth, layer.number("filters", NaN)]);
  if (channels <= FUSED_CHANNELS_MAX) {
    const kernels = depthwise.map((kernel, at) => product(kernel, pointwise[at]!, channels));
    return activated(
      layer,
      convolved(layer, input, { window, kernels, groups: 1, withBias: true }),
    );
  }
  const filtered = convolved(layer, input, {
    window,
    kernels: depthwise,
    groups: channels,
    withBias: false,
  });
  return activated(
    layer,
    convolved(layer, filtered, { window: POINT, kernels: pointwise, groups: 1, withBias: true }),
  );
}

const POINT: Window = { kernel: [1, 1], strides: [1, 1], dilation: [1, 1], padding: "valid" };

function windowOf(layer: LayerOf): Window {
  return {
    kernel: layer.pair("kernel_size", [1, 1]),
    strides: layer.pair("strides", [1, 1]),
    dilation: layer.pair("dilation_rate", [1, 1]),
    padding: layer.text("padding", "valid"),
  };
}

interface Convolution {
  readonly window: Window;
  /** Of each network, in Keras' order: height, width, channels of a group, filters. */
  readonly kernels: readonly Weights[];
  readonly groups: number;
  /** Whether the layer's bias belongs to this convolution. */
  readonly withBias: boolean;
}

/**
 * Networks side by side: where they share the input, their filters stand in a row and become one
 * convolution; after that each network's channels are groups of their own.
 */
function convolved(layer: LayerOf, value: Value, convolution: Convolution): Value {
  const { window, kernels, groups, withBias } = convolution;
  const { graph, networks } = layer;
  const input = groups > 1 ? layer.stacked(value) : value;
  const filters = kernels[0]!.shape[3]!;
  const turned = kernels.map((kernel) => permuted(kernel, [3, 2, 0, 1]));
  const [, ...inner] = turned[0]!.shape;
  const names = [
    input.name,
    graph.floats([networks * filters, ...inner], joined(turned.map(({ data }) => data))),
  ];
  if (withBias && layer.flag("use_bias", true)) {
    const biases = layer.weights("bias", [filters]);
    names.push(graph.floats([networks * filters], joined(biases.map(({ data }) => data))));
  }
  const size = input.shape as [number, number, number];
  return {
    name: graph.node("Conv", names, {
      ...windowAttributes(layer, window, size),
      dilations: window.dilation,
      group: input.stacked ? networks * groups : groups,
    }),
    shape: [...outputSize(window, size), filters],
    stacked: networks > 1,
  };
}

/** As kernels of a convolution with a group for each channel: height, width, 1, channels x depth. */
function depthwiseKernels(layer: LayerOf, { kernel }: Window, channels: number): Weights[] {
  const depth = layer.number("depth_multiplier", 1);
  // Keras 3 calls the weights of a DepthwiseConv2D `kernel`.
  const name = layer.has("depthwise_kernel") ? "depthwise_kernel" : "kernel";
  return layer.weights(name, [...kernel, channels, depth]).map(({ data }) => ({
    shape: [...kernel, 1, channels * depth],
    data,
  }));
}

/** The kernel of one full convolution that does what a depthwise and a pointwise one do in turn. */
function product(depthwise: Weights, pointwise: Weights, channels: number): Weights {
  const [height, width, , depthAll] = depthwise.shape as [number, number, number, number];
  const filters = pointwise.shape[3]!;
  const depth = depthAll / channels;
  const data = new Float32Array(height * width * channels * filters);
  for (let at = 0; at < height * width * channels; at++) {
    const channel = at % channels;
    for (let filter = 0; filter < filters; filter++) {
      let sum = 0;
      for (let d = 0; d < depth; d++) {
        sum += depthwise.data[at * depth + d]! *
          pointwise.data[(channel * depth + d) * filters + filter]!;
      }
      data[at * filters + filter] = sum;
    }
  }
  return { shape: [height, width, channels, filters], data };
}

export const CONVOLUTION_LAYERS: Readonly<Record<string, Convert>> = {
  Conv2D: conv2d,
  DepthwiseConv2D: depthwiseConv2d,
  SeparableConv2D: separableConv2d,
};
