/** From an alert's cutout to the file that people get. */
import type { CutoutFormat, CutoutStyle } from "../contract/cutouts.ts";
import { QueryError } from "../contract/query.ts";
import type { CutoutOrientation } from "../contract/survey.ts";
import { type FitsImage, readImage, toStamp } from "../pipeline/fits.ts";
import { writeFits } from "./fits_file.ts";
import { drawPicture } from "./picture.ts";

/**
 * `stored`: as the survey sent it, a FITS image, gzipped as a rule. Throws `QueryError` where it is
 * damaged: what one alert holds is no fault of this program.
 */
export function makeCutout(
  stored: Uint8Array,
  orientation: CutoutOrientation,
  format: CutoutFormat,
  style: CutoutStyle,
): Uint8Array<ArrayBuffer> {
  const image = read(stored);
  return format === "fits"
    ? writeFits(image, orientation)
    : drawPicture(toStamp(image), orientation, style);
}

function read(stored: Uint8Array): FitsImage {
  try {
    return readImage(stored);
  } catch (error) {
    throw new QueryError(`failure: ${(error as Error).message}`, { cause: error });
  }
}
