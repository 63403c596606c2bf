/** Our own network: tells what is real in a triplet of cutouts from what is an artefact. */
import type { Random } from "../../core/sources/simulator/random.ts";
import type { KerasConfig, KerasWeights } from "../write_h5.ts";
import { Convolution, Dense, MaxPooling, type TrainableLayer } from "./layers.ts";

const SIDE = 63;
const CHANNELS = 3;
/** A pixel of a normalised cutout is about 1/63; the first layer brings it to about 1. */
const INPUT_SCALE = 63;

export interface NamedLayer {
  readonly name: string;
  readonly layer: TrainableLayer;
  /** As Keras writes it. */
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Untrained; the same generator gives the same weights. */
export function createNetwork(random: Random): NamedLayer[] {
  // He et al. 2015: the variance of a signal stays what it is from layer to layer.
  const he = (inputs: number, scale = 1) => () => scale * random.normal(0, Math.sqrt(2 / inputs));
  const conv1 = new Convolution({
    side: SIDE,
    channels: CHANNELS,
    filters: 8,
    kernel: 3,
    stride: 2,
    draw: he(27, INPUT_SCALE),
  });
  const pool1 = new MaxPooling(conv1.outputSide, 8);
  const conv2 = new Convolution({
    side: pool1.outputSide,
    channels: 8,
    filters: 16,
    kernel: 3,
    stride: 1,
    draw: he(72),
  });
  const pool2 = new MaxPooling(conv2.outputSide, 16);
  const flat = pool2.outputSide ** 2 * 16;
  return [
    convolution("conv1", conv1, {
      filters: 8,
      strides: [2, 2],
      batch_input_shape: [null, SIDE, SIDE, CHANNELS],
    }),
    pooling("pool1", pool1),
    convolution("conv2", conv2, { filters: 16, strides: [1, 1] }),
    pooling("pool2", pool2),
    dense("dense1", new Dense(flat, 32, "relu", he(flat)), "relu"),
    dense("score", new Dense(32, 1, "linear", he(32)), "sigmoid"),
  ];
}

/** The score's logit: above 0 for what looks real. */
export function forward(network: readonly NamedLayer[], triplet: Float32Array): number {
  return network.reduce<Float32Array>((values, { layer }) => layer.forward(values), triplet)[0]!;
}

/** Adds to the gradients, for the slope of the loss by the logit. */
export function backward(network: readonly NamedLayer[], slope: number): void {
  network.toReversed().reduce<Float32Array>(
    (slopes, { layer }) => layer.backward(slopes),
    Float32Array.of(slope),
  );
}

export function kerasConfig(network: readonly NamedLayer[]): KerasConfig {
  const layers = network.flatMap(({ name, className, config }) => [
    ...name === "dense1"
      ? [{ class_name: "Flatten", config: { name: "flatten", data_format: "channels_last" } }]
      : [],
    { class_name: className, config: { name, ...config } },
  ]);
  return { class_name: "Sequential", config: { name: "rb_sim", layers } as KerasConfig["config"] };
}

export function kerasWeights(network: readonly NamedLayer[]): KerasWeights {
  return Object.fromEntries(network.map(({ name, layer }) => [
    name,
    Object.fromEntries(
      Object.entries(layer.parameters).map((
        [part, { shape, values }],
      ) => [part, { shape, data: values }]),
    ),
  ]));
}

function convolution(
  name: string,
  layer: Convolution,
  config: Record<string, unknown>,
): NamedLayer {
  return {
    name,
    layer,
    className: "Conv2D",
    config: {
      ...config,
      kernel_size: [3, 3],
      padding: "valid",
      data_format: "channels_last",
      dilation_rate: [1, 1],
      groups: 1,
      activation: "relu",
      use_bias: true,
    },
  };
}

function pooling(name: string, layer: MaxPooling): NamedLayer {
  return {
    name,
    layer,
    className: "MaxPooling2D",
    config: { pool_size: [2, 2], strides: [2, 2], padding: "valid", data_format: "channels_last" },
  };
}

function dense(name: string, layer: Dense, activation: string): NamedLayer {
  return {
    name,
    layer,
    className: "Dense",
    config: { units: layer.outputs, activation, use_bias: true },
  };
}
