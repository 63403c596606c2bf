/** The record `candidate` of an alert: its detection, and what surrounds and precedes it. */
import {
  detectionValues,
  differenceFile,
  type Measured,
  measureRandom,
  type Values,
} from "./detection.ts";
import { type Exposure, jdOf } from "./exposures.ts";
import type { Neighbour, SkyObject } from "./sky_object.ts";

const DRB_VERSION = "d6_m7";
/** What ZTF writes where there is nothing. */
const NOTHING = -999;
/** How far Gaia is searched for the nearest sources, arcsec. */
const GAIA_RADIUS_ARCSEC = 90;

/** What came before, this detection included. */
export interface Past {
  readonly ndethist: number;
  readonly ncovhist: number;
  readonly jdstarthist: number;
}

export function candidateValues(
  seed: number,
  object: SkyObject,
  exposure: Exposure,
  measured: Measured,
  past: Past,
): Values {
  const random = measureRandom("candidate", seed, object, exposure);
  const { field, fid } = exposure;
  const snr = 1.0857 / measured.sigmapsf;
  const dsnrms = snr * random.between(0.35, 0.8);
  const ssnrms = snr * random.between(0.9, 1.6);
  const real = object.kind !== "artefact";
  const mover = object.kind === "mover";
  const referenceStart = jdOf(450 + field.index * 7) + 0.46;
  const values = detectionValues(seed, object, exposure, measured);
  return {
    ...values,
    pdiffimfilename: differenceFile(exposure, object.quadrant),
    ssdistnr: mover ? random.int(3) : NOTHING,
    ssmagnr: mover ? measured.magpsf + random.normal(0, 0.2) : NOTHING,
    ssnamenr: mover ? String(1000 + (object.slot * 7919) % 480_000) : "null",
    ...neighbourValues(object.neighbours),
    ...past,
    jdendhist: exposure.jd,
    tooflag: 0,
    nmtchps: object.neighbours.length === 0
      ? 0
      : object.neighbours.length + (object.slot * 31) % 14,
    rfid: field.id * 1_000_000 + 120_000 + fid * 100 + object.quadrant,
    jdstartref: referenceStart,
    jdendref: referenceStart + 60 + field.index,
    nframesref: 15 + field.index % 16,
    dsnrms,
    ssnrms,
    dsdiff: dsnrms - ssnrms,
    nmatches: 200 + (object.quadrant * 113) % 1400,
    zpclrcov: -1.1 * (values.clrcounc as number),
    zpmed: exposure.zeroPointMag + random.normal(0, 0.03),
    clrmed: 0.7 + 0.01 * (object.quadrant % 12),
    clrrms: 0.22 + 0.005 * (object.quadrant % 20),
    ...gaiaValues(object),
    exptime: 30,
    drb: real
      ? random.chance(0.93) ? 1 - 0.02 * random.next() ** 3 : random.between(0.2, 1)
      : random.chance(0.93)
      ? 0.35 * random.next() ** 3
      : random.between(0.2, 0.9),
    drbversion: DRB_VERSION,
  };
}

function neighbourValues(neighbours: readonly Neighbour[]): Values {
  const values: Values = {};
  for (const nth of [1, 2, 3]) {
    const near = neighbours[nth - 1];
    values[`objectidps${nth}`] = near?.ps1Id ?? NOTHING;
    for (const [at, band] of ["g", "r", "i", "z"].entries()) {
      values[`s${band}mag${nth}`] = near?.mags[at] ?? NOTHING;
    }
    values[`sgscore${nth}`] = near?.score ?? NOTHING;
    values[`distpsnr${nth}`] = near?.distanceArcsec ?? NOTHING;
  }
  return values;
}

/** Stars of the neighbourhood are in Gaia, down to magnitude 20.7; another may lie farther away. */
function gaiaValues({ neighbours, slot }: SkyObject): Values {
  const stars = neighbours.flatMap(({ score, mags, distanceArcsec }) => {
    const mag = mags[1] ?? null;
    return score > 0.5 && mag !== null && mag < 20.7 ? [{ distanceArcsec, mag }] : [];
  });
  stars.push({ distanceArcsec: 16 + slot % 90, mag: 12.5 + slot % 37 / 5 });
  const near = stars.filter((star) => star.distanceArcsec < GAIA_RADIUS_ARCSEC)
    .sort((a, b) => a.distanceArcsec - b.distanceArcsec);
  const bright = near.find((star) => star.mag < 14);
  return {
    neargaia: near[0]?.distanceArcsec ?? NOTHING,
    maggaia: near[0]?.mag ?? NOTHING,
    neargaiabright: bright?.distanceArcsec ?? NOTHING,
    maggaiabright: bright?.mag ?? NOTHING,
  };
}
