/**
 * Queries as clients write them, for the documentation: what each type of `core/queries` takes. Those
 * read more forms than these, as the original does: texts for numbers, Python's literals for objects.
 */
import { z } from "zod";

const Catalog = z.string().meta({ description: "A catalog's name", examples: ["ZTF_alerts"] });
const Filter = z.looseObject({}).meta({
  description: "MongoDB's query language, and its Extended JSON",
  examples: [{ candid: { $gte: 2475433850015010009 } }],
});
const Projection = z.looseObject({}).nullable().optional().meta({
  description: "Fields to give, as MongoDB has it; by default whole documents, cutouts and all",
  examples: [{ _id: 0, candid: 1 }],
});

const MaxTime = {
  max_time_ms: z.int().min(1).optional().meta({
    description: "How long it may take, ms; 300000 at most",
  }),
};
const Hint = {
  hint: z.union([z.string(), z.looseObject({})]).nullable().optional().meta({
    description: "An index, by its name or its keys",
  }),
};
const Cut = {
  skip: z.int().min(0).nullable().optional(),
  limit: z.int().nullable().optional().meta({
    description: "0: no limit. Around positions: of each position in each catalog",
    examples: [10],
  }),
};
const Sort = {
  sort: z.array(z.union([z.tuple([z.string(), z.literal([1, -1])]), z.string()]))
    .nullable().optional().meta({
      description: "Fields, and 1 for ascending or -1 for descending; a name alone is ascending",
    }),
};
const Reading = z.looseObject({ ...MaxTime, ...Cut, ...Sort, ...Hint }).optional();
const Matching = z.looseObject({
  ...MaxTime,
  ...Cut,
  ...Sort,
  ...Hint,
  filter_first: z.boolean().optional().meta({ description: "Taken, and without effect" }),
  with_separation: z.boolean().nullable().optional().meta({
    description: "Give matches their separation, the nearest first",
  }),
}).optional();

const Unit = z.enum(["arcsec", "arcmin", "deg", "rad"]);
const Positions = z.record(z.string(), z.tuple([z.number(), z.number()])).meta({
  description: "By name: right ascension and declination, degrees. Also lists of pairs, pairs of " +
    "sexagesimal texts, or one text; dots in names become underscores",
  examples: [{ vega: [279.2347, 38.7837] }],
});
const Catalogs = z.record(
  z.string(),
  z.looseObject({ filter: Filter.nullable().optional(), projection: Projection }),
).meta({ examples: [{ ZTF_alerts: { filter: {}, projection: { _id: 0, candid: 1 } } }] });

/** One type: what is in `query`, and in `kwargs`. */
function form<Name extends string, Query extends z.ZodType, Kwargs extends z.ZodType>(
  query_type: Name,
  description: string,
  query: Query,
  kwargs: Kwargs,
) {
  return z.looseObject({ query_type: z.literal(query_type), query, kwargs })
    .meta({ title: query_type, description });
}

const Any = z.looseObject({ ...MaxTime }).optional();

export const QUERY_FORMS = [
  form(
    "find",
    "All documents that match a filter",
    z.looseObject({ catalog: Catalog, filter: Filter, projection: Projection }),
    Reading,
  ),
  form(
    "find_one",
    "One document that matches a filter; no `data` where none does",
    z.looseObject({ catalog: Catalog, filter: Filter, projection: Projection }),
    z.looseObject({ ...MaxTime, skip: Cut.skip, ...Sort, ...Hint }).optional(),
  ),
  form(
    "count_documents",
    "How many documents match a filter",
    z.looseObject({ catalog: Catalog, filter: Filter }),
    z.looseObject({ ...MaxTime, ...Cut, ...Hint }).optional(),
  ),
  form(
    "estimated_document_count",
    "How many documents there are, by the catalog's metadata",
    z.looseObject({ catalog: Catalog }),
    Any,
  ),
  form(
    "aggregate",
    "What a pipeline makes of a catalog",
    z.looseObject({
      catalog: Catalog,
      pipeline: z.array(z.looseObject({})).min(1).meta({
        description: "Stages of MongoDB's aggregation that only read",
        examples: [[{ $match: { "candidate.drb": { $gt: 0.9 } } }, { $count: "n" }]],
      }),
    }),
    z.looseObject({ ...MaxTime, ...Hint, allowDiskUse: z.boolean().optional() }).optional(),
  ),
  form(
    "info",
    "Which catalogs there are, and what MongoDB tells of one, or of all",
    z.looseObject({
      command: z.enum(["catalog_names", "catalog_info", "index_info", "db_info"]),
      catalog: Catalog.optional().meta({ description: "For catalog_info and index_info" }),
    }),
    Any,
  ),
  form(
    "cone_search",
    "What catalogs hold within a radius around positions",
    z.looseObject({
      object_coordinates: z.looseObject({
        cone_search_radius: z.number().meta({ examples: [2] }),
        cone_search_unit: Unit,
        radec: Positions,
      }),
      catalogs: Catalogs,
    }),
    Matching,
  ),
  form(
    "near",
    "What catalogs hold in a range of distances from positions, the nearest first",
    z.looseObject({
      radec: Positions,
      catalogs: Catalogs,
      min_distance: z.number().nullable().optional().meta({ description: "Default: 0" }),
      max_distance: z.number().nullable().optional().meta({
        description: "Default: an arcminute",
        examples: [30],
      }),
      distance_units: Unit.optional().meta({ description: "Default: rad", examples: ["arcsec"] }),
    }),
    Matching,
  ),
  form(
    "skymap",
    "What a catalog holds within the contour of a stored map",
    z.looseObject({
      skymap: z.looseObject({
        localization_name: z.string().meta({ examples: ["90.00000_30.00000_10.00000"] }),
        dateobs: z.string().nullable().optional().meta({ examples: ["2023-06-23T15:42:26"] }),
        triggerid: z.union([z.int(), z.string()]).nullable().optional(),
        aliases: z.array(z.string()).nullable().optional().meta({
          description: "One of dateobs, triggerid and aliases must be given",
        }),
        contour: z.number().optional().meta({ description: "A level, percent; default: 90" }),
      }),
      catalog: Catalog,
      filter: Filter,
      projection: Projection,
    }),
    Reading,
  ),
  form(
    "drop",
    "Take a catalog out of the archive; needs the permission `drop`",
    z.looseObject({
      catalog: Catalog.meta({ examples: ["a_catalog"] }),
      confirm: z.string().meta({ description: "The name again", examples: ["a_catalog"] }),
    }),
    Any,
  ),
] as const;

export const QueryForm = z.union(QUERY_FORMS);

/** By type: documents, a number, names, or documents by catalog and position. */
export const QueryData = z.unknown().meta({
  description: "find, aggregate, skymap: a list of documents. find_one: a document. Counts: a " +
    "number. catalog_names: a list of names. cone_search, near: by catalog and by the position's " +
    "name, lists of documents",
});
