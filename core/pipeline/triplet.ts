/** The images that networks see: an alert's three cutouts, each normalised, as the channels of one. */
import type { Alert } from "../contract/survey.ts";
import { CUTOUT_KINDS } from "../contract/survey.ts";
import { readStamp, type Stamp } from "./fits.ts";

const SIDE = 63;
const CHANNELS = CUTOUT_KINDS.length;
export const TRIPLET_SIZE = SIDE * SIDE * CHANNELS;

/** What the networks were trained to see beyond the edge of a detector. */
const PADDING = 1e-9;
const FLOAT32_MAX = 3.4028234663852886e38;

/**
 * Writes `63 x 63 x 3` float32, channels last (science, template, difference), from element `at` on.
 * A smaller cutout is padded below and to the right. A cutout of zeros only becomes NaN, and so does
 * its score.
 *
 * Throws where a cutout is missing, is no image, or is larger than 63 pixels; what it has written by
 * then stays.
 */
export function fillTriplet(cutouts: Alert["cutouts"], target: Float32Array, at: number): void {
  CUTOUT_KINDS.forEach((kind, channel) => {
    const cutout = cutouts[kind];
    if (cutout === null) throw new Error(`Cannot make a triplet: cutout ${kind} is missing`);
    fillChannel(readStamp(cutout), target, at + channel);
  });
}

function fillChannel({ width, height, pixels }: Stamp, target: Float32Array, at: number): void {
  if (width > SIDE || height > SIDE) {
    throw new Error(
      `Cannot make a triplet as a cutout must be at most ${SIDE} x ${SIDE}: ` +
        `current value is ${width} x ${height}`,
    );
  }
  let sum = 0;
  for (let i = 0; i < pixels.length; i++) {
    const pixel = toFinite(pixels[i]!);
    pixels[i] = pixel;
    sum += pixel * pixel;
  }
  // The networks were trained on norms in float32, where the missing pixels of a template (-3.4e38)
  // overflow: the norm is infinite and the channel zero. In double it would not be.
  const norm = Math.fround(Math.sqrt(Math.fround(sum)));
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      target[at + (y * SIDE + x) * CHANNELS] = x < width && y < height
        ? pixels[y * width + x]! / norm
        : PADDING;
    }
  }
}

function toFinite(pixel: number): number {
  if (Number.isNaN(pixel)) return 0;
  return Math.min(Math.max(pixel, -FLOAT32_MAX), FLOAT32_MAX);
}
