/** Runs Keras networks as slowly and plainly as their definitions read: what conversions are held to. */
import type { Weights } from "./network.ts";
import type { KerasWeights } from "./write_h5.ts";

/** Channels last, no batch axis, row-major. */
export interface Naive {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export interface NaiveLayer {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>> & { readonly name: string };
  /** Of a Functional network. In a Sequential one, each takes what the one before gives. */
  readonly inbound_nodes?: readonly (readonly (readonly [string, number, number, object])[])[];
}

/** A network's weights: drawn when a layer first asks for them, so no test need say their shapes. */
export class NaiveWeights {
  readonly all: Record<string, Record<string, Weights>> = {};
  readonly #draw: () => number;

  constructor(draw: () => number) {
    this.#draw = draw;
  }

  of(
    { config: { name: layer } }: NaiveLayer,
    name: string,
    shape: readonly number[],
  ): Float32Array {
    const weights = this.all[layer] ??= {};
    weights[name] ??= {
      shape,
      data: Float32Array.from({ length: sizeOf(shape) }, () => {
        const value = this.#draw();
        return name === "moving_variance" ? Math.abs(value) + 0.1 : value;
      }),
    };
    return weights[name].data;
  }

  get asKeras(): KerasWeights {
    return this.all;
  }
}

/** What the last of the layers gives for these inputs, named by their `InputLayer`s. */
export function runNaively(
  layers: readonly NaiveLayer[],
  weights: NaiveWeights,
  inputs: Readonly<Record<string, Naive>>,
): Naive {
  const values = new Map<string, Naive>();
  let before = Object.values(inputs)[0]!;
  for (const layer of layers) {
    const { name } = layer.config;
    const from = layer.inbound_nodes?.flat().map(([input]) => values.get(input)!) ?? [before];
    before = inputs[name] ?? LAYERS[layer.class_name]!(layer, from, weights);
    values.set(name, before);
  }
  return before;
}

type Run = (layer: NaiveLayer, inputs: readonly Naive[], weights: NaiveWeights) => Naive;

const LAYERS: Readonly<Record<string, Run>> = {
  Conv2D(layer, [x], weights) {
    const { filters, groups = 1, kernel_size } = layer.config as Record<string, number>;
    const channels = x!.shape[2]! / groups!;
    const kernel = weights.of(layer, "kernel", [...pair(kernel_size), channels, filters!]);
    const bias = biasOf(layer, weights, filters!);
    return activated(
      layer,
      slide(layer, x!, filters!, (taps, filter) => {
        const group = Math.floor(filter / (filters! / groups!));
        let sum = bias[filter]!;
        for (const { k, pixel } of taps) {
          for (let c = 0; c < channels; c++) {
            sum += x!.data[pixel * x!.shape[2]! + group * channels + c]! *
              kernel[(k * channels + c) * filters! + filter]!;
          }
        }
        return sum;
      }),
    );
  },
  DepthwiseConv2D(layer, [x], weights) {
    const filtered = depthwise(layer, x!, weights);
    return activated(layer, plusBias(filtered, biasOf(layer, weights, filtered.shape[2]!)));
  },
  SeparableConv2D(layer, [x], weights) {
    const filtered = depthwise(layer, x!, weights);
    const depth = filtered.shape[2]!;
    const filters = layer.config.filters as number;
    const kernel = weights.of(layer, "pointwise_kernel", [1, 1, depth, filters]);
    const mixed = perRow(
      filtered,
      filters,
      (row, filter) =>
        row.reduce((sum, value, c) => sum + value * kernel[c * filters + filter]!, 0),
    );
    return activated(layer, plusBias(mixed, biasOf(layer, weights, filters)));
  },
  MaxPooling2D: (layer, [x]) =>
    slide(
      layer,
      x!,
      x!.shape[2]!,
      (taps, c) => Math.max(...taps.map(({ pixel }) => x!.data[pixel * x!.shape[2]! + c]!)),
    ),
  AveragePooling2D: (layer, [x]) =>
    slide(
      layer,
      x!,
      x!.shape[2]!,
      (taps, c) =>
        taps.reduce((sum, { pixel }) => sum + x!.data[pixel * x!.shape[2]! + c]!, 0) / taps.length,
    ),
  GlobalMaxPooling2D: (_, [x]) => overPixels(x!, (values) => Math.max(...values)),
  GlobalAveragePooling2D: (_, [x]) =>
    overPixels(x!, (values) => values.reduce((sum, value) => sum + value) / values.length),
  Flatten: (_, [x]) => ({ shape: [x!.data.length], data: x!.data }),
  Reshape: ({ config }, [x]) => ({ shape: config.target_shape as number[], data: x!.data }),
  ZeroPadding2D({ config }, [x]) {
    const [[top, bottom], [left, right]] = config.padding as [[number, number], [number, number]];
    const [height, width, channels] = x!.shape as [number, number, number];
    const shape = [height + top + bottom, width + left + right, channels];
    const data = new Float64Array(sizeOf(shape));
    x!.data.forEach((value, i) => {
      const [y, along] = [Math.floor(i / (width * channels)), i % (width * channels)];
      data[((y + top) * shape[1]! + left) * channels + along] = value;
    });
    return { shape, data };
  },
  Dense(layer, [x], weights) {
    const units = layer.config.units as number;
    const kernel = weights.of(layer, "kernel", [x!.data.length, units]);
    const mixed = perRow(
      x!,
      units,
      (row, unit) => row.reduce((sum, value, i) => sum + value * kernel[i * units + unit]!, 0),
    );
    return activated(layer, plusBias(mixed, biasOf(layer, weights, units)));
  },
  BatchNormalization(layer, [x], weights) {
    const { epsilon, scale = true, center = true } = layer.config as Record<string, number>;
    const length = x!.shape.at(-1)!;
    const gamma = scale ? weights.of(layer, "gamma", [length]) : null;
    const beta = center ? weights.of(layer, "beta", [length]) : null;
    const mean = weights.of(layer, "moving_mean", [length]);
    const variance = weights.of(layer, "moving_variance", [length]);
    return each(
      x!,
      (value, c) =>
        (value - mean[c]!) / Math.sqrt(variance[c]! + epsilon!) * (gamma?.[c] ?? 1) +
        (beta?.[c] ?? 0),
    );
  },
  Rescaling({ config }, [x]) {
    const at = (key: string, c: number) => [config[key]].flat()[Array.isArray(config[key]) ? c : 0];
    return each(x!, (value, c) => value * Number(at("scale", c)) + Number(at("offset", c)));
  },
  Concatenate(_, inputs) {
    const lengths = inputs.map(({ shape }) => shape.at(-1)!);
    const length = lengths.reduce((sum, each) => sum + each);
    return perRow(inputs[0]!, length, (_row, channel, r) => {
      let c = channel;
      const input = inputs.find((_, i) => (c -= lengths[i]!) < 0)!;
      return input.data[r * input.shape.at(-1)! + c + input.shape.at(-1)!]!;
    });
  },
  Add: (_, inputs) => together(inputs, (one, other) => one + other),
  Subtract: (_, inputs) => together(inputs, (one, other) => one - other),
  Multiply: (_, inputs) => together(inputs, (one, other) => one * other),
  Maximum: (_, inputs) => together(inputs, Math.max),
  Dropout: (_, [x]) => x!,
  GaussianNoise: (_, [x]) => x!,
  Activation: (layer, [x]) => activated(layer, x!),
  ReLU: ({ config }, [x]) => {
    const { max_value, negative_slope } = config as Record<string, number | null>;
    return each(x!, (v) => Math.min(v < 0 ? v * (negative_slope ?? 0) : v, max_value ?? Infinity));
  },
  LeakyReLU: ({ config }, [x]) => each(x!, (v) => v < 0 ? v * (config.alpha as number) : v),
  ELU: ({ config }, [x]) => each(x!, (v) => v < 0 ? (config.alpha as number) * Math.expm1(v) : v),
  Softmax: (_, [x]) => softmax(x!),
};

const FUNCTIONS: Readonly<Record<string, (value: number) => number>> = {
  linear: (x) => x,
  relu: (x) => Math.max(x, 0),
  relu6: (x) => Math.min(Math.max(x, 0), 6),
  leaky_relu: (x) => x < 0 ? 0.2 * x : x,
  elu: (x) => x < 0 ? Math.expm1(x) : x,
  selu: (x) => 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * Math.expm1(x) : x),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  softplus: (x) => Math.log1p(Math.exp(x)),
  softsign: (x) => x / (1 + Math.abs(x)),
  exponential: Math.exp,
  swish: (x) => x / (1 + Math.exp(-x)),
  silu: (x) => x / (1 + Math.exp(-x)),
  gelu: (x) => x / 2 * (1 + erf(x / Math.SQRT2)),
};
export const ACTIVATION_NAMES = [...Object.keys(FUNCTIONS), "softmax"];

function activated({ config }: NaiveLayer, x: Naive): Naive {
  const name = (config.activation ?? "linear") as string;
  return name === "softmax" ? softmax(x) : each(x, FUNCTIONS[name]!);
}

function softmax(x: Naive): Naive {
  return perRow(
    x,
    x.shape.at(-1)!,
    (row, c) => Math.exp(row[c]!) / row.reduce((sum, value) => sum + Math.exp(value), 0),
  );
}

/** Its series: enough for the small numbers of tests. */
function erf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 60; n++) {
    term *= -x * x / n;
    sum += term / (2 * n + 1);
  }
  return 2 / Math.sqrt(Math.PI) * sum;
}

interface Tap {
  /** Which place of the window, and which pixel of the image lies there. */
  readonly k: number;
  readonly pixel: number;
}

/** One value for each place of the layer's window and each channel that comes out. */
function slide(
  { config }: NaiveLayer,
  { shape }: Naive,
  channels: number,
  value: (taps: readonly Tap[], channel: number) => number,
): Naive {
  const size = pair(config.kernel_size ?? config.pool_size);
  const strides = pair(config.strides ?? config.pool_size ?? 1);
  const dilation = pair(config.dilation_rate ?? 1);
  const axes = [0, 1].map((axis) => {
    const extent = (size[axis]! - 1) * dilation[axis]! + 1;
    const [pixels, stride] = [shape[axis]!, strides[axis]!];
    if (config.padding !== "same") {
      return { count: Math.floor((pixels - extent) / stride) + 1, before: 0 };
    }
    const count = Math.ceil(pixels / stride);
    return { count, before: Math.floor(Math.max(0, (count - 1) * stride + extent - pixels) / 2) };
  });
  const data: number[] = [];
  for (let oy = 0; oy < axes[0]!.count; oy++) {
    for (let ox = 0; ox < axes[1]!.count; ox++) {
      const taps: Tap[] = [];
      for (let k = 0; k < size[0] * size[1]; k++) {
        const y = oy * strides[0] - axes[0]!.before + Math.floor(k / size[1]) * dilation[0];
        const x = ox * strides[1] - axes[1]!.before + (k % size[1]) * dilation[1];
        const isInside = y >= 0 && y < shape[0]! && x >= 0 && x < shape[1]!;
        if (isInside) taps.push({ k, pixel: y * shape[1]! + x });
      }
      for (let c = 0; c < channels; c++) data.push(value(taps, c));
    }
  }
  return { shape: [axes[0]!.count, axes[1]!.count, channels], data: Float64Array.from(data) };
}

function depthwise(layer: NaiveLayer, x: Naive, weights: NaiveWeights): Naive {
  const channels = x.shape[2]!;
  const depth = (layer.config.depth_multiplier ?? 1) as number;
  const shape = [...pair(layer.config.kernel_size), channels, depth];
  const kernel = weights.of(layer, "depthwise_kernel", shape);
  return slide(
    layer,
    x,
    channels * depth,
    (taps, out) =>
      taps.reduce(
        (sum, { k, pixel }) =>
          sum +
          x.data[pixel * channels + Math.floor(out / depth)]! * kernel[k * channels * depth + out]!,
        0,
      ),
  );
}

function overPixels(x: Naive, value: (values: number[]) => number): Naive {
  const channels = x.shape[2]!;
  const data = Float64Array.from(
    { length: channels },
    (_, c) => value([...x.data].filter((_, i) => i % channels === c)),
  );
  return { shape: [channels], data };
}

/** New values from each run of channels. */
function perRow(
  { shape, data }: Naive,
  length: number,
  value: (row: Float64Array, channel: number, at: number) => number,
): Naive {
  const width = shape.at(-1)!;
  const rows = data.length / width;
  return {
    shape: [...shape.slice(0, -1), length],
    data: Float64Array.from({ length: rows * length }, (_, i) => {
      const row = Math.floor(i / length);
      return value(data.subarray(row * width, (row + 1) * width), i % length, row);
    }),
  };
}

function each(x: Naive, value: (value: number, channel: number) => number): Naive {
  return { ...x, data: x.data.map((v, i) => value(v, i % x.shape.at(-1)!)) };
}

function plusBias(x: Naive, bias: Float32Array): Naive {
  return each(x, (value, c) => value + bias[c]!);
}

function together(inputs: readonly Naive[], value: (one: number, other: number) => number): Naive {
  return inputs.reduce((one, other) => ({
    ...one,
    data: one.data.map((v, i) => value(v, other.data[i]!)),
  }));
}

function biasOf(layer: NaiveLayer, weights: NaiveWeights, length: number): Float32Array {
  return layer.config.use_bias === false
    ? new Float32Array(length)
    : weights.of(layer, "bias", [length]);
}

function pair(value: unknown): [number, number] {
  return typeof value === "number" ? [value, value] : value as [number, number];
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
