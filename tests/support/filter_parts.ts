/** What filters of astronomers have in common, as they copy it from one another. */
import type { Document } from "../../core/contract/document.ts";

/** A real detection, brighter than the reference. */
export const POSITIVE: Document = { "candidate.isdiffpos": { $in: ["t", "1", 1, true] } };

/** Detections of the past in a band (`fid`), or in all. */
export function detections(fid?: number): Document {
  return {
    $filter: {
      input: "$prv_candidates",
      as: "p",
      cond: {
        $and: [
          { $gt: ["$$p.magpsf", 0] },
          ...fid === undefined ? [] : [{ $eq: ["$$p.fid", fid] }],
        ],
      },
    },
  };
}

/** Clean forced photometry above a signal to noise. */
export function forced(snrMin: number, fid?: number): Document {
  return {
    $filter: {
      input: { $ifNull: ["$fp_hists", []] },
      as: "f",
      cond: {
        $and: [
          { $gte: ["$$f.snr", snrMin] },
          ...fid === undefined ? [] : [{ $eq: ["$$f.fid", fid] }],
        ],
      },
    },
  };
}

/** What most filters look at first. */
export const NOW: Document = {
  objectId: 1,
  candid: 1,
  m_now: "$candidate.magpsf",
  m_app: "$candidate.magap",
  t_now: "$candidate.jd",
  fid_now: "$candidate.fid",
  drb: "$candidate.drb",
  rb: "$candidate.rb",
  sgscore: "$candidate.sgscore1",
  sgscore2: "$candidate.sgscore2",
  distps: "$candidate.distpsnr1",
  distps2: "$candidate.distpsnr2",
  magnr: "$candidate.magnr",
  distnr: "$candidate.distnr",
  ssdistnr: "$candidate.ssdistnr",
  age: { $subtract: ["$candidate.jd", "$candidate.jdstarthist"] },
};

/** Near a star of the reference catalog. */
export const ON_STAR: Document = {
  $and: [
    { $gt: ["$candidate.sgscore1", 0.76] },
    { $lt: ["$candidate.distpsnr1", 2] },
    { $gt: ["$candidate.distpsnr1", 0] },
  ],
};

/** Near a bright star. */
export const NEAR_BRIGHT_STAR: Document = {
  $or: [
    {
      $and: [
        { $lt: ["$candidate.distpsnr1", 20] },
        { $lt: ["$candidate.srmag1", 15] },
        { $gt: ["$candidate.srmag1", 0] },
        { $gt: ["$candidate.sgscore1", 0.49] },
      ],
    },
    {
      $and: [
        { $lt: ["$candidate.distpsnr2", 20] },
        { $lt: ["$candidate.srmag2", 15] },
        { $gt: ["$candidate.srmag2", 0] },
        { $gt: ["$candidate.sgscore2", 0.49] },
      ],
    },
  ],
};

/** A known object of the solar system. */
export const ROCK: Document = {
  $and: [{ $gte: ["$candidate.ssdistnr", 0] }, { $lt: ["$candidate.ssdistnr", 12] }],
};

export const last = (array: unknown): Document => ({ $arrayElemAt: [array, -1] });
export const first = (array: unknown): Document => ({ $arrayElemAt: [array, 0] });
