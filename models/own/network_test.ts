// The layers' slopes are what small steps show, and the shipped file still tells real from artefact.
import { describe, it } from "@std/testing/bdd";
import { assert, assertAlmostEquals } from "@std/assert";
import { Random } from "../../core/sources/simulator/random.ts";
import { openScorer } from "../../workers/onnx.ts";
import { toManifest } from "../manifest.ts";
import { prepareModels } from "../prepare.ts";
import { rankedArea } from "./area_under_curve.ts";
import { Convolution, Dense, MaxPooling, type TrainableLayer } from "./layers.ts";
import { OWN_MODEL } from "./manifest.ts";
import { samples } from "./samples.ts";

const random = new Random(7, "test");
const draw = () => random.normal(0, 0.5);
const LAYERS: Record<string, [TrainableLayer, number]> = {
  "a convolution": [
    new Convolution({ side: 7, channels: 2, filters: 3, kernel: 3, stride: 2, draw }),
    7 * 7 * 2,
  ],
  "a pooling": [new MaxPooling(5, 2), 5 * 5 * 2],
  "a dense layer": [new Dense(6, 4, "relu", draw), 6],
  "a linear dense layer": [new Dense(6, 4, "linear", draw), 6],
};

describe("layers", () => {
  for (const [name, [layer, size]] of Object.entries(LAYERS)) {
    it(`${name}: slopes by input and parameters are what small steps show`, () => {
      const input = Float32Array.from({ length: size }, () => random.normal(0, 1));
      const weights = layer.forward(input).map(() => random.normal(0, 1));
      const loss = () =>
        layer.forward(input).reduce((sum, value, i) => sum + value * weights[i]!, 0);
      for (const { gradients } of Object.values(layer.parameters)) gradients.fill(0);
      layer.forward(input);
      const back = layer.backward(weights);
      const check = (values: Float32Array, slopes: Float32Array) => {
        for (let i = 0; i < values.length; i += 3) {
          const was = values[i]!;
          const [above, below] = [1e-2, -1e-2].map((step) => {
            values[i] = was + step;
            return loss();
          });
          values[i] = was;
          assertAlmostEquals((above! - below!) / 2e-2, slopes[i]!, 0.05);
        }
      };
      check(input, back);
      for (const { values, gradients } of Object.values(layer.parameters)) check(values, gradients);
    });
  }
});

describe("the shipped network", () => {
  it("tells real detections from artefacts of a sky that it has not seen", async () => {
    const cacheDir = await Deno.makeTempDir();
    try {
      const manifest = toManifest(OWN_MODEL.name, OWN_MODEL.settings);
      const { ready, failures } = await prepareModels([manifest], { modelsDir: ".", cacheDir });
      assert(failures.length === 0, JSON.stringify(failures));
      await using scorer = await openScorer(ready);
      const seen = [...samples(99, 200)];
      const triplets = new Float32Array(seen.length * seen[0]!.triplet.length);
      seen.forEach(({ triplet }, i) => triplets.set(triplet, i * triplet.length));
      const { scores } = await scorer.score({ count: seen.length, triplets, features: new Map() });
      const scored = seen.map(({ real }, i) => ({ real, score: scores[0]!.scores[i]! }));
      assert(rankedArea(scored) > 0.99);
    } finally {
      await Deno.remove(cacheDir, { recursive: true });
    }
  });
});
