/** Filters that look at light curves: slopes, colours, peaks. */
import type { Document } from "../../core/contract/document.ts";
import { detections, forced, last, NOW, ON_STAR, POSITIVE } from "./filter_parts.ts";

const AGE = { $subtract: ["$candidate.jd", "$candidate.jdstarthist"] };

/** Magnitudes a day between two epochs; null where they are at the same time. */
function slope(from: string, to: string): Document {
  return {
    $let: {
      vars: { dt: { $subtract: [`$${to}.jd`, `$${from}.jd`] } },
      in: {
        $cond: [
          { $gt: ["$$dt", 0.02] },
          { $divide: [{ $subtract: [`$${to}.magpsf`, `$${from}.magpsf`] }, "$$dt"] },
          null,
        ],
      },
    },
  };
}

/** Of each band by itself. */
function inBand(name: string, fid: number): Record<string, Document[]> {
  return {
    [`${name}: rising`]: [
      { $match: { "candidate.fid": fid, ...POSITIVE } },
      { $addFields: { past: detections(fid) } },
      {
        $addFields: {
          before: last("$past"),
          now: { jd: "$candidate.jd", magpsf: "$candidate.magpsf" },
        },
      },
      { $match: { "before.jd": { $exists: true } } },
      { $project: { objectId: 1, slope: slope("before", "now") } },
      { $match: { slope: { $lt: 0 } } },
    ],
    [`${name}: fading`]: [
      { $match: { "candidate.fid": fid } },
      { $project: { objectId: 1, past: detections(fid), now: "$candidate.magpsf" } },
      { $match: { "past.0": { $exists: true } } },
      { $addFields: { faded: { $subtract: ["$now", { $min: "$past.magpsf" }] } } },
      { $match: { faded: { $gt: 0.3 } } },
    ],
    [`${name}: amplitude`]: [
      { $project: { mags: { $map: { input: detections(fid), as: "d", in: "$$d.magpsf" } } } },
      { $match: { $expr: { $gte: [{ $size: "$mags" }, 2] } } },
      { $addFields: { amplitude: { $subtract: [{ $max: "$mags" }, { $min: "$mags" }] } } },
      { $match: { amplitude: { $gte: 0.1 } } },
    ],
    [`${name}: time since peak`]: [
      { $match: { "prv_candidates.fid": fid } },
      {
        $project: {
          objectId: 1,
          jd: "$candidate.jd",
          peak: {
            $reduce: {
              input: detections(fid),
              initialValue: { magpsf: "$candidate.magpsf", jd: "$candidate.jd" },
              in: {
                $cond: [
                  { $lt: ["$$this.magpsf", "$$value.magpsf"] },
                  { magpsf: "$$this.magpsf", jd: "$$this.jd" },
                  "$$value",
                ],
              },
            },
          },
        },
      },
      { $addFields: { sincePeak: { $subtract: ["$jd", "$peak.jd"] } } },
      { $match: { sincePeak: { $lt: 60 } } },
    ],
    [`${name}: non-detections before`]: [
      {
        $project: {
          limits: {
            $filter: {
              input: "$prv_candidates",
              as: "p",
              cond: {
                $and: [
                  { $eq: ["$$p.fid", fid] },
                  { $not: ["$$p.magpsf"] },
                  { $gt: ["$$p.diffmaglim", 18] },
                ],
              },
            },
          },
          mag: "$candidate.magpsf",
        },
      },
      { $match: { limits: { $not: { $size: 0 } } } },
      {
        $project: {
          deepest: { $max: "$limits.diffmaglim" },
          jump: { $subtract: [{ $max: "$limits.diffmaglim" }, "$mag"] },
        },
      },
    ],
    [`${name}: forced detections`]: [
      { $addFields: { good: forced(5, fid) } },
      { $match: { $expr: { $gt: [{ $size: "$good" }, 0] } } },
      {
        $project: {
          n: { $size: "$good" },
          brightest: { $min: "$good.mag" },
          last: last("$good.jd"),
        },
      },
    ],
  };
}

export const SLOPE_FILTERS: Readonly<Record<string, Document[]>> = {
  ...inBand("g", 1),
  ...inBand("r", 2),
  ...inBand("i", 3),
  "colour of the same night": [
    { $addFields: { g: detections(1), r: detections(2) } },
    { $match: { "g.0": { $exists: true }, "r.0": { $exists: true } } },
    { $project: { lastG: last("$g"), lastR: last("$r"), objectId: 1 } },
    {
      $project: {
        objectId: 1,
        dt: { $abs: { $subtract: ["$lastG.jd", "$lastR.jd"] } },
        colour: { $subtract: ["$lastG.magpsf", "$lastR.magpsf"] },
      },
    },
    { $match: { dt: { $lt: 5 }, colour: { $gte: -5, $lte: 5 } } },
  ],
  "pairs of bands": [
    {
      $project: {
        pairs: {
          $zip: {
            inputs: [
              { $map: { input: detections(1), as: "a", in: "$$a.magpsf" } },
              { $map: { input: detections(2), as: "b", in: "$$b.magpsf" } },
            ],
          },
        },
      },
    },
    {
      $addFields: {
        colours: {
          $map: {
            input: "$pairs",
            as: "p",
            in: { $subtract: [{ $arrayElemAt: ["$$p", 0] }, { $arrayElemAt: ["$$p", 1] }] },
          },
        },
      },
    },
    { $match: { "colours.0": { $exists: true } } },
    { $project: { colour: { $avg: "$colours" } } },
  ],
  "intranight detections": [
    {
      $addFields: {
        tonight: {
          $filter: {
            input: "$prv_candidates",
            as: "p",
            cond: {
              $and: [
                { $gt: ["$$p.magpsf", 0] },
                { $lt: [{ $abs: { $subtract: ["$candidate.jd", "$$p.jd"] } }, 0.6] },
                { $gt: [{ $abs: { $subtract: ["$candidate.jd", "$$p.jd"] } }, 0.01] },
              ],
            },
          },
        },
      },
    },
    { $match: { $expr: { $gte: [{ $size: "$tonight" }, 1] } } },
    { $project: { n: { $size: "$tonight" }, candid: 1 } },
  ],
  "distinct nights": [
    {
      $project: {
        nights: {
          $setUnion: [
            { $map: { input: detections(), as: "p", in: { $floor: "$$p.jd" } } },
            [],
          ],
        },
      },
    },
    { $match: { $expr: { $gte: [{ $size: "$nights" }, 2] } } },
    { $project: { n: { $size: "$nights" } } },
  ],
  "sorted by brightness": [
    {
      $project: {
        bright: {
          $slice: [{ $sortArray: { input: detections(), sortBy: { magpsf: 1, jd: 1 } } }, 3],
        },
      },
    },
    { $match: { "bright.0": { $exists: true } } },
    { $project: { mags: "$bright.magpsf", jds: "$bright.jd" } },
  ],
  "old and steady": [
    { $match: { "candidate.ndethist": { $gt: 10 } } },
    {
      $project: {
        age: AGE,
        mean: { $avg: "$prv_candidates.magpsf" },
        spread: { $stdDevSamp: "$prv_candidates.magpsf" },
      },
    },
    { $match: { age: { $gt: 100 }, spread: { $lt: 0.5 } } },
  ],
  "weighted mean": [
    { $addFields: { d: detections() } },
    { $match: { "d.0": { $exists: true } } },
    {
      $project: {
        w: {
          $sum: {
            $map: { input: "$d", as: "p", in: { $divide: [1, { $pow: ["$$p.sigmapsf", 2] }] } },
          },
        },
        mw: {
          $sum: {
            $map: {
              input: "$d",
              as: "p",
              in: { $divide: ["$$p.magpsf", { $pow: ["$$p.sigmapsf", 2] }] },
            },
          },
        },
      },
    },
    { $project: { mean: { $divide: ["$mw", "$w"] } } },
  ],
  "a linear fit": [
    {
      $project: {
        t: {
          $map: { input: detections(), as: "p", in: { $subtract: ["$$p.jd", "$candidate.jd"] } },
        },
        m: { $map: { input: detections(), as: "p", in: "$$p.magpsf" } },
      },
    },
    { $match: { $expr: { $gte: [{ $size: "$t" }, 3] } } },
    { $addFields: { tMean: { $avg: "$t" }, mMean: { $avg: "$m" } } },
    {
      $project: {
        sxy: {
          $sum: {
            $map: {
              input: { $range: [0, { $size: "$t" }] },
              as: "i",
              in: {
                $multiply: [
                  { $subtract: [{ $arrayElemAt: ["$t", "$$i"] }, "$tMean"] },
                  { $subtract: [{ $arrayElemAt: ["$m", "$$i"] }, "$mMean"] },
                ],
              },
            },
          },
        },
        sxx: {
          $sum: {
            $map: { input: "$t", as: "x", in: { $pow: [{ $subtract: ["$$x", "$tMean"] }, 2] } },
          },
        },
      },
    },
    { $match: { sxx: { $gt: 0 } } },
    { $project: { slope: { $divide: ["$sxy", "$sxx"] } } },
    { $match: { slope: { $lt: 1, $gt: -1 } } },
  ],
  "flux by hand": [
    {
      $project: {
        fluxes: {
          $map: {
            input: detections(),
            as: "p",
            in: { $pow: [10, { $multiply: [-0.4, { $subtract: ["$$p.magpsf", 23.9] }] }] },
          },
        },
      },
    },
    { $match: { "fluxes.0": { $gt: 1 } } },
    { $project: { brightest: { $max: "$fluxes" }, log: { $ln: { $max: "$fluxes" } } } },
  ],
  "reverse and compare": [
    { $project: { ...NOW, stellar: ON_STAR, back: { $reverseArray: "$prv_candidates" } } },
    { $match: { stellar: { $ne: true } } },
    {
      $project: { newest: { $first: "$back.jd" }, oldest: { $last: "$back.jd" }, m_now: 1, age: 1 },
    },
    { $match: { newest: { $gt: 2400000.5 } } },
  ],
};
