/** What skymaps have in common as they are told to clients. */
import type { SkymapDocument } from "../archive/skymap_store.ts";
import { dateText, levelsOf } from "../contract/skymaps.ts";

export function toTold({ dateobs, localization_name, contours }: SkymapDocument) {
  return { dateobs: dateText(dateobs), localization_name, contours: levelsOf(contours) };
}
