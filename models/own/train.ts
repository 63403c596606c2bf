/** Trains our own network on the simulated sky: `deno run -A models/own/train.ts`, some minutes. */
import { Random } from "../../core/sources/simulator/random.ts";
import { writeKerasH5 } from "../write_h5.ts";
import {
  backward,
  createNetwork,
  forward,
  kerasConfig,
  kerasWeights,
  type NamedLayer,
} from "./network.ts";
import { areaUnderCurve } from "./area_under_curve.ts";
import { type Sample, samples } from "./samples.ts";

const SEED = 20_261_120;
const TRAINING = 4_000;
const HELD_OUT = 1_000;
const EPOCHS = 8;
const BATCH = 32;
const LEARNING_RATE = 1e-3;

if (import.meta.main) {
  const training = [...samples(SEED, TRAINING)];
  const heldOut = [...samples(SEED + 1, HELD_OUT)];
  const random = new Random(SEED, "weights");
  const network = createNetwork(random);
  const step = adam(network);
  for (let epoch = 1; epoch <= EPOCHS; epoch++) {
    let loss = 0;
    shuffle(training, random).forEach((sample, i) => {
      loss += learn(network, sample) / training.length;
      if ((i + 1) % BATCH === 0) step();
    });
    const auc = areaUnderCurve(network, heldOut);
    console.log(`epoch ${epoch}: loss ${loss.toFixed(4)}, held-out AUC ${auc.toFixed(4)}`);
  }
  const path = new URL("rb_sim.v1.h5", import.meta.url).pathname;
  await writeKerasH5(path, kerasConfig(network), kerasWeights(network));
  console.log(`written ${path}`);
}

/** One sample's loss (cross-entropy); its slopes are added to the gradients. */
function learn(network: readonly NamedLayer[], { triplet, real }: Sample): number {
  const score = 1 / (1 + Math.exp(-forward(network, triplet)));
  const truth = real ? 1 : 0;
  backward(network, (score - truth) / BATCH);
  return -Math.log(Math.max(1e-7, real ? score : 1 - score));
}

/** Kingma & Ba 2015. */
function adam(network: readonly NamedLayer[], beta1 = 0.9, beta2 = 0.999): () => void {
  const all = network.flatMap(({ layer }) => Object.values(layer.parameters)).map((each) => ({
    ...each,
    // The first layer's weights are large, since its inputs are small: so are its steps.
    scale: Math.max(
      0.1,
      Math.sqrt(each.values.reduce((sum, w) => sum + w * w, 0) / each.values.length),
    ),
    mean: new Float32Array(each.values.length),
    square: new Float32Array(each.values.length),
  }));
  let steps = 0;
  return () => {
    steps++;
    for (const { values, gradients, mean, square, scale } of all) {
      for (let i = 0; i < values.length; i++) {
        const slope = gradients[i]! * scale;
        mean[i] = beta1 * mean[i]! + (1 - beta1) * slope;
        square[i] = beta2 * square[i]! + (1 - beta2) * slope * slope;
        const m = mean[i]! / (1 - beta1 ** steps);
        const v = square[i]! / (1 - beta2 ** steps);
        values[i]! -= LEARNING_RATE * scale * m / (Math.sqrt(v) + 1e-8) * 4;
      }
      gradients.fill(0);
    }
  };
}

function shuffle<T>(items: readonly T[], random: Random): T[] {
  const shuffled = items.slice();
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = random.int(i + 1);
    [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
  }
  return shuffled;
}
