/** A trained network as Keras describes it, apart from the file it came in: layers, wiring, weights. */

export interface Weights {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

export interface Layer {
  readonly name: string;
  /** Keras' class name: `Conv2D`. */
  readonly type: string;
  readonly config: LayerConfig;
  /** Names of the layers whose outputs it takes, in order. */
  readonly inputs: readonly string[];
  /** By the last part of their Keras name: `kernel`, `moving_mean`. */
  readonly weights: ReadonlyMap<string, Weights>;
}

export type LayerConfig = Readonly<Record<string, unknown>>;

/** Layers stand in an order in which each comes after those it takes from. */
export interface Network {
  readonly layers: readonly Layer[];
  /** Names of the `InputLayer`s, in the order in which the network is called. */
  readonly inputs: readonly string[];
  /** The layer whose output is the network's. */
  readonly output: string;
}

/** A network's file cannot be read, or holds what we cannot run: the message says which and why. */
export class NetworkError extends Error {
  override name = "NetworkError";
}

/** The shape of an input for one alert, batch axis left out. Null: free. */
export function inputShape(network: Network, name: string): readonly (number | null)[] {
  const config = network.layers.find((layer) => layer.name === name)?.config ?? {};
  const shape = config.batch_input_shape ?? config.batch_shape; // Keras 2, Keras 3.
  if (!Array.isArray(shape) || shape.length < 2) {
    throw new NetworkError(
      `Cannot read the shape of input "${name}": it is ${JSON.stringify(shape)}`,
    );
  }
  return shape.slice(1);
}

/** Settings of a layer that change nothing in what it computes once it is trained. */
const IRRELEVANT =
  /^(name|trainable|dtype|seed|rate|stddev|noise_shape|momentum|.*_(initializer|regularizer|constraint)|quantization_config|build_config|registered_name|synchronized|autocast)$/;

/**
 * A text that is equal for networks which differ in their weights' values only: they can run as one
 * graph. Names of layers don't count, their wiring does.
 */
export function architectureOf(network: Network): string {
  const position = new Map(network.layers.map((layer, at) => [layer.name, at]));
  const places = (names: readonly string[]) => names.map((name) => position.get(name));
  return JSON.stringify({
    layers: network.layers.map(({ type, config, inputs, weights }) => ({
      type,
      config: Object.entries(config).filter(([key]) => !IRRELEVANT.test(key)).sort(),
      inputs: places(inputs),
      weights: [...weights].map(([name, { shape }]) => [name, shape]).sort(),
    })),
    inputs: places(network.inputs),
    output: position.get(network.output),
  });
}
