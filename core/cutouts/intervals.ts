/** Which values are shown darkest and brightest: everything beyond is shown like these. */
import type { Interval } from "../contract/cutouts.ts";

/** The lowest and the highest value to be told from others. */
export type Limits = readonly [low: number, high: number];

/** Brighter than 1 % of the pixels: noise below the sky takes no contrast from what is above it. */
const LOW_PERCENTILE = 1;

/** Finds the limits of `values`, which are finite and not none. */
export const INTERVALS: Readonly<Record<Interval, (values: Float64Array) => Limits>> = {
  min_max: minMax,
  zscale: (values) => zscale(values, ZSCALE),
  asymmetric_percentile(values) {
    const limits = minMax(values);
    return [percentile(values, LOW_PERCENTILE, limits), limits[1]];
  },
};

export function minMax(values: Float64Array): Limits {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

const BINS = 1024;

/**
 * Between the two values nearest to it in their order, by how near they are. Only values of their bins
 * are sorted: to sort them all would take a third of the time that a picture takes.
 */
function percentile(values: Float64Array, percent: number, [low, high]: Limits): number {
  const range = high - low || 1;
  const binOf = (value: number) => Math.floor((value - low) / range * (BINS - 1));
  const counts = new Uint32Array(BINS);
  for (let i = 0; i < values.length; i++) counts[binOf(values[i]!)]!++;
  const rank = (percent / 100) * (values.length - 1);
  let before = 0; // Values in the bins below `first`.
  let first = 0;
  while (before + counts[first]! <= Math.floor(rank)) before += counts[first++]!;
  let last = first;
  for (let upTo = before + counts[first]!; upTo <= Math.ceil(rank);) upTo += counts[++last]!;
  const sorted = values.filter((value) => binOf(value) >= first && binOf(value) <= last).sort();
  const at = Math.floor(rank) - before;
  return sorted[at]! + (sorted[Math.ceil(rank) - before]! - sorted[at]!) * (rank % 1);
}

const ZSCALE: ZscaleOptions = {
  samples: 600,
  contrast: 0.045,
  iterationsMax: 5,
  rejectSigma: 2.5,
  keptPartMin: 0.5,
  keptMin: 5,
  growPart: 0.01,
};

interface ZscaleOptions {
  /** How many pixels are looked at. */
  readonly samples: number;
  readonly contrast: number;
  readonly iterationsMax: number;
  readonly rejectSigma: number;
  /** With a smaller part, or number, of samples left the fit isn't trusted. */
  readonly keptPartMin: number;
  readonly keptMin: number;
  /** The part of all samples that is rejected around one that is. */
  readonly growPart: number;
}

/**
 * The limits of IRAF's `zscale` (NOAO, task `display`): a line through the sorted samples, fitted again
 * without what is far from it, and limits where the line, steepened by the contrast, leaves the range
 * of the data.
 */
export function zscale(values: Float64Array, options: ZscaleOptions): Limits {
  const stride = Math.max(1, Math.floor(values.length / options.samples));
  const count = Math.min(options.samples, Math.ceil(values.length / stride));
  const sorted = new Float64Array(count);
  for (let i = 0; i < count; i++) sorted[i] = values[i * stride]!;
  sorted.sort();
  const [low, high] = [sorted[0]!, sorted[count - 1]!];
  const keptMin = Math.max(options.keptMin, Math.floor(count * options.keptPartMin));
  const { slope, kept } = fitKept(sorted, keptMin, options);
  if (kept < keptMin) return [low, high];
  const steep = options.contrast > 0 ? slope / options.contrast : slope;
  const centre = Math.floor((count - 1) / 2);
  const median = (sorted[centre]! + sorted[Math.floor(count / 2)]!) / 2;
  return [
    Math.max(low, median - (centre - 1) * steep),
    Math.min(high, median + (count - centre) * steep),
  ];
}

/** The slope of the line through the samples that stay near it, and how many do. */
function fitKept(
  sorted: Float64Array,
  keptMin: number,
  { iterationsMax, rejectSigma, growPart }: ZscaleOptions,
): { slope: number; kept: number } {
  const count = sorted.length;
  // Each is rejected with its neighbours.
  const grow = Math.max(1, Math.floor(count * growPart));
  const growBefore = Math.floor((grow - 1) / 2);
  let rejected = new Uint8Array(count);
  let [slope, kept, before] = [0, count, count + 1];
  for (let i = 0; i < iterationsMax && kept < before && kept >= keptMin; i++) {
    const line = fitLine(sorted, rejected);
    slope = line.slope;
    rejected = new Uint8Array(count);
    for (let at = 0; at < count; at++) {
      if (Math.abs(sorted[at]! - line.at0 - slope * at) > rejectSigma * line.sigma) {
        rejected.fill(1, Math.max(0, at - growBefore), at - growBefore + grow);
      }
    }
    before = kept;
    kept = 0;
    for (let at = 0; at < count; at++) kept += 1 - rejected[at]!;
  }
  return { slope, kept };
}

/** Least squares of value against place, and how far the values are from the line. */
function fitLine(values: Float64Array, rejected: Uint8Array) {
  let [n, x, y, xx, xy] = [0, 0, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    if (rejected[i]) continue;
    const value = values[i]!;
    n++;
    x += i;
    y += value;
    xx += i * i;
    xy += i * value;
  }
  const spread = n * xx - x * x;
  const slope = spread === 0 ? 0 : (n * xy - x * y) / spread;
  const at0 = (y - slope * x) / n;
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (rejected[i]) continue;
    const off = values[i]! - at0 - slope * i;
    sum += off;
    squares += off * off;
  }
  return { slope, at0, sigma: Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2)) };
}
