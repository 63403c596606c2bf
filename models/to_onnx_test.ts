// Each layer, alone and side by side with another network's, gives what its definition says.
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { Random } from "../core/sources/simulator/random.ts";
import type { ScoreInput } from "../core/contract/model.ts";
import { openScorer } from "../workers/onnx.ts";
import type { ModelSettings } from "./manifest.ts";
import { functional, manifestOf, ModelFolder, sequential } from "./model_folder_for_tests.ts";
import {
  ACTIVATION_NAMES,
  type Naive,
  type NaiveLayer,
  NaiveWeights,
  runNaively,
} from "./naive_keras_for_tests.ts";
import type { KerasConfig } from "./write_h5.ts";

const TRIPLET = [63, 63, 3];
const FEATURES = ["drb", "magpsf", "ra", "dec", "age"] as const;
const ALERTS = 3;

let layersMade = 0;
const layer = (class_name: string, config: Record<string, unknown> = {}): NaiveLayer => ({
  class_name,
  config: { name: `${class_name.toLowerCase()}_${layersMade++}`, ...config },
});
const after = (net: NaiveLayer, ...inputs: string[]): NaiveLayer => ({
  ...net,
  inbound_nodes: [inputs.map((name) => [name, 0, 0, {}])],
});
/** From the triplet to 8 x 9 pixels of four channels. */
const stem = (config = {}) =>
  layer("Conv2D", { filters: 4, kernel_size: [2, 3], strides: [8, 7], ...config });
const score = (config = {}) => layer("Dense", { units: 1, activation: "linear", ...config });

const ON_IMAGES: Record<string, NaiveLayer[]> = {
  "a convolution": [layer("Conv2D", { filters: 3, kernel_size: [3, 2], activation: "relu" })],
  "a convolution that keeps the size": [
    layer("Conv2D", { filters: 3, kernel_size: [4, 3], strides: [2, 3], padding: "same" }),
  ],
  "a dilated convolution": [
    layer("Conv2D", { filters: 3, kernel_size: [3, 2], dilation_rate: [2, 3] }),
  ],
  "a convolution in groups": [layer("Conv2D", { filters: 6, kernel_size: [2, 2], groups: 2 })],
  "a convolution without bias": [
    layer("Conv2D", { filters: 2, kernel_size: 3, strides: 2, use_bias: false }),
  ],
  "a depthwise convolution": [
    layer("DepthwiseConv2D", { kernel_size: [3, 2], depth_multiplier: 2, padding: "same" }),
  ],
  "a separable convolution of few channels": [
    layer("SeparableConv2D", { filters: 5, kernel_size: [3, 2], depth_multiplier: 2 }),
  ],
  "a separable convolution of many channels": [
    layer("Conv2D", { filters: 6, kernel_size: 1 }),
    layer("SeparableConv2D", { filters: 5, kernel_size: [3, 3], activation: "relu" }),
  ],
  "a pooling that leaves pixels out": [layer("MaxPooling2D", { pool_size: [3, 4] })],
  "a pooling that keeps pixels": [
    layer("MaxPooling2D", { pool_size: [3, 3], strides: [2, 2], padding: "same" }),
  ],
  "an average": [layer("AveragePooling2D", { pool_size: [2, 2], strides: [1, 2] })],
  "an average over fewer pixels at the edge": [
    layer("AveragePooling2D", { pool_size: [3, 3], strides: [2, 2], padding: "same" }),
  ],
  "convolutions whose last pixels nobody takes": [
    layer("Conv2D", { filters: 4, kernel_size: 5, padding: "same", activation: "relu" }),
    layer("BatchNormalization", { epsilon: 1e-3 }),
    layer("Conv2D", { filters: 3, kernel_size: 3, padding: "same" }),
    layer("AveragePooling2D", { pool_size: [3, 3], strides: [2, 2], padding: "same" }),
    layer("MaxPooling2D", { pool_size: [3, 3] }),
  ],
  "the mean of all pixels": [layer("GlobalAveragePooling2D")],
  "the largest of all pixels": [layer("GlobalMaxPooling2D")],
  "a normalisation": [layer("BatchNormalization", { epsilon: 0.01, axis: [3] })],
  "a border": [layer("ZeroPadding2D", { padding: [[1, 2], [0, 3]] })],
  "what is only there to train": [
    layer("Dropout", { rate: 0.5 }),
    layer("GaussianNoise", { stddev: 1 }),
  ],
  "an activation": [layer("Activation", { activation: "tanh" })],
  "a ReLU with a ceiling": [layer("ReLU", { max_value: 0.4, negative_slope: 0 })],
  "a leaky ReLU": [layer("LeakyReLU", { alpha: 0.3 })],
  "an ELU": [layer("ELU", { alpha: 0.7 })],
};

/** These can't run side by side with another network's: then each has its own graph. */
const ONE_BY_ONE: Record<string, NaiveLayer[]> = {
  "another shape": [
    layer("Reshape", { target_shape: [4, 8, 9] }),
    layer("MaxPooling2D", {
      pool_size: 2,
    }),
  ],
  "a vector made an image": [
    layer("Flatten"),
    layer("Reshape", { target_shape: [8, 9, 4] }),
    layer("Conv2D", { filters: 2, kernel_size: 3 }),
  ],
  "a softmax over channels": [layer("Softmax")],
  "a scale": [layer("Rescaling", { scale: [1, 2, 3, 4], offset: 0.5 })],
};

const ON_VECTORS: Record<string, NaiveLayer[]> = {
  ...Object.fromEntries(ACTIVATION_NAMES.map((activation) => [
    `${activation}`,
    [layer("Dense", { units: 4, activation })],
  ])),
  "a normalisation without scale": [
    layer("BatchNormalization", { epsilon: 1e-3, scale: false }),
  ],
  "a normalisation without centre": [
    layer("BatchNormalization", { epsilon: 1e-3, center: false }),
  ],
  "a dense layer without bias": [layer("Dense", { units: 3, use_bias: false })],
  "a softmax": [layer("Softmax")],
};

describe("a network on images", () => {
  for (const [name, layers] of Object.entries({ ...ON_IMAGES, ...ONE_BY_ONE })) {
    it(name, async () => {
      const all = [stem(), ...layers, layer("Flatten"), score()];
      await holdToNaive(all, sequential(all, TRIPLET), {}, name in ONE_BY_ONE ? 2 : 1);
    });
  }

  it("a scale on the very image", async () => {
    const all = [
      layer("Rescaling", { scale: 2, offset: -0.1 }),
      stem(),
      layer("Flatten"),
      score(),
    ];
    await holdToNaive(all, sequential(all, TRIPLET), {}, 1);
  });
});

describe("a network on features", () => {
  for (const [name, layers] of Object.entries(ON_VECTORS)) {
    it(name, async () => {
      const all = [layer("Dense", { units: 6 }), ...layers, score()];
      const settings = { triplet: false, feature_names: [...FEATURES] };
      await holdToNaive(all, sequential(all, [FEATURES.length]), settings, 1);
    });
  }
});

describe("a network of branches", () => {
  const image = layer("InputLayer", { name: "image", batch_input_shape: [null, ...TRIPLET] });
  const numbers = layer("InputLayer", {
    name: "numbers",
    batch_input_shape: [null, FEATURES.length],
  });
  const left = stem({ name: "left" });
  const right = stem({ name: "right", activation: "relu" });
  for (const join of ["Add", "Subtract", "Multiply", "Maximum", "Concatenate"]) {
    for (const order of [["features", "triplet"], ["triplet", "features"]] as const) {
      it(`${join}, ${order.join(" before ")}`, async () => {
        const all = [
          image,
          numbers,
          after(left, "image"),
          after(right, "image"),
          after(layer(join, { name: "joined" }), "left", "right"),
          after(layer("MaxPooling2D", { name: "pooled", pool_size: 2 }), "joined"),
          after(layer("Flatten", { name: "flat" }), "pooled"),
          after(layer("Dense", { name: "weighed", units: 4 }), "numbers"),
          after(layer("Dense", { name: "seen", units: 4 }), "flat"),
          after(layer(join, { name: "both" }), "weighed", "seen"),
          after(score(), "both"),
        ];
        const config = functional(
          all,
          order.map((input) => input === "triplet" ? "image" : "numbers"),
        );
        const settings = { feature_names: [...FEATURES], order: [...order] };
        await holdToNaive(all, config, settings, 1);
      });
    }
  }

  it("features beside what the images give, as they are", async () => {
    const all = [
      image,
      numbers,
      after(left, "image"),
      after(layer("GlobalAveragePooling2D", { name: "seen" }), "left"),
      after(layer("Concatenate", { name: "both" }), "seen", "numbers"),
      after(score(), "both"),
    ];
    const settings = { feature_names: [...FEATURES] };
    await holdToNaive(all, functional(all, ["numbers", "image"]), settings, 1);
  });
});

/** Two networks of these layers, each alone and both together, against the definition. */
async function holdToNaive(
  layers: readonly NaiveLayer[],
  config: KerasConfig,
  settings: Partial<ModelSettings>,
  graphs: number,
): Promise<void> {
  await using folder = await ModelFolder.make();
  const random = new Random(1, "networks");
  const input = inputsOf(random);
  const expected = new Map<string, number[]>();
  for (const name of ["one", "other"]) {
    const weights = new NaiveWeights(() => random.normal(0, 0.4));
    expected.set(
      name,
      Array.from(
        { length: ALERTS },
        (_, i) => runNaively(layers, weights, naiveInputs(layers, input, i)).data[0]!,
      ),
    );
    await folder.write(name, config, weights.asKeras);
  }
  const manifests = [...expected.keys()].map((name) => manifestOf(name, settings));
  for (const [group, count] of [[manifests.slice(0, 1), 1], [manifests, graphs]] as const) {
    const { ready, failures } = await folder.prepare(group);
    assertEquals(failures, []);
    assertEquals(ready.length, count);
    await using scorer = await openScorer(ready);
    const result = await scorer.score(input);
    assertEquals(result.failures, []);
    for (const { name, scores } of result.scores) {
      expected.get(name)!.forEach((value, i) => {
        const off = Math.abs(scores[i]! - value) / Math.max(1, Math.abs(value));
        assert(off < 1e-4, `${name}, alert ${i}: ${scores[i]} is not ${value}`);
      });
    }
  }
}

function inputsOf(random: Random): ScoreInput {
  return {
    count: ALERTS,
    triplets: Float32Array.from({ length: ALERTS * 63 * 63 * 3 }, () => random.normal(0, 1)),
    features: new Map(FEATURES.map((name) => [
      name,
      Float64Array.from({ length: ALERTS }, () => Math.fround(random.normal(0, 1))),
    ])),
  };
}

/** One alert's, by the names of the layers that take them. */
function naiveInputs(
  layers: readonly NaiveLayer[],
  { triplets, features }: ScoreInput,
  alert: number,
): Record<string, Naive> {
  const size = 63 * 63 * 3;
  const image: Naive = {
    shape: TRIPLET,
    data: Float64Array.from(triplets.subarray(alert * size, (alert + 1) * size)),
  };
  const numbers: Naive = {
    shape: [FEATURES.length],
    data: Float64Array.from(FEATURES, (name) => features.get(name)![alert]!),
  };
  if (layers[0]!.class_name === "InputLayer") return { image, numbers };
  return { "": layers[0]!.class_name === "Dense" ? numbers : image };
}
