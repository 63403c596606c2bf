/** A cutout as a picture for people: its pixels stretched, enlarged, coloured, as a PNG. */
import type { ColourMap, CutoutStyle } from "../contract/cutouts.ts";
import type { CutoutOrientation } from "../contract/survey.ts";
import type { Stamp } from "../pipeline/fits.ts";
import { colourTable } from "./colour_maps.ts";
import { INTERVALS, type Limits, minMax } from "./intervals.ts";
import { type Grid, turn } from "./orientation.ts";
import { encodePng } from "./png.ts";
import { resample } from "./resample.ts";
import { STRETCHES } from "./stretches.ts";

/** Pixels a side, of all pictures. */
export const PICTURE_SIDE = 168;

/** What is brighter is no light: surveys write such numbers where they saw nothing. */
const BRIGHTNESS_MAX = 1e20;

/**
 * A PNG with the first row of the turned cutout at the bottom. The narrower side of a cutout that isn't
 * square has a transparent margin.
 */
export function drawPicture(
  stamp: Stamp,
  orientation: CutoutOrientation,
  { stretch, interval, cmap }: CutoutStyle,
): Uint8Array<ArrayBuffer> {
  const { source, ...grid } = turn(stamp, orientation);
  const values = new Float64Array(source.length);
  for (let i = 0; i < values.length; i++) values[i] = stamp.pixels[source[i]!]!;
  fillGaps(values);
  scaleToUnit(values, minMax(values));
  const curve = STRETCHES[stretch];
  for (let i = 0; i < values.length; i++) values[i] = curve(values[i]!);
  scaleToUnit(values, INTERVALS[interval](values));
  const size = fitted(grid);
  return encodePng(PICTURE_SIDE, PICTURE_SIDE, paint(resample(values, grid, size), size, cmap));
}

/** What isn't known looks like the mean of what is. */
function fillGaps(values: Float64Array): void {
  let [sum, count] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Math.abs(value) <= BRIGHTNESS_MAX) {
      sum += value;
      count++;
    } else values[i] = NaN;
  }
  if (count === values.length) return;
  const mean = count === 0 ? 0 : sum / count;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) values[i] = mean;
  }
}

/** The limits become 0 and 1, and so does what is beyond; values that are all the same become 0. */
function scaleToUnit(values: Float64Array, [low, high]: Limits): void {
  const range = high - low || 1;
  for (let i = 0; i < values.length; i++) {
    const value = (values[i]! - low) / range;
    values[i] = value < 0 ? 0 : value > 1 ? 1 : value;
  }
}

/** As large as it can be in a picture. */
function fitted({ width, height }: Grid): Grid {
  const scale = PICTURE_SIDE / Math.max(width, height);
  const pixels = (length: number) => Math.max(1, Math.round(length * scale));
  return { width: pixels(width), height: pixels(height) };
}

/** Red, green, blue, alpha of each pixel of a picture with `values` in its middle. */
function paint(values: Float64Array, { width, height }: Grid, cmap: ColourMap): Uint8Array {
  const colours = new Uint32Array(colourTable(cmap).buffer);
  const last = colours.length - 1;
  const pixels = new Uint32Array(PICTURE_SIDE * PICTURE_SIDE);
  const left = (PICTURE_SIDE - width) >> 1;
  const bottom = PICTURE_SIDE - 1 - ((PICTURE_SIDE - height) >> 1);
  for (let y = 0; y < height; y++) {
    const at = (bottom - y) * PICTURE_SIDE + left;
    for (let x = 0; x < width; x++) {
      const entry = Math.floor(values[y * width + x]! * colours.length);
      pixels[at + x] = colours[entry < 0 ? 0 : entry > last ? last : entry]!;
    }
  }
  return new Uint8Array(pixels.buffer);
}
