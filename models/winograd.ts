/**
 * Heavy convolutions with fewer multiplications: along the height, four rows of output at a time take
 * 8 products a pixel and channel where a kernel of 5 rows takes 20, and 6 where one of 3 takes 12.
 *
 * The rows are seen as polynomials, multiplied by their values at some points, and put together again
 * (Toom and Cook; S. Winograd, Arithmetic Complexity of Computations, 1980; for networks A. Lavin and
 * S. Gray, arXiv:1509.09308). All of it is convolutions and sums that the runtime keeps in its own
 * blocked layout. BTSbot becomes a third cheaper; its scores move by less than 1e-6.
 */
import type { OnnxGraph } from "./onnx_graph.ts";
import type { NodeProto } from "./onnx_proto.ts";
import type { Size } from "./trim_borders.ts";

/** Rows of output that come of one tile of input. */
const TILE_ROWS = 4;
/** After zero in pairs of both signs, so that half of the sums are shared. Infinity comes last. */
const POINTS = [0, 1, -1, 2, -2, 1 / 2, -1 / 2];
/** Kernels of other heights want other points, and lose more digits. */
const KERNEL_ROWS = [3, 5];
/** Multiplications for an alert that must be saved: 0.2 ms, which the sums and the copying cost. */
const SAVED_MIN = 15e6;
/** The runtime's blocks are of 8 or 16 channels: others don't stay in its layout. */
const BLOCK_CHANNELS = 16;

/** Replaces convolutions where it saves time, in place. `sizes` has the height and width of images. */
export function applyWinograd(
  graph: OnnxGraph,
  sizes: ReadonlyMap<string, Size>,
  savedMin = SAVED_MIN,
): void {
  for (const node of [...graph.proto.node]) {
    const size = sizes.get(node.input[0]!);
    const convolution = size && node.opType === "Conv" && readConvolution(graph, node, size);
    if (convolution && savedBy(convolution) >= savedMin) replace(graph, node, convolution);
  }
}

/** Transforms of tiles and of kernels, a row for each point: `B^T` and `G` of the literature. */
export function transforms(kernelRows: number): { tile: number[][]; kernel: number[][] } {
  const points = POINTS.slice(0, TILE_ROWS + kernelRows - 2);
  const others = points.map((point) => points.filter((other) => other !== point));
  const powers = Array.from({ length: kernelRows }, (_, row) => row);
  return {
    tile: [...others.map((roots) => [...polynomial(roots), 0]), polynomial(points)],
    kernel: [
      ...points.map((point, at) => {
        const norm = others[at]!.reduce((product, other) => product * (point - other), 1);
        return powers.map((power) => point ** power / norm);
      }),
      powers.map((power) => power === kernelRows - 1 ? 1 : 0),
    ],
  };
}

/** The coefficients of the polynomial with these roots, the constant first. */
function polynomial(roots: readonly number[]): number[] {
  return roots.reduce<number[]>((coefficients, root) => {
    const shifted = [0, ...coefficients];
    return shifted.map((value, power) => value - root * (coefficients[power] ?? 0));
  }, [1]);
}

interface Convolution {
  readonly kernel: Float32Array;
  /** Filters, channels, height, width. */
  readonly shape: readonly [number, number, number, number];
  readonly bias: Float32Array | undefined;
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  readonly input: Size;
  readonly output: Size;
}

/** Undefined for convolutions that this isn't for. */
function readConvolution(
  graph: OnnxGraph,
  node: NodeProto,
  input: Size,
): Convolution | undefined {
  const ints = (name: string) => node.attribute.find((attribute) => attribute.name === name)?.ints;
  const group = node.attribute.find(({ name }) => name === "group")?.i;
  const [kernel, bias] = node.input.slice(1).map((name) => constant(graph, name));
  const shape = kernel!.dims as [number, number, number, number];
  const [filters, channels, rows, columns] = shape;
  const isPlain = group === 1 &&
    [...ints("strides") ?? [], ...ints("dilations") ?? []].every((step) => step === 1);
  const isBlocked = filters % BLOCK_CHANNELS === 0 && channels % BLOCK_CHANNELS === 0;
  if (!isPlain || !isBlocked || !KERNEL_ROWS.includes(rows)) return undefined;
  const pads = ints("pads") as [number, number, number, number];
  const [top, left, bottom, right] = pads;
  return {
    kernel: kernel!.values,
    shape,
    bias: bias?.values,
    pads,
    input,
    output: [input[0] + top + bottom - rows + 1, input[1] + left + right - columns + 1],
  };
}

function constant(graph: OnnxGraph, name: string): { dims: number[]; values: Float32Array } {
  const { dims, rawData } = graph.proto.initializer.find((tensor) => tensor.name === name)!;
  return { dims, values: new Float32Array(rawData.slice().buffer) };
}

function savedBy({ shape, output: [height, width] }: Convolution): number {
  const [filters, channels, rows, columns] = shape;
  const products = TILE_ROWS + rows - 1;
  const share = 1 - products / (TILE_ROWS * rows);
  return height * width * filters * channels * rows * columns * share;
}

/** The convolution, and the ReLU after it where there is one, become nodes in the same place. */
function replace(graph: OnnxGraph, node: NodeProto, convolution: Convolution): void {
  const nodes = graph.proto.node;
  const users = nodes.filter(({ input }) => input.includes(node.output[0]!));
  const relu = users.length === 1 && users[0]!.opType === "Relu" ? users[0] : undefined;
  const rest = nodes.splice(nodes.indexOf(node)).filter((each) => each !== node && each !== relu);
  graph.scope = node.name;
  const products = multiply(graph, node.input[0]!, convolution);
  const rows = putTogether(graph, products, convolution).map((row) =>
    relu === undefined ? row : graph.node("Relu", [row])
  );
  interleave(graph, rows, convolution, (relu ?? node).output[0]!);
  nodes.push(...rest);
}

/** For each point: a row for each tile, multiplied by the kernel, which is one row high now. */
function multiply(graph: OnnxGraph, input: string, convolution: Convolution): string[] {
  const { shape: [filters, channels, rows, columns], pads, input: size, output } = convolution;
  const [top, left, , right] = pads;
  const tileRows = TILE_ROWS + rows - 1;
  const bottom = (tilesOf(output) - 1) * TILE_ROWS + tileRows - top - size[0];
  const { tile, kernel } = transforms(rows);
  return tile.map((weights, point) => {
    const transformed = graph.node("Conv", [
      input,
      graph.floats([channels, 1, tileRows, 1], repeated(weights, channels)),
    ], {
      kernel_shape: [tileRows, 1],
      strides: [TILE_ROWS, 1],
      pads: [top, 0, bottom, 0],
      group: channels,
    });
    return graph.node("Conv", [
      transformed,
      graph.floats([filters, channels, 1, columns], valuesAt(kernel[point]!, convolution)),
    ], { kernel_shape: [1, columns], pads: [0, left, 0, right] });
  });
}

/** The kernels' values at one point. */
function valuesAt(powers: readonly number[], { kernel, shape }: Convolution): Float32Array {
  const [filters, channels, rows, columns] = shape;
  return Float32Array.from({ length: filters * channels * columns }, (_, at) => {
    const first = Math.floor(at / columns) * rows * columns + at % columns;
    return powers.reduce((sum, power, row) => sum + power * kernel[first + row * columns]!, 0);
  });
}

/**
 * The four rows of output of every tile, out of the products at all points: row k is the sum of
 * products times their points to the power of k. Those of opposite points differ by the sign only.
 */
function putTogether(
  graph: OnnxGraph,
  products: readonly string[],
  { shape: [filters], bias }: Convolution,
): string[] {
  const add = (one: string, other: string) => graph.node("Add", [one, other]);
  const times = (value: string, factor: number, offset?: Float32Array) => {
    const names = [value, graph.floats([filters, 1, 1, 1], repeated([factor], filters))];
    if (offset !== undefined) names.push(graph.floats([filters], offset));
    return graph.node("Conv", names, { kernel_shape: [1, 1], group: filters });
  };
  const [atZero, ...others] = products.slice(0, -1);
  const atInfinity = products.at(-1)!;
  const pairs = Array.from({ length: others.length / 2 }, (_, i) => {
    const [plus, minus] = [others[2 * i]!, others[2 * i + 1]!];
    return {
      point: POINTS[2 * i + 1]!,
      even: add(plus, minus),
      odd: add(times(minus, -1), plus),
    };
  });
  return Array.from({ length: TILE_ROWS }, (_, power) => {
    const [first, ...more] = pairs.map(({ point, even, odd }) => ({
      value: power % 2 === 0 ? even : odd,
      factor: point ** power,
    }));
    let sum = first!.value; // Its point is one.
    if (power === 0) sum = add(sum, atZero!);
    if (power === TILE_ROWS - 1) sum = add(sum, atInfinity);
    more.forEach(({ value, factor }, at) => {
      const isLast = at === more.length - 1;
      sum = add(times(value, factor, isLast ? bias : undefined), sum);
    });
    return sum;
  });
}

/** First rows of all tiles, second rows, and so on, to an image. */
function interleave(
  graph: OnnxGraph,
  rows: readonly string[],
  { shape: [filters], output }: Convolution,
  name: string,
): void {
  const [height, width] = output;
  const axis = graph.integers([3]);
  const apart = rows.map((row) => graph.node("Unsqueeze", [row, axis]));
  const whole = graph.node("Reshape", [
    graph.node("Concat", apart, { axis: 3 }),
    graph.integers([0, filters, tilesOf(output) * TILE_ROWS, width]),
  ]);
  graph.node("Slice", [whole, ...[0, height, 2].map((value) => graph.integers([value]))]);
  graph.proto.node.at(-1)!.output = [name];
}

function tilesOf([height]: Size): number {
  return Math.ceil(height / TILE_ROWS);
}

function repeated(values: readonly number[], times: number): Float32Array {
  return Float32Array.from(
    { length: values.length * times },
    (_, at) => values[at % values.length]!,
  );
}
