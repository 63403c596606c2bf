/** What settings say of a network, with the keys that operators know, and the manifest that it becomes. */
import { z } from "zod";
import type { ModelManifest } from "../core/contract/model.ts";

/** Features that a network may ask for; in this order for one that asks for all. */
export const ALLOWED_FEATURES = [
  "drb",
  "diffmaglim",
  "ra",
  "dec",
  "magpsf",
  "sigmapsf",
  "chipsf",
  "fwhm",
  "sky",
  "chinr",
  "sharpnr",
  "sgscore1",
  "distpsnr1",
  "sgscore2",
  "distpsnr2",
  "sgscore3",
  "distpsnr3",
  "ndethist",
  "ncovhist",
  "scorr",
  "nmtchps",
  "clrcoeff",
  "clrcounc",
  "neargaia",
  "neargaiabright",
  "classtar",
  "peakmag_so_far",
  "maxmag_so_far",
  "days_since_peak",
  "days_to_peak",
  "nnondet",
  "age",
] as const;

const Feature = z.enum(ALLOWED_FEATURES);

/** One entry of `ml.<instrument>.models`. */
export const ModelSettings = z.strictObject({
  version: z.string().min(1),
  /** False: none; true: all that are allowed. */
  feature_names: z.union([z.boolean(), z.array(Feature).min(1)]).default(false),
  feature_norms: z.partialRecord(Feature, z.number().positive()).nullable().default(null),
  triplet: z.boolean().default(false),
  format: z.enum(["h5", "pb", "onnx"]).default("h5"),
  order: z.array(z.enum(["features", "triplet"])).default(["features", "triplet"]),
  url: z.string().nullable().default(null),
  /** Below the models' folder; `<name>.<version>` with the format's ending by default. */
  file: z.string().min(1).nullable().default(null),
  sha256: z.string().regex(/^[0-9a-f]{64}$/).nullable().default(null),
  license: z.string().nullable().default(null),
}).refine(
  ({ feature_names, triplet }) => triplet || feature_names !== false,
  "A model must take feature_names, triplet, or both",
).refine(
  ({ order, feature_names, triplet }) =>
    new Set(order).size === order.length &&
    (!triplet || order.includes("triplet")) &&
    (feature_names === false || order.includes("features")),
  { path: ["order"], message: "must name each input once" },
);
export type ModelSettings = z.input<typeof ModelSettings>;
export type ModelEntries = Readonly<Record<string, ModelSettings>>;

/** Throws an `Error` that tells what is wrong with the entry. */
export function toManifest(name: string, settings: ModelSettings): ModelManifest {
  const parsed = ModelSettings.safeParse(settings);
  if (!parsed.success) {
    throw new Error(`Cannot use the model ${name}:\n${z.prettifyError(parsed.error)}`);
  }
  const entry = parsed.data;
  const names = entry.feature_names;
  const ending = entry.format === "pb" ? "" : `.${entry.format}`;
  return {
    name,
    version: entry.version,
    file: entry.file ?? `${name}.${entry.version}${ending}`,
    featureNames: names === false ? null : names === true ? ALLOWED_FEATURES : names,
    featureNorms: entry.feature_norms as ModelManifest["featureNorms"] ?? null,
    triplet: entry.triplet,
    order: entry.order,
    url: entry.url,
    sha256: entry.sha256,
    license: entry.license,
  };
}
