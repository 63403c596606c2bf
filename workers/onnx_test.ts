// A network that fails costs its own scores only; each alert gets the score that is its own.
import { describe, it } from "@std/testing/bdd";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { ScoreInput } from "../core/contract/model.ts";
import type { ModelSettings } from "../models/manifest.ts";
import {
  functional,
  manifestOf,
  ModelFolder,
  sequential,
} from "../models/model_folder_for_tests.ts";
import type { NaiveLayer } from "../models/naive_keras_for_tests.ts";
import type { Network, Weights } from "../models/network.ts";
import { toOnnx } from "../models/to_onnx.ts";
import { openScorer } from "./onnx.ts";

const TRIPLET_SIZE = 63 * 63 * 3;
const ON_FEATURES: Partial<ModelSettings> = { triplet: false, feature_names: ["ra", "dec"] };

describe("openScorer", () => {
  it("scores without networks, and without alerts", async () => {
    await using none = await openScorer([]);
    assertEquals(await none.score(inputOf([[1, 2]])), { scores: [], failures: [] });
    await using folder = await weighted();
    await using scorer = await openScorer(
      (await folder.prepare([manifestOf("sum", ON_FEATURES)])).ready,
    );
    const { scores, failures } = await scorer.score(inputOf([]));
    assertEquals([scores[0]!.scores, failures], [[], []]);
  });

  it("names its networks and their versions", async () => {
    await using folder = await weighted();
    const manifests = [manifestOf("sum", ON_FEATURES), manifestOf("mean")];
    await using scorer = await openScorer((await folder.prepare(manifests)).ready);
    assertEquals(scorer.models, manifests);
    const { scores } = await scorer.score(inputOf([[1, 2]]));
    assertEquals(scores.map(({ name, version }) => `${name} ${version}`), ["sum v1", "mean v1"]);
  });

  it("gives each of many alerts its own score, in their order", async () => {
    await using folder = await weighted();
    const manifests = [manifestOf("sum", ON_FEATURES), manifestOf("mean")];
    await using scorer = await openScorer((await folder.prepare(manifests)).ready);
    const alerts = Array.from({ length: 101 }, (_, i): [number, number] => [i, 1000 * i]);
    const { scores, failures } = await scorer.score(inputOf(alerts));
    assertEquals(failures, []);
    assertEquals(scores[0]!.scores, alerts.map(([ra, dec]) => ra + 2 * dec));
    scores[1]!.scores.forEach((score, i) => assertAlmostEquals(score!, i, 1e-3));
  });

  it("leaves out an alert that lacks a feature, of the network that wants it only", async () => {
    await using folder = await weighted();
    const manifests = [
      manifestOf("sum", ON_FEATURES),
      manifestOf("mean"),
      manifestOf("mixed", { feature_names: ["dec"], order: ["triplet", "features"] }),
    ];
    await using scorer = await openScorer((await folder.prepare(manifests)).ready);
    const { scores, failures } = await scorer.score(inputOf([[0, 5], [NaN, 6], [2, 7], [3, NaN]]));
    assertEquals(scores.map(({ scores }) => scores.map((score) => score && Math.round(score))), [
      [10, null, 16, null],
      [0, 1, 2, 3],
      [500, 601, 702, null], // The triplets still are those of their alerts.
    ]);
    const reason = "a feature is missing";
    assertEquals(failures, [
      { model: "sum", reason, alerts: 2 },
      { model: "mixed", reason, alerts: 1 },
    ]);
  });

  it("keeps a score that is no number: that of an image without a norm", async () => {
    await using folder = await weighted();
    await using scorer = await openScorer((await folder.prepare([manifestOf("mean")])).ready);
    const input = inputOf([[1, 2], [3, 4]]);
    input.triplets.fill(NaN, TRIPLET_SIZE);
    const { scores, failures } = await scorer.score(input);
    assertEquals([scores[0]!.scores, failures], [[0, NaN], []]);
  });

  it("leaves out alerts whose feature nobody gave", async () => {
    await using folder = await weighted();
    await using scorer = await openScorer(
      (await folder.prepare([manifestOf("sum", ON_FEATURES)])).ready,
    );
    const { scores } = await scorer.score({ ...inputOf([[1, 2]]), features: new Map() });
    assertEquals(scores[0]!.scores, [null]);
  });

  it("divides a feature by the norm of its name", async () => {
    await using folder = await weighted();
    const settings = { ...ON_FEATURES, feature_norms: { dec: 4 } };
    await using scorer = await openScorer(
      (await folder.prepare([manifestOf("sum", settings)])).ready,
    );
    const { scores } = await scorer.score(inputOf([[4, 8]]));
    assertEquals(scores[0]!.scores, [4 + 2 * 8 / 4]);
  });

  it("tells what the runtime says of a file that it can't load, and scores by the others", async () => {
    await using folder = await weighted();
    const { ready } = await folder.prepare([manifestOf("sum", ON_FEATURES), manifestOf("mean")]);
    await Deno.writeTextFile(ready[0]!.onnxPath, "no network");
    await using scorer = await openScorer(ready);
    const { scores, failures } = await scorer.score(inputOf([[1, 2], [3, 4]]));
    assertEquals(scores[0]!.scores, [null, null]);
    assert(scores[1]!.scores.every((score) => score !== null));
    assertEquals(failures.map(({ model, alerts }) => [model, alerts]), [["sum", 2]]);
    assert(failures[0]!.reason.length > 0);
  });

  it("takes ONNX as it is, with inputs and output of any name", async () => {
    await using folder = await weighted();
    const bytes = toOnnx([sumNetwork(1)], { inputs: ["x"], outputs: ["y"] });
    await Deno.writeFile(folder.path("theirs.v1.onnx"), bytes);
    const manifest = manifestOf("theirs", { ...ON_FEATURES, format: "onnx" });
    await using scorer = await openScorer((await folder.prepare([manifest])).ready);
    const { scores, failures } = await scorer.score(inputOf([[1, 2], [3, 4]]));
    assertEquals([scores[0]!.scores, failures], [[5, 11], []]);
  });

  const misfits: Record<string, [Network, Partial<ModelSettings>, RegExp]> = {
    "of two scores": [sumNetwork(2), ON_FEATURES, /one score an alert: for 2 it gives \[2,2\]/],
    "of fewer inputs": [
      sumNetwork(1),
      { feature_names: ["ra", "dec"] },
      /must take features,triplet: it takes x/,
    ],
    "of fewer features": [sumNetwork(1), { triplet: false, feature_names: ["ra"] }, /dimension/i],
  };
  for (const [what, [network, settings, reason]] of Object.entries(misfits)) {
    it(`says why it has no scores of an ONNX file ${what}`, async () => {
      await using folder = await weighted();
      const bytes = toOnnx([network], { inputs: ["x"], outputs: ["y"] });
      await Deno.writeFile(folder.path("theirs.v1.onnx"), bytes);
      const { ready } = await folder.prepare([
        manifestOf("theirs", { ...settings, format: "onnx" }),
      ]);
      await using scorer = await openScorer(ready);
      const { scores, failures } = await scorer.score(inputOf([[1, 2], [3, 4]]));
      assertEquals(scores[0]!.scores, [null, null]);
      assertEquals(failures.map(({ model, alerts }) => [model, alerts]), [["theirs", 2]]);
      assert(reason.test(failures[0]!.reason), failures[0]!.reason);
    });
  }
});

/** `ra` and `dec` of each alert; the pixels of its triplet are its place in the batch. */
function inputOf(alerts: readonly (readonly [number, number])[]): ScoreInput {
  const triplets = new Float32Array(alerts.length * TRIPLET_SIZE);
  alerts.forEach((_, i) => triplets.fill(i, i * TRIPLET_SIZE, (i + 1) * TRIPLET_SIZE));
  return {
    count: alerts.length,
    triplets,
    features: new Map([
      ["ra", Float64Array.from(alerts, ([ra]) => ra)],
      ["dec", Float64Array.from(alerts, ([, dec]) => dec)],
    ]),
  };
}

/** Three networks: `ra + 2 dec`; the triplet's mean; that mean plus `100 dec`. */
async function weighted(): Promise<ModelFolder> {
  const folder = await ModelFolder.make();
  const layer = (
    class_name: string,
    config: { name: string; [key: string]: unknown },
  ): NaiveLayer => ({
    class_name,
    config,
  });
  const score = layer("Dense", { name: "score", units: 1 });
  await folder.write("sum", sequential([score], [2]), { score: sumWeights(1) });
  const pool = layer("GlobalAveragePooling2D", { name: "pool" });
  await folder.write("mean", sequential([pool, score], [63, 63, 3]), {
    score: { kernel: floats([3, 1], [1 / 3, 1 / 3, 1 / 3]), bias: floats([1], [0]) },
  });
  const inputs = [
    layer("InputLayer", { name: "a", batch_input_shape: [null, 63, 63, 3] }),
    layer("InputLayer", { name: "b", batch_input_shape: [null, 1] }),
  ];
  const from = (net: NaiveLayer, ...names: string[]): NaiveLayer => ({
    ...net,
    inbound_nodes: [names.map((name) => [name, 0, 0, {}])],
  });
  const both = layer("Concatenate", { name: "both" });
  const layers = [...inputs, from(pool, "a"), from(both, "pool", "b"), from(score, "both")];
  await folder.write("mixed", functional(layers, ["a", "b"]), {
    score: { kernel: floats([4, 1], [1 / 3, 1 / 3, 1 / 3, 100]), bias: floats([1], [0]) },
  });
  return folder;
}

/** `ra + 2 dec`, as often as asked. */
function sumNetwork(units: number): Network {
  const weights = new Map(Object.entries(sumWeights(units)));
  const config = { batch_input_shape: [null, 2] };
  return {
    layers: [
      { name: "x", type: "InputLayer", config, inputs: [], weights: new Map() },
      { name: "y", type: "Dense", config: { units }, inputs: ["x"], weights },
    ],
    inputs: ["x"],
    output: "y",
  };
}

function sumWeights(units: number): Record<string, Weights> {
  const row = (value: number) => new Array<number>(units).fill(value);
  return { kernel: floats([2, units], [...row(1), ...row(2)]), bias: floats([units], row(0)) };
}

function floats(shape: readonly number[], values: readonly number[]): Weights {
  return { shape, data: Float32Array.from(values) };
}
