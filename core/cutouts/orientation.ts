/** How a survey's cutouts are turned so that people see the sky as they know it. */
import type { CutoutOrientation } from "../contract/survey.ts";

/** A grid of pixels, row by row. */
export interface Grid {
  readonly width: number;
  readonly height: number;
}

/** Where each pixel of a turned grid is from: its index in the grid as it was. */
export interface Turned extends Grid {
  readonly source: Uint32Array;
}

export function turn({ width, height }: Grid, orientation: CutoutOrientation): Turned {
  const source = new Uint32Array(width * height);
  const isTransposed = orientation === "anti-transposed";
  const turned = isTransposed ? { width: height, height: width } : { width, height };
  for (let row = 0, i = 0; row < turned.height; row++) {
    for (let column = 0; column < turned.width; column++, i++) {
      source[i] = isTransposed
        ? (height - 1 - column) * width + (width - 1 - row)
        : orientation === "upside-down"
        ? (height - 1 - row) * width + column
        : i;
    }
  }
  return { ...turned, source };
}

/**
 * The same for positions on the grid: axis `i` (0: along a row, 1: across rows) becomes axis `to[i]`,
 * turned round where `sign[i]` is -1. A turned position is `length + 1 - position`, counted from 1.
 */
export const AXES: Readonly<
  Record<
    CutoutOrientation,
    { readonly to: readonly [0 | 1, 0 | 1]; readonly sign: readonly [1 | -1, 1 | -1] }
  >
> = {
  "as-is": { to: [0, 1], sign: [1, 1] },
  "upside-down": { to: [0, 1], sign: [1, -1] },
  "anti-transposed": { to: [1, 0], sign: [-1, -1] },
};
