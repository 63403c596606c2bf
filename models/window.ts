/** A window that slides over an image: what convolution and pooling have in common. */
import type { LayerOf } from "./layer.ts";
import type { Attributes } from "./onnx_graph.ts";

type Pair = readonly [number, number];

export interface Window {
  /** Height and width. */
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilation: Pair;
  /** Keras' `valid` or `same`. */
  readonly padding: string;
}

/** The attributes of ONNX for the window on an image of this size. */
export function windowAttributes(
  layer: LayerOf,
  window: Window,
  size: readonly number[],
): Attributes {
  const { kernel, strides, padding } = window;
  if (padding !== "valid" && padding !== "same") {
    throw layer.error(`has a padding that we don't support: ${padding}`);
  }
  const missing = [0, 1].map((axis) => missingPixels(window, size, axis));
  const before = missing.map((pixels) => Math.floor(pixels / 2)); // As TensorFlow: the odd one last.
  const after = missing.map((pixels, axis) => pixels - before[axis]!);
  return { kernel_shape: kernel, strides, pads: [...before, ...after] };
}

/** Height and width of what comes out. */
export function outputSize(window: Window, size: readonly number[]): [number, number] {
  const along = (axis: number) => {
    const pixels = size[axis]! + missingPixels(window, size, axis) - extent(window, axis);
    return Math.floor(pixels / window.strides[axis]!) + 1;
  };
  return [along(0), along(1)];
}

/** How many pixels `same` adds along an axis, before and after together. */
function missingPixels(window: Window, size: readonly number[], axis: number): number {
  if (window.padding !== "same") return 0;
  const stride = window.strides[axis]!;
  const steps = Math.ceil(size[axis]! / stride) - 1;
  return Math.max(0, steps * stride + extent(window, axis) - size[axis]!);
}

function extent({ kernel, dilation }: Window, axis: number): number {
  return (kernel[axis]! - 1) * dilation[axis]! + 1;
}
