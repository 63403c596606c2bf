/** Which catalogs a survey's new objects are matched to: a few lines of settings each. */
import { z } from "zod";

export const ANGLE_UNITS = ["arcsec", "arcmin", "deg", "rad"] as const;

/** One catalog of a cross-match, with the names that operators know from `database.xmatch`. */
export const CatalogMatch = z.strictObject({
  catalog: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_]*$/),
  cone_search_radius: z.number().positive(),
  cone_search_unit: z.enum(ANGLE_UNITS).default("arcsec"),
  filter: z.record(z.string(), z.unknown()).default({}),
  projection: z.record(z.string(), z.literal([0, 1])).default({}),
  /** A galaxy match: what counts is the distance in kpc at the galaxy. */
  use_distance: z.boolean().default(false),
  distance_value: z.string().optional(),
  distance_method: z.enum(["redshift", "mpc"]).optional(),
  /** Radius at the galaxy, kpc. */
  cm_at_distance: z.number().positive().optional(),
  /** Radius for galaxies that are near, arcsec. */
  cm_low_distance: z.number().positive().optional(),
}).refine(
  (match) =>
    !match.use_distance ||
    [match.distance_value, match.distance_method, match.cm_at_distance, match.cm_low_distance]
      .every((value) => value !== undefined),
  "use_distance needs distance_value, distance_method, cm_at_distance and cm_low_distance",
);
export type CatalogMatch = z.output<typeof CatalogMatch>;
