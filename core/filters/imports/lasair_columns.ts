/**
 * The columns of Lasair's objects of ZTF, from our alerts: what it computed of the light curve that came
 * with a packet, which reached 30 days back.
 */
import type { Document } from "../../contract/document.ts";

/** Either a field of the alert, or computed of its light curve. */
export type Column =
  | { readonly path: string; readonly note?: string }
  | { readonly expression: unknown; readonly note?: string; readonly isText?: true };

/** Detections of the past 30 days and this one, in the order of time: fields of the first stages. */
export const DETECTIONS = "detections";
export const G = "detections_g";
/** Lasair counts all that isn't g as r. */
export const R = "detections_r";

const HISTORY_DAYS = 30;

/** The stages that make the light curves that the columns are computed of. */
export const LIGHT_CURVES: readonly Document[] = [
  {
    $addFields: {
      [DETECTIONS]: {
        $concatArrays: [
          {
            $filter: {
              input: { $ifNull: ["$prv_candidates", []] },
              as: "point",
              cond: {
                $and: [
                  { $gt: ["$$point.magpsf", null] },
                  { $lt: ["$$point.jd", "$candidate.jd"] },
                  { $gt: ["$$point.jd", { $subtract: ["$candidate.jd", HISTORY_DAYS] }] },
                ],
              },
            },
          },
          ["$candidate"],
        ],
      },
    },
  },
  { $addFields: { [G]: ofBand("$eq"), [R]: ofBand("$ne") } },
];

function ofBand(comparison: "$eq" | "$ne"): Document {
  return {
    $filter: { input: `$${DETECTIONS}`, as: "point", cond: { [comparison]: ["$$point.fid", 1] } },
  };
}

/** Undefined for one that has no counterpart here. */
export function objectColumn(name: string): Column | undefined {
  return COLUMNS.get(name.toLowerCase());
}

const PLACE = "the place of this detection, in place of the mean";

const COLUMNS = new Map<string, Column>([
  ["objectid", { path: "objectId" }],
  ["ramean", { path: "candidate.ra", note: PLACE }],
  ["decmean", { path: "candidate.dec", note: PLACE }],
  ["rastd", spread("ra")],
  ["decstd", spread("dec")],
  ["glatmean", { path: "coordinates.b", note: PLACE }],
  [
    "glonmean",
    { expression: { $mod: [{ $add: ["$coordinates.l", 360] }, 360] }, note: PLACE },
  ],
  ["jdmax", { path: "candidate.jd" }],
  ["jdmin", { expression: { $min: `$${DETECTIONS}.jd` } }],
  ["ncand", { expression: { $size: `$${DETECTIONS}` } }],
  ["ncandgp", { expression: goodOnes(undefined) }],
  ["ncandgp_7", { expression: goodOnes(7) }],
  ["ncandgp_14", { expression: goodOnes(14) }],
  ...["distpsnr1", "sgscore1", "sgmag1", "srmag1"].map((name): [string, Column] => [
    name,
    { path: `candidate.${name}` },
  ]),
  [
    "ssnamenr",
    {
      expression: {
        $cond: [{ $eq: ["$candidate.ssnamenr", "null"] }, null, "$candidate.ssnamenr"],
      },
      isText: true,
    },
  ],
  ...ofCurve("g", G),
  ...ofCurve("r", R),
  ["g_minus_r", { expression: colour({ $subtract: ["$$g.magpsf", "$$r.magpsf"] }) }],
  ["jd_g_minus_r", { expression: colour("$$g.jd") }],
]);

function spread(coordinate: "ra" | "dec"): Column {
  return {
    expression: { $multiply: [3600, { $stdDevPop: `$${DETECTIONS}.${coordinate}` }] },
  };
}

/** Than the reference. */
function isBrighter(point: string): Document {
  return { $in: [`${point}.isdiffpos`, ["t", "1"]] };
}

/** Detections with a good score, brighter than the reference. */
function goodOnes(days: number | undefined): Document {
  return {
    $size: {
      $filter: {
        input: `$${DETECTIONS}`,
        as: "point",
        cond: {
          $and: [
            { $or: [{ $gt: ["$$point.rb", 0.75] }, { $gt: ["$$point.drb", 0.75] }] },
            isBrighter("$$point"),
            ...days === undefined
              ? []
              : [{ $lt: [{ $subtract: ["$candidate.jd", "$$point.jd"] }, days] }],
          ],
        },
      },
    },
  };
}

function ofCurve(band: "g" | "r", curve: string): [string, Column][] {
  const mags = `$${curve}.magpsf`;
  return [
    [`jd${band}max`, { expression: { $max: `$${curve}.jd` } }],
    [`${band}mag`, { expression: { $last: mags } }],
    [`mag${band}max`, { expression: { $max: mags } }],
    [`mag${band}min`, { expression: { $min: mags } }],
    [`mag${band}mean`, { expression: { $avg: mags } }],
    [
      `dmdt_${band}`,
      { expression: lastTwo(curve, { $subtract: ["$$before.magpsf", "$$last.magpsf"] }) },
    ],
    [`dmdt_${band}_err`, { expression: lastTwo(curve, errorOfTwo()) }],
    ...[2, 8, 28].map((days): [string, Column] => [
      `mag_${band}${String(days).padStart(2, "0")}`,
      { expression: movingAverage(curve, days) },
    ]),
  ];
}

/** Divided by the days between the last two points; null where one of them is fainter than the reference. */
function lastTwo(curve: string, difference: Document): Document {
  const item = (at: number) => ({ $arrayElemAt: [`$${curve}`, at] });
  return {
    $let: {
      vars: { last: item(-1), before: item(-2) },
      in: {
        $let: {
          vars: { days: { $subtract: ["$$last.jd", "$$before.jd"] } },
          in: {
            $cond: [
              {
                $and: [
                  { $gt: ["$$days", 0] },
                  isBrighter("$$last"),
                  isBrighter("$$before"),
                ],
              },
              { $divide: [difference, "$$days"] },
              null,
            ],
          },
        },
      },
    },
  };
}

function errorOfTwo(): Document {
  const squared = (point: string) => ({ $multiply: [`${point}.sigmapsf`, `${point}.sigmapsf`] });
  return { $sqrt: { $add: [squared("$$last"), squared("$$before")] } };
}

/** Exponential, over so many days; null without points. */
function movingAverage(curve: string, days: number): Document {
  const fades = { $exp: { $divide: [{ $subtract: ["$$value.jd", "$$this.jd"] }, days] } };
  return {
    $let: {
      vars: {
        end: {
          $reduce: {
            input: `$${curve}`,
            initialValue: { jd: 0, mag: 0 },
            in: {
              $let: {
                vars: { kept: fades },
                in: {
                  jd: "$$this.jd",
                  mag: {
                    $add: [
                      { $multiply: ["$$value.mag", "$$kept"] },
                      { $multiply: ["$$this.magpsf", { $subtract: [1, "$$kept"] }] },
                    ],
                  },
                },
              },
            },
          },
        },
      },
      in: { $cond: [{ $gt: [{ $size: `$${curve}` }, 0] }, "$$end.mag", null] },
    },
  };
}

/** Of the last night with a point of each band, both brighter than the reference. */
function colour(value: unknown): Document {
  const bright = (curve: string) => ({
    $filter: { input: `$${curve}`, as: "point", cond: isBrighter("$$point") },
  });
  const ofNight = (points: string) => ({
    $last: {
      $filter: { input: points, as: "point", cond: { $eq: ["$$point.nid", "$$night"] } },
    },
  });
  return {
    $let: {
      vars: { greens: bright(G), reds: bright(R) },
      in: {
        $let: {
          vars: {
            night: {
              $last: {
                $filter: {
                  input: "$$reds.nid",
                  as: "night",
                  cond: { $in: ["$$night", "$$greens.nid"] },
                },
              },
            },
          },
          in: {
            $let: {
              vars: { g: ofNight("$$greens"), r: ofNight("$$reds") },
              in: { $cond: [{ $gt: ["$$night", null] }, value, null] },
            },
          },
        },
      },
    },
  };
}
