// Fewer multiplications give the same convolution: its rows, its edges, its bias.
import { describe, it } from "@std/testing/bdd";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Random } from "../core/sources/simulator/random.ts";
import { openScorer } from "../workers/onnx.ts";
import { manifestOf, ModelFolder } from "./model_folder_for_tests.ts";
import { OnnxGraph } from "./onnx_graph.ts";
import { trimBorders } from "./trim_borders.ts";
import { applyWinograd, transforms } from "./winograd.ts";

/** Rows of output of a tile. */
const TILE_ROWS = 4;
const ALERTS = 3;

describe("transforms", () => {
  for (const kernelRows of [3, 5]) {
    it(`multiply a tile by a kernel of ${kernelRows} rows`, () => {
      const { tile, kernel } = transforms(kernelRows);
      const rows = TILE_ROWS + kernelRows - 1;
      const points = [0, 1, -1, 2, -2, 0.5, -0.5].slice(0, rows - 1);
      const numbers = (length: number) =>
        fc.array(fc.integer({ min: -99, max: 99 }), { minLength: length, maxLength: length });
      fc.assert(fc.property(numbers(rows), numbers(kernelRows), (pixels, weights) => {
        const products = tile.map((row, at) => dot(row, pixels) * dot(kernel[at]!, weights));
        for (let k = 0; k < TILE_ROWS; k++) {
          const atInfinity = k === TILE_ROWS - 1 ? products.at(-1)! : 0;
          const found = points.reduce((sum, p, i) => sum + p ** k * products[i]!, atInfinity);
          assertAlmostEquals(found, dot(weights, pixels.slice(k)), 1e-6);
        }
      }));
    });
  }
});

interface Case {
  readonly kernel: readonly [number, number];
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  readonly bias?: boolean;
  readonly relu?: boolean;
  readonly channels?: number;
  readonly strides?: readonly [number, number];
  readonly group?: number;
}

describe("applyWinograd", () => {
  const cases: Record<string, Case> = {
    "5 x 5 that keeps the size": { kernel: [5, 5], pads: [2, 2, 2, 2], bias: true, relu: true },
    "5 x 5 that shrinks": { kernel: [5, 5], pads: [0, 0, 0, 0], bias: true, relu: true },
    "5 x 3 with other edges": { kernel: [5, 3], pads: [3, 0, 1, 2], bias: true },
    "3 x 3 that keeps the size": { kernel: [3, 3], pads: [1, 1, 1, 1], bias: true, relu: true },
    "3 x 1 without bias": { kernel: [3, 1], pads: [1, 0, 1, 0] },
    "3 x 3 with a ReLU and no bias": { kernel: [3, 3], pads: [0, 1, 1, 0], relu: true },
  };
  for (const [name, each] of Object.entries(cases)) {
    it(`gives what a convolution gives: ${name}`, async () => {
      const plain = graphOf(each);
      const short = graphOf(each);
      applyWinograd(short, trimBorders(short), 0);
      assert(kernelsIn(short).every(([height]) => height !== each.kernel[0]));
      const [expected, found] = [await scoresOf(plain), await scoresOf(short)];
      assert(new Set(expected).size === ALERTS);
      found.forEach((score, i) => assertAlmostEquals(score, expected[i]!, 1e-4));
    });
  }

  const others: Record<string, [Case, number?]> = {
    "of few channels": [{ kernel: [3, 3], pads: [1, 1, 1, 1], channels: 8 }],
    "with strides": [{ kernel: [3, 3], pads: [1, 1, 1, 1], strides: [2, 1] }],
    "in groups": [{ kernel: [3, 3], pads: [1, 1, 1, 1], group: 2 }],
    "of other heights": [{ kernel: [7, 7], pads: [3, 3, 3, 3] }],
    "that are light": [{ kernel: [5, 5], pads: [2, 2, 2, 2] }, 1e6],
  };
  for (const [name, [each, savedMin]] of Object.entries(others)) {
    it(`leaves convolutions ${name}`, () => {
      const graph = graphOf(each);
      const before = structuredClone(graph.proto.node);
      applyWinograd(graph, trimBorders(graph), savedMin ?? 0);
      assertEquals(graph.proto.node, before);
    });
  }
});

/** From the triplet to 9 x 9 pixels of some channels, through the convolution, to a score. */
function graphOf({ kernel, pads, bias, relu, channels = 16, strides, group }: Case): OnnxGraph {
  const random = new Random("winograd");
  const graph = new OnnxGraph();
  const weights = (...dims: number[]) => {
    const length = dims.reduce((product, size) => product * size, 1);
    return graph.floats(dims, Float32Array.from({ length }, () => random.normal(0, 0.2)));
  };
  const step = strides ?? [1, 1];
  const input = graph.input("triplet", [63, 63, 3]);
  const image = graph.node("Transpose", [input], { perm: [0, 3, 1, 2] });
  const pixels = graph.node("Conv", [image, weights(channels, 3, 7, 7)], {
    ...{ kernel_shape: [7, 7], strides: [7, 7], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 },
  });
  const inner = [
    pixels,
    weights(16, channels / (group ?? 1), ...kernel),
    ...bias ? [weights(16)] : [],
  ];
  const attributes = { kernel_shape: kernel, strides: step, pads, dilations: [1, 1] };
  const convolved = graph.node("Conv", inner, { ...attributes, group: group ?? 1 });
  const last = relu ? graph.node("Relu", [convolved]) : convolved;
  const [height, width] = ([0, 1] as const).map((axis) =>
    Math.floor((9 + pads[axis] + pads[axis + 2]! - kernel[axis]) / step[axis]!) + 1
  );
  const flat = graph.node("Flatten", [last], { axis: 1 });
  // No ReLU stands after it, and each pixel counts by its own weight.
  const score = graph.node("Gemm", [flat, weights(16 * height! * width!, 1)]);
  graph.output(score, [1]);
  return graph;
}

async function scoresOf(graph: OnnxGraph): Promise<number[]> {
  await using folder = await ModelFolder.make();
  await Deno.writeFile(folder.path("net.v1.onnx"), graph.encode());
  const { ready } = await folder.prepare([manifestOf("net", { format: "onnx" })]);
  await using scorer = await openScorer(ready);
  const random = new Random("pixels");
  const triplets = Float32Array.from({ length: ALERTS * 63 * 63 * 3 }, () => random.normal(0, 0.2));
  const { scores, failures } = await scorer.score({ count: ALERTS, triplets, features: new Map() });
  assertEquals(failures, []);
  return scores[0]!.scores.map((score) => score!);
}

function kernelsIn(graph: OnnxGraph): number[][] {
  return graph.proto.node.filter(({ opType }) => opType === "Conv").flatMap(({ attribute }) =>
    attribute.filter(({ name }) => name === "kernel_shape").map(({ ints }) => ints!)
  );
}

function dot(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, at) => sum + value * other[at]!, 0);
}
