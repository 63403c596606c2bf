/** What the pipeline measures of an object in one exposure: the fields that an alert and a later alert's history share. */
import type { AvroValue } from "./avro_writer.ts";
import { type Exposure, round } from "./exposures.ts";
import { candidOf } from "./object_id.ts";
import { Random } from "./random.ts";
import { cosDeg, type Neighbour, type Sighting, type SkyObject } from "./sky_object.ts";

export type Values = Record<string, AvroValue>;

const RB_VERSION = "t17_f5_c3";
const PROGRAMME = { 1: "Kulkarni", 2: "ZTF_Partnership", 3: "Caltech" } as const;

const PIXEL_ARCSEC = 1.012;
const IMAGE_PX = { x: 3072, y: 3080 };

export function pidOf(exposure: Exposure, quadrant: number): number {
  return exposure.pidFirst + 100 * quadrant;
}

/** Signed magnitudes lose their sign: whether the source got brighter is `isdiffpos`. */
export interface Measured {
  readonly positive: boolean;
  /** With its noise, DN. */
  readonly fluxDn: number;
  readonly magpsf: number;
  readonly sigmapsf: number;
  readonly candid: bigint;
}

/** The same whenever it is asked for, as it must be: an alert's candidate comes again in later histories. */
export function measure(seed: number, object: SkyObject, sighting: Sighting): Measured {
  const { exposure, fluxDn: trueFluxDn } = sighting;
  const { fluxErrorDn, zeroPointMag } = exposure;
  const random = measureRandom("flux", seed, object, exposure);
  // Noise can't undo a detection: half a sigma is the most it takes away.
  const noiseDn = Math.max(-0.5, random.normal()) * fluxErrorDn;
  const positive = trueFluxDn >= 0;
  const fluxDn = Math.abs(trueFluxDn) + noiseDn;
  return {
    positive,
    fluxDn: positive ? fluxDn : -fluxDn,
    magpsf: zeroPointMag - 2.5 * Math.log10(fluxDn),
    // Bright sources are limited by the calibration.
    sigmapsf: Math.hypot(1.0857 * fluxErrorDn / fluxDn, 0.012),
    candid: candidOf(pidOf(exposure, object.quadrant), positive, object.row),
  };
}

/** Fields that an upper limit has too: they belong to the image, not to the source. */
export function imageValues(exposure: Exposure, quadrant: number): Values {
  const { field, fid, night } = exposure;
  // Each quadrant has a calibration of its own.
  const offset = ((quadrant * 37) % 64 - 32) / 64;
  return {
    jd: exposure.jd,
    fid,
    pid: pidOf(exposure, quadrant),
    diffmaglim: exposure.diffmaglim,
    programpi: PROGRAMME[field.programid as 1 | 2 | 3] ?? "Kulkarni",
    programid: field.programid,
    nid: night,
    rcid: quadrant,
    field: field.id,
    magzpsci: exposure.zeroPointMag,
    magzpsciunc: 0.00003 + 0.00002 * offset,
    magzpscirms: 0.034 + 0.02 * offset,
    clrcoeff: (fid === 1 ? -0.062 : 0.105) + 0.02 * offset,
    clrcounc: 0.00004 + 0.00002 * offset,
    rbversion: RB_VERSION,
  };
}

/** All that `prv_candidates` says of a detection. */
export function detectionValues(
  seed: number,
  object: SkyObject,
  exposure: Exposure,
  measured: Measured,
): Values {
  const random = measureRandom("shape", seed, object, exposure);
  const { magpsf, sigmapsf, positive, candid } = measured;
  const { diffmaglim, fwhmPx } = exposure;
  const real = object.kind !== "artefact";
  const snr = 1.0857 / sigmapsf;
  const magap = magpsf + random.normal(0.03, sigmapsf);
  const magapbig = magap + random.normal(-0.02, sigmapsf / 2);
  const fwhm = fwhmPx * (real ? random.between(0.9, 1.35) : random.between(0.5, 2.6));
  const aimage = fwhm * (real ? random.between(0.3, 0.42) : random.between(0.25, 0.9));
  const elong = real ? 1 + Math.abs(random.normal(0, 0.12)) : random.between(1, 3.5);
  const wobble = 0.09 / Math.sqrt(snr / 5) / 3600;
  const { xPx, yPx } = object;
  return {
    ...imageValues(exposure, object.quadrant),
    candid,
    isdiffpos: positive ? "t" : "f",
    tblid: object.row,
    xpos: xPx,
    ypos: yPx,
    ra: round((object.raDeg + random.normal(0, wobble) / cosDeg(object.decDeg) + 360) % 360, 7) %
      360,
    dec: round(object.decDeg + random.normal(0, wobble), 7),
    magpsf,
    sigmapsf,
    chipsf: (real ? 1 : 4) * Math.exp(random.normal(0.5, 0.5)) * (1 + snr / 60),
    magap,
    sigmagap: sigmapsf * random.between(0.6, 1.4),
    ...referenceValues(object, exposure.fid, PIXEL_ARCSEC),
    sky: random.normal(0, 0.7),
    magdiff: magap - magpsf,
    fwhm,
    classtar: real ? 1 - 0.4 * random.next() ** 3 : random.next(),
    mindtoedge: Math.min(xPx, yPx, IMAGE_PX.x - xPx, IMAGE_PX.y - yPx),
    magfromlim: diffmaglim - magap,
    seeratio: real ? random.between(0.9, 2) : random.between(0.4, 2),
    aimage,
    bimage: aimage / elong,
    aimagerat: aimage / fwhm,
    bimagerat: aimage / elong / fwhm,
    elong,
    nneg: real ? random.int(5) : random.int(16),
    nbad: real ? 0 : random.chance(0.4) ? 1 + random.int(4) : 0,
    rb: real ? 0.98 - 0.5 * random.next() ** 2 : 0.55 * random.next() ** 1.5 + 0.02 * random.next(),
    sumrat: real ? 1 - 0.15 * random.next() ** 3 : random.between(0.2, 1),
    magapbig,
    sigmagapbig: sigmapsf * random.between(0.8, 1.6),
    scorr: round(snr * random.between(0.95, 1.3), 5),
  };
}

export function measureRandom(
  what: string,
  seed: number,
  object: SkyObject,
  { night, visit }: Exposure,
): Random {
  return new Random(seed, what, object.slot, object.birthNight, night, visit);
}

/** The nearest source of the reference image. `unitArcsec` is what distances are counted in. */
export function referenceValues(object: SkyObject, fid: number, unitArcsec: number): Values {
  const near = object.neighbours[0] ?? faintest(object);
  // PS1's g, r and i are near enough to ZTF's.
  const mag = near.mags[fid - 1] ?? 21.8;
  const galaxy = near.score < 0.5;
  const { slot } = object;
  return {
    distnr: near.distanceArcsec / unitArcsec,
    magnr: mag,
    sigmagnr: 0.012 + 0.25 * 10 ** (0.4 * (mag - 22)),
    chinr: galaxy ? 1.5 + slot % 17 / 4 : 0.35 + slot % 13 / 16,
    sharpnr: galaxy ? 0.15 + slot % 11 / 14 : -0.06 + slot % 9 / 75,
    ranr: near.raDeg,
    decnr: near.decDeg,
  };
}

/** Where PS1 has nothing within 30 arcsec, the reference image still has something. */
function faintest(object: SkyObject): Neighbour {
  const { raDeg, decDeg } = object;
  return {
    raDeg: round((raDeg + 0.009) % 360, 7),
    decDeg,
    distanceArcsec: 0.009 * 3600 * cosDeg(decDeg),
    eastArcsec: 0.009 * 3600 * cosDeg(decDeg),
    northArcsec: 0,
    mags: [21.9, 21.6, 21.4, 21.3],
    score: 0.5,
    ps1Id: -999n,
  };
}

/** The name of a difference image, as an alert gives it. */
export function differenceFile({ stamp, field, fid }: Exposure, quadrant: number): string {
  const ccd = String(Math.floor(quadrant / 4) + 1).padStart(2, "0");
  const id = String(field.id).padStart(6, "0");
  return `ztf_${stamp}_${id}_z${"gri"[fid - 1]}_c${ccd}_o_q${quadrant % 4 + 1}_scimrefdiffimg.fits`;
}

/** The same, as histories give it: with its place in the archive. */
export function archivedFile(exposure: Exposure, quadrant: number): string {
  const { stamp } = exposure;
  const folder = `${stamp.slice(0, 4)}/${stamp.slice(4, 8)}/${stamp.slice(8)}`;
  return `/ztf/archive/sci/${folder}/${differenceFile(exposure, quadrant)}.fz`;
}
