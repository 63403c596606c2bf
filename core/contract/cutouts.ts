/** Cutouts as people ask for them: of which alert, which image, as what. */
import { z } from "zod";
import type { CutoutKind } from "./survey.ts";

export const Stretch = z.enum(["linear", "log", "asinh", "sqrt"]);
export type Stretch = z.output<typeof Stretch>;

export const Interval = z.enum(["min_max", "zscale", "asymmetric_percentile"]);
export type Interval = z.output<typeof Interval>;

export const ColourMap = z.enum(["bone", "gray", "cividis", "viridis", "magma"]);
export type ColourMap = z.output<typeof ColourMap>;

/** How a picture is drawn. */
export interface CutoutStyle {
  readonly stretch: Stretch;
  readonly interval: Interval;
  readonly cmap: ColourMap;
}

/** By the words that paths have for them. */
export const CUTOUTS: ReadonlyMap<string, CutoutKind> = new Map([
  ["science", "Science"],
  ["template", "Template"],
  ["difference", "Difference"],
]);

export const CutoutFormat = z.enum(["fits", "png"]);
export type CutoutFormat = z.output<typeof CutoutFormat>;

/** The path's parts: what each may be, the operation tells in its own words. */
export const CutoutPath = z.object({
  survey: z.string().meta({
    description: "The survey's name, in any case",
    examples: ["ztf"],
  }),
  candid: z.string().meta({
    description: "The alert's id, an integer of 64 bits",
    examples: ["1127561445515015011"],
  }),
  cutout: z.string().meta({
    description: "`science`, `template` or `difference`, in any case",
    examples: ["science"],
  }),
  file_format: z.string().meta({ description: "`fits` or `png`", examples: ["png"] }),
});

const Choice = z.string().optional();

function listed({ options }: { readonly options: readonly string[] }): string {
  return options.join(", ");
}

/** Of pictures only. What isn't known counts as not asked for. */
export const CutoutSearch = z.object({
  /** Undefined: not asked for; `linear` for a difference, else `log`. */
  stretch: Choice.transform((text) =>
    text === undefined ? undefined : oneOf(Stretch.options, text) ?? "log"
  ).meta({
    description: `Of a picture: ${listed(Stretch)}. Default: log, of a difference linear`,
  }),
  interval: Choice.transform((text) => oneOf(Interval.options, text) ?? "asymmetric_percentile")
    .meta({
      description: `Of a picture: ${listed(Interval)}. Default: asymmetric_percentile, 1 to 100 %`,
    }),
  cmap: Choice.transform((text) => oneOf(ColourMap.options, text) ?? "bone")
    .meta({ description: `Of a picture: ${listed(ColourMap)}. Default: bone` }),
});

function oneOf<T extends string>(options: readonly T[], text: string | undefined): T | undefined {
  return options.find((option) => option === text?.toLowerCase());
}
