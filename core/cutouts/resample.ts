/**
 * Brings a grid of values to another size, smoothly: each new value is a mean of the nearest old ones,
 * weighted by a raised cosine (Hann's window), which is as wide as a pixel of the coarser grid.
 */
import type { Grid } from "./orientation.ts";

/** The old values that a new one along a line is made of: `count` of them from `first` on. */
interface Taps {
  readonly count: number;
  readonly first: Int32Array;
  /** `count` for each new value; they add up to 1. */
  readonly weights: Float64Array;
}

export function resample(
  values: Float64Array,
  from: Grid,
  to: Grid,
): Float64Array {
  const across = tapsOf(from.width, to.width);
  const down = tapsOf(from.height, to.height);
  const rows = new Float64Array(from.height * to.width);
  for (let y = 0; y < from.height; y++) {
    for (let x = 0; x < to.width; x++) {
      let sum = 0;
      for (let tap = 0; tap < across.count; tap++) {
        const at = clamp(across.first[x]! + tap, from.width);
        sum += across.weights[x * across.count + tap]! * values[y * from.width + at]!;
      }
      rows[y * to.width + x] = sum;
    }
  }
  const result = new Float64Array(to.height * to.width);
  for (let y = 0; y < to.height; y++) {
    for (let tap = 0; tap < down.count; tap++) {
      const weight = down.weights[y * down.count + tap]!;
      const row = clamp(down.first[y]! + tap, from.height) * to.width;
      for (let x = 0; x < to.width; x++) result[y * to.width + x]! += weight * rows[row + x]!;
    }
  }
  return result;
}

const known = new Map<string, Taps>();
const KNOWN_MAX = 64;

/** The same for all cutouts of a survey, so kept. */
function tapsOf(from: number, to: number): Taps {
  const key = `${from} ${to}`;
  let taps = known.get(key);
  if (taps === undefined) {
    taps = makeTaps(from, to);
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(key, taps);
  }
  return taps;
}

function makeTaps(from: number, to: number): Taps {
  const step = from / to;
  // Pixels that are drawn three times as large, or evenly twice, are better seen as they are.
  const isSharp = step <= 1 / 3 || step === 1 / 2 || step === 1;
  const radius = Math.max(1, step);
  const count = isSharp ? 1 : Math.ceil(2 * radius);
  const first = new Int32Array(to);
  const weights = new Float64Array(to * count);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * step - 0.5;
    first[i] = isSharp ? Math.round(centre) : Math.floor(centre - radius) + 1;
    let sum = 0;
    for (let tap = 0; tap < count; tap++) {
      const off = Math.abs(first[i]! + tap - centre) / radius;
      const weight = isSharp ? 1 : off < 1 ? 0.5 + 0.5 * Math.cos(Math.PI * off) : 0;
      weights[i * count + tap] = weight;
      sum += weight;
    }
    for (let tap = 0; tap < count; tap++) weights[i * count + tap]! /= sum;
  }
  return { count, first, weights };
}

/** Beyond the edge the picture goes on as it ends. */
function clamp(at: number, length: number): number {
  return at < 0 ? 0 : at >= length ? length - 1 : at;
}
