/**
 * Fields of BOOM's documents of ZTF that our alerts don't have, computed of what they have. As BOOM
 * computes them, so that the limits that people have set for them mean the same.
 */
import type { Document } from "../../contract/document.ts";

/** BOOM's zero point of fluxes, and what it multiplies them by. */
const FLUX_ZERO_POINT = 23.9;
const FLUX_FACTOR = 1e9;
/** 2.5 / ln 10: the error of a magnitude of a relative error of the flux. */
const POGSON = 1.0857362047581294;
/** Forced photometry below it has no magnitude. */
const FORCED_SNR_MIN = 3;
/** A source that is seen for longer isn't moving, days. */
const STATIONARY_DAYS = 0.01;

const POSITIVE = ["t", "T", "1", "y", "Y", true, 1];

/** Of a point, by the name that BOOM gives it; `point` is where it is, as `$candidate` or `$$point`. */
type OfPoint = (point: string) => unknown;

const BAND: OfPoint = (point) => ({
  $switch: {
    branches: ["g", "r", "i"].map((band, i) => ({
      case: { $eq: [`${point}.fid`, i + 1] },
      then: band,
    })),
    default: null,
  },
});

function flux(mag: unknown): Document {
  return {
    $multiply: [FLUX_FACTOR, {
      $pow: [10, { $divide: [{ $subtract: [FLUX_ZERO_POINT, mag] }, 2.5] }],
    }],
  };
}

const SNR: OfPoint = (point) => ({
  $cond: [{ $gt: [`${point}.sigmapsf`, 0] }, { $divide: [POGSON, `${point}.sigmapsf`] }, null],
});

const DETECTED: Readonly<Record<string, OfPoint>> = {
  band: BAND,
  // An upper limit has none.
  isdiffpos: (point) => ({
    $cond: [
      { $gt: [`${point}.isdiffpos`, null] },
      { $in: [`${point}.isdiffpos`, POSITIVE] },
      "$$REMOVE",
    ],
  }),
  psfFlux: (point) => ({
    $cond: [
      { $in: [`${point}.isdiffpos`, POSITIVE] },
      flux(`${point}.magpsf`),
      { $multiply: [-1, flux(`${point}.magpsf`)] },
    ],
  }),
  psfFluxErr: (point) => ({
    $cond: [
      { $gt: [`${point}.magpsf`, null] },
      { $divide: [{ $multiply: [flux(`${point}.magpsf`), `${point}.sigmapsf`] }, POGSON] },
      // Of an upper limit: what five times of would be seen.
      { $divide: [flux(`${point}.diffmaglim`), 5] },
    ],
  }),
  snr: SNR,
  snr_psf: SNR,
};

const FORCED: Readonly<Record<string, OfPoint>> = {
  band: BAND,
  snr: (point) => ifSeen(point, forcedSnr(point)),
  snr_psf: (point) => ifSeen(point, forcedSnr(point)),
  isdiffpos: (point) => ifSeen(point, { $gt: [`${point}.forcediffimflux`, 0] }),
  magpsf: (point) =>
    ifSeen(point, {
      $subtract: [`${point}.magzpsci`, {
        $multiply: [2.5, { $log10: { $abs: `${point}.forcediffimflux` } }],
      }],
    }),
  sigmapsf: (point) => ifSeen(point, { $divide: [POGSON, forcedSnr(point)] }),
  psfFlux: (point) => ({ $multiply: [`${point}.forcediffimflux`, forcedScale(point)] }),
  psfFluxErr: (point) => ({ $multiply: [`${point}.forcediffimfluxunc`, forcedScale(point)] }),
};

function forcedSnr(point: string): unknown {
  return {
    $cond: [
      { $gt: [`${point}.forcediffimfluxunc`, 0] },
      { $divide: [{ $abs: `${point}.forcediffimflux` }, `${point}.forcediffimfluxunc`] },
      null,
    ],
  };
}

function ifSeen(point: string, value: unknown): Document {
  return { $cond: [{ $gt: [forcedSnr(point), FORCED_SNR_MIN] }, value, "$$REMOVE"] };
}

function forcedScale(point: string): Document {
  return flux(`${point}.magzpsci`);
}

/** What a filter names, in any of the ways in which it can. */
export interface Named {
  /** The field of the document, or what is below it. */
  field(path: string): boolean;
  /** A name within an item of an array, whatever variable it is read by. */
  ofItem(name: string): boolean;
}

/** The fields to put in front of a filter that names them. */
export function boomFields(named: Named): Document {
  const fields: Document = {};
  for (const [name, ofPoint] of Object.entries(DETECTED)) {
    if (named.field(`candidate.${name}`)) fields[`candidate.${name}`] = ofPoint("$candidate");
  }
  if (named.field("candidate.ssnamenr")) {
    fields["candidate.ssnamenr"] = {
      $cond: [{ $eq: ["$candidate.ssnamenr", "null"] }, "$$REMOVE", "$candidate.ssnamenr"],
    };
  }
  if (named.field("prv_candidates")) {
    fields.prv_candidates = points(
      { $concatArrays: [DETECTIONS, ["$candidate"]] },
      DETECTED,
      named,
    );
  }
  if (named.field("prv_nondetections")) fields.prv_nondetections = points(LIMITS, DETECTED, named);
  if (named.field("fp_hists")) fields.fp_hists = points(FORCED_POINTS, FORCED, named);
  for (const [name, expression] of Object.entries(PROPERTIES)) {
    if (named.field(`properties.${name}`)) fields[`properties.${name}`] = expression;
  }
  return fields;
}

function past(curve: string, ...conditions: readonly unknown[]): Document {
  return {
    $filter: {
      input: { $ifNull: [`$${curve}`, []] },
      as: "point",
      cond: { $and: [{ $lte: ["$$point.jd", "$candidate.jd"] }, ...conditions] },
    },
  };
}

const DETECTIONS = past(
  "prv_candidates",
  { $gt: ["$$point.magpsf", null] },
  { $lt: ["$$point.jd", "$candidate.jd"] },
);
const LIMITS = past("prv_candidates", { $lte: ["$$point.magpsf", null] });
const FORCED_POINTS = past("fp_hists");

/** With those derived values that the filter names. */
function points(
  input: unknown,
  derived: Readonly<Record<string, OfPoint>>,
  named: Named,
): unknown {
  const wanted = Object.entries(derived).filter(([name]) => named.ofItem(name))
    .map(([name, ofPoint]) => [name, ofPoint("$$point")]);
  if (wanted.length === 0) return input;
  return {
    $map: {
      input,
      as: "point",
      in: { $mergeObjects: ["$$point", Object.fromEntries(wanted)] },
    },
  };
}

function between(path: string, from: number, to: number): Document[] {
  return [{ $gte: [path, from] }, { $lte: [path, to] }];
}

/** A star of PS1 that is bright in r. */
function brightStar(n: 1 | 2 | 3): Document {
  return {
    $and: [
      { $gt: [`$candidate.sgscore${n}`, 0.49] },
      { $gt: [`$candidate.distpsnr${n}`, null] },
      { $lte: [`$candidate.distpsnr${n}`, 20] },
      { $gt: [`$candidate.srmag${n}`, 0] },
      { $lte: [`$candidate.srmag${n}`, 15] },
    ],
  };
}

/** Red by more than three magnitudes. */
function redder(band: "i" | "z"): Document {
  const mag = `$candidate.s${band}mag1`;
  return {
    $and: [{ $gt: [mag, 0] }, { $gt: [{ $subtract: ["$candidate.srmag1", mag] }, 3] }],
  };
}

const PROPERTIES: Readonly<Record<string, unknown>> = {
  rock: {
    $and: [
      { $gte: ["$candidate.ssdistnr", 0] },
      { $lt: ["$candidate.ssdistnr", 12] },
      { $gte: [{ $ifNull: ["$candidate.ssmagnr", 0] }, 0] },
    ],
  },
  star: {
    $or: [
      {
        $and: [
          { $gt: ["$candidate.sgscore1", 0.76] },
          ...between("$candidate.distpsnr1", 0, 2),
        ],
      },
      {
        $and: [
          { $gt: ["$candidate.sgscore1", 0.2] },
          ...between("$candidate.distpsnr1", 0, 1),
          { $gt: ["$candidate.srmag1", 0] },
          { $or: [redder("z"), redder("i")] },
        ],
      },
    ],
  },
  near_brightstar: {
    $or: [
      {
        $and: [
          ...between("$candidate.neargaiabright", 0, 20),
          { $gt: ["$candidate.maggaiabright", 0] },
          { $lte: ["$candidate.maggaiabright", 12] },
        ],
      },
      brightStar(1),
      brightStar(2),
      brightStar(3),
      {
        $and: [
          { $eq: ["$candidate.sgscore1", 0.5] },
          { $gt: ["$candidate.distpsnr1", null] },
          { $lt: ["$candidate.distpsnr1", 0.5] },
          {
            $or: ["g", "r", "i"].map((band) => ({
              $and: [
                { $gt: [`$candidate.s${band}mag1`, null] },
                { $lt: [`$candidate.s${band}mag1`, 17] },
              ],
            })),
          },
        ],
      },
    ],
  },
  stationary: {
    $gt: [
      {
        $subtract: [
          "$candidate.jd",
          {
            $min: [
              "$candidate.jd",
              { $min: { $map: { input: DETECTIONS, as: "point", in: "$$point.jd" } } },
              {
                $min: {
                  $map: {
                    input: past("fp_hists", { $gte: [forcedSnr("$$point"), FORCED_SNR_MIN] }),
                    as: "point",
                    in: "$$point.jd",
                  },
                },
              },
            ],
          },
        ],
      },
      STATIONARY_DAYS,
    ],
  },
};
