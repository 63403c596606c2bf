/** What a converter of a layer is given and gives back, and how values lie in the ONNX graph. */
import { type Layer, NetworkError, type Weights } from "./network.ts";
import type { OnnxGraph } from "./onnx_graph.ts";

/**
 * A tensor of the graph. How it lies depends on its rank and on whether it is stacked:
 *
 * | shape         | of one network or shared by all | stacked, G networks |
 * | ------------- | ------------------------------- | ------------------- |
 * | `[H, W, C]`   | `N x C x H x W`                 | `N x (G C) x H x W` |
 * | `[F]`         | `N x F`                         | `G x N x F`         |
 * | anything else | `N x` shape                     | (not supported)     |
 */
export interface Value {
  readonly name: string;
  /** As Keras has it, for one alert and one network: channels last, no batch axis. */
  readonly shape: readonly number[];
  /** Whether each of several networks has its own, or they share one. */
  readonly stacked: boolean;
}

/** A layer to be converted: of one network, or the same layer of several that run as one graph. */
export class LayerOf {
  readonly graph: OnnxGraph;
  /** The layer in each network. */
  readonly #layers: readonly Layer[];

  constructor(graph: OnnxGraph, layers: readonly Layer[]) {
    this.graph = graph;
    this.#layers = layers;
  }

  get first(): Layer {
    return this.#layers[0]!;
  }

  /** How many networks the graph holds. */
  get networks(): number {
    return this.#layers.length;
  }

  /** The layer's weights of one name, in each network. */
  weights(name: string, shape: readonly number[]): Weights[] {
    return this.#layers.map((layer) => {
      const weights = layer.weights.get(name);
      if (weights === undefined) {
        throw this.error(`has no weights called ${name} (there are: ${[...layer.weights.keys()]})`);
      }
      if (String(weights.shape) !== String(shape)) {
        throw this.error(`has a ${name} of shape [${weights.shape}]: it must be [${shape}]`);
      }
      return weights;
    });
  }

  has(name: string): boolean {
    return this.first.weights.has(name);
  }

  /** A vector for each network, as one constant that broadcasts over stacked vectors. */
  perFeature(vectors: readonly Float32Array[]): string {
    const length = vectors[0]!.length;
    const dims = this.networks === 1 ? [length] : [this.networks, 1, length];
    return this.graph.floats(dims, joined(vectors));
  }

  number(key: string, otherwise: number): number {
    const value = this.first.config[key] ?? otherwise;
    if (typeof value !== "number") throw this.#badConfig(key);
    return value;
  }

  text(key: string, otherwise: string): string {
    const value = this.first.config[key] ?? otherwise;
    if (typeof value !== "string") throw this.#badConfig(key);
    return value;
  }

  flag(key: string, otherwise: boolean): boolean {
    return Boolean(this.first.config[key] ?? otherwise);
  }

  /** A setting for height and width, which Keras lets people write as one number. */
  pair(key: string, otherwise: readonly [number, number]): readonly [number, number] {
    const value = this.first.config[key] ?? otherwise;
    if (typeof value === "number") return [value, value];
    if (isNumbers(value) && value.length === 2) return [value[0]!, value[1]!];
    throw this.#badConfig(key);
  }

  numbers(key: string): readonly number[] {
    const value = this.first.config[key];
    if (typeof value === "number") return [value];
    if (!isNumbers(value)) throw this.#badConfig(key);
    return value;
  }

  #badConfig(key: string): NetworkError {
    return this.error(
      `has a ${key} that we don't support: ${JSON.stringify(this.first.config[key])}`,
    );
  }

  /** Says which layer it is about. */
  error(what: string): NetworkError {
    return new NetworkError(`Layer "${this.first.name}" (${this.first.type}) ${what}`);
  }

  only(inputs: readonly Value[]): Value {
    if (inputs.length !== 1) throw this.error(`must take one input: it takes ${inputs.length}`);
    return inputs[0]!;
  }

  /** Height, width and channels of its only input. */
  image(
    inputs: readonly Value[],
  ): { input: Value; height: number; width: number; channels: number } {
    const input = this.only(inputs);
    const [height, width, channels] = input.shape;
    if (channels === undefined || input.shape.length !== 3) {
      throw this.error(`must take an image: it is given the shape [${input.shape}]`);
    }
    if (this.text("data_format", "channels_last") !== "channels_last") {
      throw this.error("must have its channels last");
    }
    return { input, height: height!, width: width!, channels };
  }

  /** A value of which each network has its own copy. */
  stacked(value: Value): Value {
    if (value.stacked || this.networks === 1) return value;
    const { graph, networks } = this;
    const copies = (name: string) => Array.from({ length: networks }, () => name);
    if (value.shape.length === 3) {
      return {
        ...value,
        name: graph.node("Concat", copies(value.name), { axis: 1 }),
        stacked: true,
      };
    }
    if (value.shape.length !== 1) throw this.cannotStack();
    const one = graph.node("Unsqueeze", [value.name, graph.integers([0])]);
    return { ...value, name: graph.node("Concat", copies(one), { axis: 0 }), stacked: true };
  }

  cannotStack(): NetworkError {
    return this.error("cannot run as one for several networks");
  }
}

/** Adds a layer's nodes to the graph, and gives its output. */
export type Convert = (layer: LayerOf, inputs: readonly Value[]) => Value;

export function joined(arrays: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(arrays.reduce((length, array) => length + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}

/** The same numbers with their axes in another order: axis `i` of the result is axis `order[i]`. */
export function permuted({ shape, data }: Weights, order: readonly number[]): Weights {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const newShape = order.map((axis) => shape[axis]!);
  const steps = order.map((axis) => strides[axis]!);
  const result = new Float32Array(data.length);
  const index = newShape.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = data[from]!;
    for (let axis = index.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++index[axis]! < newShape[axis]!) break;
      from -= steps[axis]! * newShape[axis]!;
      index[axis] = 0;
    }
  }
  return { shape: newShape, data: result };
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}
