/** Queries as somebody would write them who wants what isn't theirs, or to break things. */
import fc from "fast-check";
import { PROTECTED_COLLECTIONS } from "../../core/archive/protected.ts";
import { expression, field, filter, leaf, soundFilter, value } from "./hostile_values.ts";

/** The query as text. */
export function textOf(query: unknown): string {
  return JSON.stringify(query).replaceAll(/"RAW<([^>]*)>"/g, "$1");
}

/** What there is, views of it, what is kept from everybody, and what isn't a name. */
const catalog = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.constantFrom(
      "ZTF_alerts",
      "ZTF_alerts",
      "ZTF_alerts",
      "ZTF_alerts_aux",
      "ZTF_alerts_classifications",
      "Gaia",
      "peek",
      "peek_again",
      "accounts",
      "peek_joined",
    ),
  },
  fc.constantFrom(...PROTECTED_COLLECTIONS),
  fc.constantFrom(
    "system.users",
    "system.views",
    "",
    " users ",
    "a$b",
    "nope",
    "users\0",
    "__proto__",
  ),
);

const { stage } = fc.letrec<{ stage: unknown; pipeline: unknown }>((tie) => ({
  pipeline: fc.array(tie("stage"), { maxLength: 3 }),
  stage: fc.oneof(
    { depthSize: "small" },
    { weight: 10, arbitrary: soundFilter.map(($match) => ({ $match })) },
    { weight: 2, arbitrary: filter.map(($match) => ({ $match })) },
    {
      weight: 8,
      arbitrary: fc.constantFrom<unknown>(
        { $group: { _id: null, all: { $push: "$$ROOT" } } },
        { $unwind: "$x" },
        { $limit: 5 },
        { $sample: { size: 9 } },
        { $sort: { candid: -1 } },
        { $count: "n" },
        // What nobody's own rows hold, to join with.
        { $set: { x: 2 } },
        {
          $bucketAuto: {
            groupBy: "$candidate.magpsf",
            buckets: 3,
            output: { x: { $push: "$$ROOT" } },
          },
        },
        { $setWindowFields: { sortBy: { candid: 1 }, output: { x: { $push: "$objectId" } } } },
        { $fill: { sortBy: { _id: 1 }, output: { x: { method: "locf" } } } },
        { $replaceRoot: { newRoot: { all: "$$ROOT" } } },
      ),
    },
    fc.tuple(fc.constantFrom("$project", "$addFields", "$set"), expression)
      .map(([name, x]) => ({ [name]: { x } })),
    expression.map((x) => ({ $redact: { $cond: [x, "$$KEEP", "$$PRUNE"] } })),
    {
      weight: 6,
      arbitrary: fc.tuple(catalog, tie("pipeline")).map(([from, pipeline]) => ({
        $lookup: { from, pipeline, as: "x" },
      })),
    },
    {
      weight: 4,
      arbitrary: fc.tuple(
        catalog,
        fc.oneof(fc.constant("x"), field),
        fc.oneof(fc.constantFrom("prv_candidates.programid", "candidate.programid"), field),
      ).map(([from, localField, foreignField]) => ({
        $lookup: { from, localField, foreignField, as: "x" },
      })),
    },
    {
      weight: 3,
      arbitrary: fc.tuple(catalog, tie("pipeline")).map(([coll, pipeline]) => ({
        $unionWith: { coll, pipeline },
      })),
    },
    catalog.map((from) => ({
      $graphLookup: {
        from,
        startWith: "$objectId",
        connectFromField: "objectId",
        connectToField: "objectId",
        as: "x",
      },
    })),
    tie("pipeline").map((f) => ({ $facet: { f } })),
    filter.map((query) => ({
      $geoNear: { near: { type: "Point", coordinates: [-133, 9.36] }, distanceField: "d", query },
    })),
    fc.tuple(
      fc.constantFrom(
        "$out",
        "$merge",
        "$unset",
        "$densify",
        "$documents",
        "$collStats",
        "$currentOp",
        "$changeStream",
        "$planCacheStats",
        "$listSessions",
        "$_internalInhibitOptimization",
      ),
      fc.oneof(value, catalog),
    ).map(([name, content]) => ({ [name]: content })),
    value,
  ),
}));

const projection = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<unknown>({}, { _id: 0 }, { objectId: 1 }, null) },
  fc.tuple(field, expression).map(([name, inner]) => ({ [name]: inner })),
  value,
);
const one = fc.record({ catalog, filter, projection }, { requiredKeys: ["catalog", "filter"] });
const radec = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom<unknown>(
      { a: [47, 9.36] },
      { a: [47, 9.36], "b.c": ["03:08:00", "+09:21:36"] },
      "47 9.36",
      [[47, 9.36]],
      "[(47.0, 9.36)]",
    ),
  },
  value,
);
const catalogs = fc.dictionary(
  catalog,
  fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    { weight: 9, arbitrary: fc.record({ filter, projection }, { requiredKeys: [] }) },
    value,
  ),
  { maxKeys: 2 },
);
const queries: Record<string, fc.Arbitrary<unknown>> = {
  find: one,
  find_one: one,
  count_documents: one,
  estimated_document_count: fc.record({ catalog }),
  aggregate: fc.record({ catalog, pipeline: fc.array(stage, { minLength: 1, maxLength: 4 }) }),
  info: fc.record({
    command: fc.constantFrom<unknown>("catalog_names", "catalog_info", "index_info", "db_info", 5),
    catalog,
  }),
  cone_search: fc.record({
    object_coordinates: fc.record({
      cone_search_radius: fc.oneof({ weight: 6, arbitrary: fc.constant(5) }, leaf),
      cone_search_unit: fc.constantFrom("arcsec", "deg", "deg", "rad", "parsec"),
      radec,
    }),
    catalogs,
  }),
  near: fc.record({
    radec,
    catalogs,
    max_distance: fc.oneof({ weight: 6, arbitrary: fc.constant(1) }, leaf),
    distance_units: fc.constantFrom("arcsec", "deg", "deg", "rad", "parsec"),
  }, { requiredKeys: ["radec", "catalogs"] }),
  skymap: fc.record({
    skymap: fc.record({
      localization_name: fc.oneof(fc.constant("map"), leaf),
      dateobs: fc.constantFrom<unknown>("2023-06-23T15:42:26", 5, null),
      contour: fc.oneof(fc.constantFrom(90, 20), leaf),
    }, { requiredKeys: [] }),
    catalog,
    filter,
  }),
  drop: fc.record({ catalog, confirm: catalog }),
};

const kwargs = fc.oneof(
  { weight: 9, arbitrary: fc.constant({}) },
  {
    weight: 3,
    arbitrary: fc.record({
      limit: fc.constantFrom(0, 1, -2, 5),
      skip: fc.nat(3),
      sort: fc.constantFrom<unknown>([["candid", -1]], { _id: 1 }, [["$natural", -1]]),
      explain: fc.boolean(),
      with_separation: fc.boolean(),
    }, { requiredKeys: [] }),
  },
  fc.record({
    limit: leaf,
    skip: leaf,
    sort: value,
    hint: fc.oneof(fc.constant("candid"), value),
    max_time_ms: fc.oneof(fc.constant(1_000), leaf),
    explain: fc.constantFrom<unknown>(true, false, "true"),
    allowDiskUse: fc.constantFrom<unknown>(true, false, 5),
    with_separation: fc.constantFrom<unknown>(true, "x"),
  }, { requiredKeys: [] }),
  value,
);

export type HostileQuery = { query_type: unknown; query: unknown; kwargs?: unknown };

/** Any of them, of one of these types. */
export function hostileQuery(
  types: readonly string[] = Object.keys(queries),
): fc.Arbitrary<HostileQuery> {
  return fc.constantFrom(...types).chain((query_type) =>
    fc.record({
      query_type: fc.oneof({ weight: 60, arbitrary: fc.constant(query_type) }, leaf),
      query: fc.oneof({ weight: 30, arbitrary: queries[query_type]! }, value),
      kwargs,
    }, { requiredKeys: ["query_type", "query"] })
  ) as fc.Arbitrary<HostileQuery>;
}
