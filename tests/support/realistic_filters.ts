/** Sixty filters of the kinds that astronomers write, for alerts of ZTF. */
import type { Document } from "../../core/contract/document.ts";
import {
  first,
  forced,
  last,
  NEAR_BRIGHT_STAR,
  NOW,
  ON_STAR,
  POSITIVE,
  ROCK,
} from "./filter_parts.ts";
import { SLOPE_FILTERS } from "./realistic_slope_filters.ts";

const TRANSIENTS: Record<string, Document[]> = {
  "everything": [{ $match: {} }],
  "real and bright": [
    { $match: { "candidate.drb": { $gt: 0.9 }, "candidate.magpsf": { $lt: 18.5 }, ...POSITIVE } },
  ],
  "a bright transient survey": [
    { $match: { "candidate.drb": { $gt: 0.5 }, "candidate.ndethist": { $gt: 1 }, ...POSITIVE } },
    {
      $project: {
        ...NOW,
        rock: ROCK,
        stellar: ON_STAR,
        bright: NEAR_BRIGHT_STAR,
        peak: { $min: ["$candidate.magpsf", { $min: "$prv_candidates.magpsf" }] },
      },
    },
    { $match: { rock: false, stellar: false, bright: false, peak: { $lt: 19 }, age: { $lt: 90 } } },
  ],
  "infant supernovae": [
    {
      $match: {
        "candidate.drb": { $gte: 0.8 },
        "candidate.ndethist": { $gte: 2, $lte: 20 },
        "candidate.isdiffpos": { $ne: "f" },
      },
    },
    { $addFields: { age: { $subtract: ["$candidate.jd", "$candidate.jdstarthist"] } } },
    { $match: { age: { $gt: 0.01, $lt: 3.5 } } },
    { $project: { objectId: 1, candid: 1, age: 1, mag: "$candidate.magpsf" } },
  ],
  "hosted in a nearby galaxy": [
    {
      $match: { "candidate.drb": { $gt: 0.3 }, "cross_matches.CLU_20190625.0": { $exists: true } },
    },
    {
      $project: {
        _id: 0,
        candid: 1,
        objectId: 1,
        nearest: { $min: "$cross_matches.CLU_20190625.coordinates.distance_kpc" },
        z: { $max: "$cross_matches.CLU_20190625.z" },
        stellar: ON_STAR,
      },
    },
    { $match: { stellar: { $eq: false }, z: { $lt: 0.05 } } },
  ],
  "hosted, by apparent distance": [
    { $match: { "cross_matches.NED_BetaV3": { $elemMatch: { DistMpc: { $lt: 200 } } } } },
    { $project: { objectId: 1, hosts: { $size: "$cross_matches.NED_BetaV3" } } },
  ],
  "luminous, by the redshift of its host": [
    { $match: { "candidate.drb": { $gt: 0.2 } } },
    {
      $project: {
        objectId: 1,
        m: "$candidate.magpsf",
        z: { $ifNull: [{ $max: "$cross_matches.CLU_20190625.z" }, null] },
      },
    },
    { $match: { z: { $gt: 0.001 } } },
    {
      $addFields: {
        absolute: {
          $subtract: ["$m", {
            $add: [25, { $multiply: [5, { $log10: { $multiply: ["$z", 4283] } }] }],
          }],
        },
      },
    },
    { $match: { absolute: { $lt: -12 } } },
  ],
  "nuclear transients": [
    { $match: { "candidate.distnr": { $lt: 0.6 }, "candidate.sgscore1": { $lte: 0.5 } } },
    {
      $project: {
        ...NOW,
        offsets: { $map: { input: "$prv_candidates", as: "p", in: "$$p.distnr" } },
        nPositive: {
          $size: {
            $filter: {
              input: "$prv_candidates",
              as: "p",
              cond: { $in: ["$$p.isdiffpos", ["t", "1"]] },
            },
          },
        },
      },
    },
    { $match: { nPositive: { $gte: 1 }, magnr: { $gt: 12 } } },
  ],
  "orphans": [
    { $match: { ...POSITIVE, "candidate.drb": { $gt: 0.4 } } },
    {
      $match: {
        $expr: {
          $and: [
            { $or: [{ $gt: ["$candidate.distpsnr1", 1.5] }, { $lt: ["$candidate.distpsnr1", 0] }] },
            { $lt: [{ $subtract: ["$candidate.jd", "$candidate.jdstarthist"] }, 15] },
          ],
        },
      },
    },
    { $project: { cutoutScience: 0, prv_candidates: 0, fp_hists: 0 } },
  ],
  "galaxy halo, no counterpart": [
    {
      $match: {
        $or: [{ "coordinates.b": { $gt: 20 } }, { "coordinates.b": { $lt: -20 } }],
        "candidate.distnr": { $gt: 1 },
      },
    },
    { $unset: ["prv_candidates", "fp_hists", "cross_matches"] },
  ],
  "no solar system object": [
    { $match: { $nor: [{ "candidate.ssdistnr": { $gte: 0, $lt: 10 } }] } },
    { $project: { objectId: 1, ss: "$candidate.ssnamenr" } },
  ],
  "solar system objects by name": [
    { $match: { "candidate.ssnamenr": { $regex: "^\\d+$" } } },
    { $project: { name: "$candidate.ssnamenr", dist: "$candidate.ssdistnr" } },
  ],
  "brighter than predicted rocks": [
    { $match: { "candidate.ssdistnr": { $gte: 0 }, "candidate.ssmagnr": { $gt: 0 } } },
    { $addFields: { dm: { $subtract: ["$candidate.ssmagnr", "$candidate.magpsf"] } } },
    { $match: { dm: { $gt: -0.5 } } },
  ],
  "fast movers": [
    {
      $match: {
        "candidate.elong": { $gte: 1.2 },
        "candidate.ndethist": { $lte: 3 },
        "candidate.distnr": { $gt: 1 },
      },
    },
    { $project: { _id: 1, elong: "$candidate.elong", fwhm: "$candidate.fwhm" } },
  ],
  "quasars flaring": [
    { $match: { "cross_matches.milliquas.0": { $exists: true } } },
    {
      $project: {
        objectId: 1,
        quality: { $max: "$cross_matches.milliquas.Qpct" },
        name: first("$cross_matches.milliquas.Name"),
        brightest: { $min: "$prv_candidates.magpsf" },
        now: "$candidate.magpsf",
      },
    },
    { $match: { quality: { $gt: 50 } } },
  ],
  "red in WISE": [
    { $match: { "cross_matches.AllWISE": { $size: 1 } } },
    {
      $project: {
        objectId: 1,
        w: {
          $subtract: [
            first("$cross_matches.AllWISE.w1mpro"),
            first("$cross_matches.AllWISE.w2mpro"),
          ],
        },
      },
    },
    { $match: { w: { $gt: 0.1 } } },
  ],
  "stars with parallax": [
    {
      $match: {
        "cross_matches.Gaia_EDR3": {
          $elemMatch: { parallax: { $gt: 1 }, parallax_error: { $lt: 1 } },
        },
      },
    },
    {
      $project: {
        gaia: {
          $map: {
            input: "$cross_matches.Gaia_EDR3",
            as: "g",
            in: {
              color: { $subtract: ["$$g.phot_bp_mean_mag", "$$g.phot_rp_mean_mag"] },
              snr: {
                $cond: [
                  { $gt: ["$$g.parallax_error", 0] },
                  { $divide: ["$$g.parallax", "$$g.parallax_error"] },
                  null,
                ],
              },
            },
          },
        },
      },
    },
  ],
  "machine-learning scores": [
    {
      $match: {
        "classifications.acai_h": { $gt: 0.5 },
        $expr: { $gt: ["$classifications.acai_h", "$classifications.acai_b"] },
      },
    },
    { $project: { scores: "$classifications" } },
  ],
  "any score high": [
    {
      $match: {
        $or: [
          { "classifications.braai": { $gt: 0.7 } },
          { "candidate.rb": { $gt: 0.7 } },
          { "candidate.drb": { $gt: 0.7 } },
        ],
      },
    },
    {
      $project: {
        objectId: 1,
        best: { $max: ["$classifications.braai", "$candidate.rb", "$candidate.drb"] },
      },
    },
    { $match: { best: { $gte: 0.7 } } },
  ],
  "all scores as a list": [
    { $addFields: { list: { $objectToArray: "$classifications" } } },
    {
      $project: {
        high: {
          $filter: {
            input: "$list",
            as: "s",
            cond: { $and: [{ $isNumber: "$$s.v" }, { $gt: ["$$s.v", 0.3] }] },
          },
        },
      },
    },
    { $match: { "high.0": { $exists: true } } },
  ],
  "public data of one field": [
    { $match: { "candidate.programid": 1, "candidate.field": { $in: [500, 600, 700, 800] } } },
  ],
  "a cone on the sky": [
    {
      $match: {
        "coordinates.radec_geojson": { $geoWithin: { $centerSphere: [[-130.0, 20.0], 0.6] } },
      },
    },
    { $project: { radec: "$coordinates.radec_str", candid: 1 } },
  ],
  "position as text": [
    { $addFields: { ra: first("$coordinates.radec_str"), dec: last("$coordinates.radec_str") } },
    { $match: { dec: { $regex: "^-" } } },
    { $project: { label: { $concat: ["$objectId", " at ", "$ra", " ", "$dec"] } } },
  ],
  "ids of the year": [
    { $match: { objectId: { $gte: "ZTF18", $lt: "ZTF19" } } },
    { $project: { year: { $toInt: { $substrCP: ["$objectId", 3, 2] } } } },
  ],
  "exactly this candid": [
    { $match: { candid: { $gte: 1000000000000000000n, $lt: 9000000000000000000n } } },
    { $project: { digits: { $mod: ["$candid", 100000n] }, text: { $toString: "$candid" } } },
  ],
  "annotations": [
    { $match: { "candidate.drb": { $gt: 0.1 } } },
    {
      $project: {
        _id: 0,
        candid: 1,
        objectId: 1,
        annotations: {
          mag: { $round: ["$candidate.magpsf", 2] },
          drb: { $round: ["$candidate.drb", 3] },
          age: { $round: [{ $subtract: ["$candidate.jd", "$candidate.jdstarthist"] }, 1] },
          detections: "$candidate.ndethist",
          galactic: { l: "$coordinates.l", b: "$coordinates.b" },
        },
      },
    },
  ],
  "date of the alert": [
    {
      $project: {
        date: {
          $toDate: {
            $toLong: { $multiply: [{ $subtract: ["$candidate.jd", 2440587.5] }, 86400000] },
          },
        },
      },
    },
    { $match: { date: { $gt: new Date("2018-01-01T00:00:00Z") } } },
    { $addFields: { year: { $year: "$date" }, hour: { $hour: "$date" } } },
  ],
  "history by band": [
    { $unwind: "$prv_candidates" },
    { $match: { "prv_candidates.magpsf": { $gt: 0 } } },
    {
      $group: {
        _id: "$objectId",
        n: { $sum: 1 },
        brightest: { $min: "$prv_candidates.magpsf" },
        faintest: { $max: "$prv_candidates.magpsf" },
        mean: { $avg: "$prv_candidates.magpsf" },
        spread: { $stdDevPop: "$prv_candidates.magpsf" },
        candid: { $first: "$candid" },
      },
    },
    { $match: { n: { $gte: 2 } } },
  ],
  "brightest epoch": [
    { $unwind: "$prv_candidates" },
    { $match: { "prv_candidates.magpsf": { $ne: null } } },
    { $sort: { "prv_candidates.magpsf": 1, "prv_candidates.jd": 1 } },
    { $limit: 1 },
    { $project: { objectId: 1, peak: "$prv_candidates.magpsf", jd: "$prv_candidates.jd" } },
  ],
  "how many epochs": [{ $unwind: "$prv_candidates" }, { $count: "epochs" }],
  "two facets": [
    {
      $facet: {
        past: [{ $unwind: "$prv_candidates" }, { $count: "n" }],
        now: [{ $project: { mag: "$candidate.magpsf" } }],
      },
    },
    { $match: { "past.0.n": { $gt: 3 } } },
  ],
};

export const REALISTIC: Readonly<Record<string, Document[]>> = {
  ...TRANSIENTS,
  ...SLOPE_FILTERS,
  "forced photometry: rising": [
    { $addFields: { good: forced(3) } },
    { $match: { "good.1": { $exists: true } } },
    {
      $project: {
        n: { $size: "$good" },
        rise: { $subtract: [first("$good.mag"), last("$good.mag")] },
        dt: { $subtract: [last("$good.jd"), first("$good.jd")] },
      },
    },
    { $match: { dt: { $gt: 0 } } },
  ],
  "forced photometry: never before": [
    {
      $project: {
        objectId: 1,
        early: {
          $filter: {
            input: { $ifNull: ["$fp_hists", []] },
            as: "f",
            cond: {
              $and: [
                { $lt: ["$$f.jd", { $subtract: ["$candidate.jd", 10] }] },
                { $gt: ["$$f.snr", 5] },
              ],
            },
          },
        },
      },
    },
    { $match: { early: { $size: 0 } } },
  ],
  "forced photometry: flux sums": [
    {
      $project: {
        total: { $sum: "$fp_hists.forcediffimflux" },
        variance: {
          $reduce: {
            input: { $ifNull: ["$fp_hists", []] },
            initialValue: 0,
            in: { $add: ["$$value", { $pow: ["$$this.forcediffimfluxunc", 2] }] },
          },
        },
      },
    },
    { $match: { variance: { $gt: 0 } } },
    { $addFields: { snr: { $divide: ["$total", { $sqrt: "$variance" }] } } },
    { $match: { snr: { $gt: -1000 } } },
  ],
};
