/** Draws the three images of an alert: the new exposure, the reference, and what differs. */
import { CUTOUT_PIXELS, CUTOUT_SIZE } from "./fits.ts";
import { fluxOf } from "./light_curve.ts";
import { Random } from "./random.ts";
import { type Artefact, ARTEFACTS, type Kind } from "./sky_object.ts";

/** A source of the reference image, with its flux there. Distances from the middle of the cutout, pixels. */
export interface Source {
  readonly dxPx: number;
  readonly dyPx: number;
  readonly fluxDn: number;
  /** Gaussian sigma of its own light along the major axis, before the atmosphere; 0 for a star. */
  readonly sizePx: number;
  readonly axisRatio: number;
  readonly angleRad: number;
}

export interface Scene {
  /** What changed: signed flux in the middle, DN. */
  readonly fluxDn: number;
  readonly artefact: Artefact | null;
  readonly sources: readonly Source[];
  /** How much brighter a source is in the new exposure, for its better or worse zero point. */
  readonly gain: number;
  readonly fwhmPx: number;
  readonly referenceFwhmPx: number;
  readonly skyDn: number;
  readonly referenceSkyDn: number;
  /** Noise of a pixel, DN. */
  readonly noiseDn: number;
  readonly referenceNoiseDn: number;
  readonly missing: { readonly columns: number; readonly template: "nan" | "lowest" } | null;
}

/** Each `CUTOUT_SIZE` squared, row by row. */
export interface Cutouts {
  readonly science: Float32Array;
  readonly template: Float32Array;
  readonly difference: Float32Array;
}

const MIDDLE = (CUTOUT_SIZE - 1) / 2;
const FWHM_PER_SIGMA = 2.3548;
/** What stands for missing pixels in some templates of ZTF: the lowest float32. */
const LOWEST = -3.4028234663852886e38;

/** The template's noise may come from a generator of its own: an object's reference is the same in each of its alerts. */
export function drawCutouts(random: Random, scene: Scene, referenceRandom = random): Cutouts {
  const { fwhmPx, referenceFwhmPx, noiseDn, sources, gain } = scene;
  const template = noise(referenceRandom, scene.referenceNoiseDn, scene.referenceSkyDn);
  const science = noise(random, noiseDn, scene.skyDn);
  const difference = noise(random, noiseDn * 1.05, 0);
  for (const source of sources) {
    add(template, source, referenceFwhmPx);
    add(science, { ...source, fluxDn: gain * source.fluxDn }, fwhmPx);
    // No two exposures have quite the same PSF and place: a bright source leaves a small dipole.
    const left = gain * source.fluxDn * random.normal(0, 0.006);
    const shiftPx = random.between(0.3, 0.8);
    addPoint(difference, source.dxPx + shiftPx, source.dyPx, left, fwhmPx);
    addPoint(difference, source.dxPx - shiftPx, source.dyPx, -left, fwhmPx);
  }
  if (scene.artefact === null) {
    addPoint(science, 0, 0, scene.fluxDn, fwhmPx);
    addPoint(difference, 0, 0, scene.fluxDn, fwhmPx);
  } else drawArtefact(scene.artefact, random, scene, science, difference);
  if (scene.missing !== null) {
    const { columns, template: missing } = scene.missing;
    blank(science, columns, NaN);
    blank(difference, columns, NaN);
    blank(template, columns, missing === "lowest" ? LOWEST : NaN);
  }
  return { science, template, difference };
}

/** A scene as a night brings them: to train a network with, where no object is needed. */
export function randomScene(random: Random, kind: Kind): Scene {
  const noiseDn = random.between(4, 9);
  const fluxDn = fluxOf(random.between(16.5, 20)) * (random.chance(0.8) ? 1 : -1);
  const distancePx = {
    supernova: random.between(0.5, 7),
    variable: random.between(0, 0.5),
    nucleus: random.between(0, 0.4),
    mover: random.between(5, 30),
    artefact: random.between(2.5, 9),
  }[kind];
  const galaxy = kind === "supernova" || kind === "nucleus";
  const mag = kind === "artefact" ? random.between(11.5, 15.5) : random.between(14, 19.5);
  const sources = [randomSource(random, distancePx, mag, galaxy)];
  while (random.chance(0.6)) {
    const far = random.between(4, 40);
    sources.push(randomSource(random, far, random.between(16, 21.5), random.chance(0.4)));
  }
  return {
    // What gets fainter was there before.
    fluxDn: kind === "supernova" || kind === "mover" ? Math.abs(fluxDn) : fluxDn,
    artefact: kind === "artefact" ? random.pick(ARTEFACTS) : null,
    sources,
    gain: random.normal(1, 0.06),
    fwhmPx: random.between(1.6, 3.2),
    referenceFwhmPx: random.between(1.7, 2.4),
    skyDn: random.between(80, 400),
    referenceSkyDn: random.between(80, 400),
    noiseDn,
    referenceNoiseDn: random.between(1, 2),
    missing: random.chance(0.04)
      ? { columns: 2 + random.int(20), template: random.chance(0.5) ? "nan" : "lowest" }
      : null,
  };
}

function randomSource(
  random: Random,
  distancePx: number,
  mag: number,
  galaxy: boolean,
): Source {
  const angle = random.between(0, 2 * Math.PI);
  return {
    dxPx: distancePx * Math.cos(angle),
    dyPx: distancePx * Math.sin(angle),
    fluxDn: fluxOf(mag),
    ...randomShape(random, galaxy),
  };
}

export function randomShape(random: Random, galaxy: boolean) {
  return {
    sizePx: galaxy ? random.between(0.8, 4) : 0,
    axisRatio: galaxy ? random.between(0.35, 1) : 1,
    angleRad: galaxy ? random.between(0, Math.PI) : 0,
  };
}

function drawArtefact(
  artefact: Artefact,
  random: Random,
  { fluxDn, fwhmPx, noiseDn, sources }: Scene,
  science: Float32Array,
  difference: Float32Array,
): void {
  const peakDn = Math.max(Math.abs(fluxDn) / 5, 12 * noiseDn);
  const both = (x: number, y: number, valueDn: number) => {
    addPixel(science, x, y, valueDn);
    addPixel(difference, x, y, valueDn);
  };
  if (artefact === "dipole") {
    const angle = random.between(0, 2 * Math.PI);
    const [dx, dy] = [1.3 * Math.cos(angle), 1.3 * Math.sin(angle)];
    addPoint(difference, dx, dy, fluxDn * 1.5, fwhmPx);
    addPoint(difference, -dx, -dy, -fluxDn * 1.5, fwhmPx);
  } else if (artefact === "cosmic-ray") {
    // Sharper than any star can be, and longer than wide.
    const [angle, length] = [random.between(0, Math.PI), 1 + random.int(7)];
    for (let step = 0; step < length; step++) {
      const x = Math.round(MIDDLE + step * Math.cos(angle));
      const y = Math.round(MIDDLE + step * Math.sin(angle));
      both(x, y, peakDn * random.between(0.6, 2.5));
    }
  } else if (artefact === "bad-column") {
    const x = MIDDLE + random.int(3) - 1;
    const valueDn = peakDn * (random.chance(0.5) ? 1 : -1);
    for (let y = 0; y < CUTOUT_SIZE; y++) both(x, y, valueDn * random.between(0.6, 1.4));
  } else if (artefact === "streak") {
    const [angle, offsetPx] = [random.between(0, Math.PI), random.between(-2, 2)];
    const sigmaPx = fwhmPx / FWHM_PER_SIGMA;
    for (let y = 0; y < CUTOUT_SIZE; y++) {
      for (let x = 0; x < CUTOUT_SIZE; x++) {
        const across = (x - MIDDLE) * Math.sin(angle) - (y - MIDDLE) * Math.cos(angle) - offsetPx;
        if (Math.abs(across) < 4 * sigmaPx) {
          both(x, y, peakDn * Math.exp(-0.5 * (across / sigmaPx) ** 2));
        }
      }
    }
  } else {
    // The core of a saturated star subtracts to a ring of both signs, with spikes along the columns.
    const { dxPx = 0, dyPx = 0 } = sources[0] ?? {};
    addPoint(difference, dxPx, dyPx, 9 * fluxDn, fwhmPx * 2.2);
    addPoint(difference, dxPx, dyPx, -11 * fluxDn, fwhmPx * 1.6);
    for (let y = 0; y < CUTOUT_SIZE; y++) {
      both(
        Math.round(MIDDLE + dxPx),
        y,
        peakDn * 1.5 * Math.exp(-Math.abs(y - MIDDLE - dyPx) / 9),
      );
    }
  }
}

function addPixel(image: Float32Array, x: number, y: number, valueDn: number): void {
  if (x >= 0 && x < CUTOUT_SIZE && y >= 0 && y < CUTOUT_SIZE) {
    image[y * CUTOUT_SIZE + x]! += valueDn;
  }
}

function add(image: Float32Array, source: Source, fwhmPx: number): void {
  const { dxPx, dyPx, fluxDn, sizePx, axisRatio, angleRad } = source;
  if (sizePx === 0) {
    addPoint(image, dxPx, dyPx, 0.93 * fluxDn, fwhmPx);
    addPoint(image, dxPx, dyPx, 0.07 * fluxDn, 3 * fwhmPx); // The wings.
    return;
  }
  const seeing = (fwhmPx / FWHM_PER_SIGMA) ** 2;
  const major = Math.sqrt(sizePx ** 2 + seeing);
  const minor = Math.sqrt((sizePx * axisRatio) ** 2 + seeing);
  addEllipse(image, { dxPx, dyPx, fluxDn: 0.6 * fluxDn, major, minor, angleRad });
  addEllipse(image, {
    ...{ dxPx, dyPx, fluxDn: 0.4 * fluxDn, angleRad },
    major: 2 * major,
    minor: 2 * minor,
  });
}

/** A round Gaussian: the product of its two profiles, which is what makes it cheap. */
function addPoint(
  image: Float32Array,
  dxPx: number,
  dyPx: number,
  fluxDn: number,
  fwhmPx: number,
): void {
  const sigmaPx = fwhmPx / FWHM_PER_SIGMA;
  const [left, right] = reach(dxPx, sigmaPx);
  const [top, bottom] = reach(dyPx, sigmaPx);
  const peakDn = fluxDn / (2 * Math.PI * sigmaPx * sigmaPx);
  const across = Array.from({ length: right - left }, (_, at) => {
    return Math.exp(-0.5 * ((left + at - MIDDLE - dxPx) / sigmaPx) ** 2);
  });
  for (let y = top; y < bottom; y++) {
    const lineDn = peakDn * Math.exp(-0.5 * ((y - MIDDLE - dyPx) / sigmaPx) ** 2);
    const start = y * CUTOUT_SIZE + left;
    for (let at = 0; at < across.length; at++) image[start + at]! += lineDn * across[at]!;
  }
}

interface Ellipse {
  readonly dxPx: number;
  readonly dyPx: number;
  readonly fluxDn: number;
  readonly major: number;
  readonly minor: number;
  readonly angleRad: number;
}

function addEllipse(image: Float32Array, ellipse: Ellipse): void {
  const { dxPx, dyPx, fluxDn, major, minor, angleRad } = ellipse;
  const [left, right] = reach(dxPx, 0.75 * major);
  const [top, bottom] = reach(dyPx, 0.75 * major);
  const peakDn = fluxDn / (2 * Math.PI * major * minor);
  const [cos, sin] = [Math.cos(angleRad), Math.sin(angleRad)];
  for (let y = top; y < bottom; y++) {
    const dy = y - MIDDLE - dyPx;
    for (let x = left; x < right; x++) {
      const dx = x - MIDDLE - dxPx;
      const along = (dx * cos + dy * sin) / major;
      const across = (dy * cos - dx * sin) / minor;
      image[y * CUTOUT_SIZE + x]! += peakDn * Math.exp(-0.5 * (along * along + across * across));
    }
  }
}

/** From and to which pixel a Gaussian matters; nothing (from = to) where it lies outside. */
function reach(offsetPx: number, sigmaPx: number): [number, number] {
  const from = Math.max(0, Math.floor(MIDDLE + offsetPx - 4 * sigmaPx));
  const to = Math.min(CUTOUT_SIZE, Math.ceil(MIDDLE + offsetPx + 4 * sigmaPx) + 1);
  return [from, Math.max(from, to)];
}

function blank(image: Float32Array, columns: number, value: number): void {
  for (let y = 0; y < CUTOUT_SIZE; y++) {
    image.fill(value, y * CUTOUT_SIZE, y * CUTOUT_SIZE + columns);
  }
}

/** Drawing 12,000 Gaussians an alert would cost more than all else: each image takes a stretch of one long strip. */
const STRIP = 1 << 17;
let strip: Float32Array | undefined;

function noise(random: Random, sigmaDn: number, levelDn: number): Float32Array {
  if (strip === undefined) {
    const source = new Random("noise");
    strip = Float32Array.from({ length: STRIP }, () => source.normal());
  }
  const start = random.int(STRIP - CUTOUT_PIXELS);
  const sign = random.chance(0.5) ? sigmaDn : -sigmaDn;
  const image = new Float32Array(CUTOUT_PIXELS);
  for (let at = 0; at < CUTOUT_PIXELS; at++) image[at] = levelDn + sign * strip[start + at]!;
  return image;
}
