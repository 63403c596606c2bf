/** The things in the simulated sky: what and where they are, what lies around them, and in which nights they are seen. */
import {
  type Exposure,
  Exposures,
  type Field,
  FIELDS,
  jdOf,
  QUADRANTS,
  round,
} from "./exposures.ts";
import { differenceFlux, FAINTEST_MAG, fluxOf, type LightCurve } from "./light_curve.ts";
import { objectIdOf, ps1IdOf, SLOTS_MAX } from "./object_id.ts";
import { Random } from "./random.ts";

export const KINDS = ["supernova", "variable", "nucleus", "mover", "artefact"] as const;
export type Kind = (typeof KINDS)[number];

const SHARES: Readonly<Record<Kind, number>> = {
  supernova: 0.14,
  variable: 0.4,
  nucleus: 0.16,
  mover: 0.18,
  artefact: 0.12,
};

export const ARTEFACTS = ["dipole", "cosmic-ray", "bad-column", "star-residual", "streak"] as const;
export type Artefact = (typeof ARTEFACTS)[number];

/** Objects of a quadrant stand in a grid, a hundred arcsec and more apart, so that none is matched to another's host. */
const GRID = { columns: 4, rows: 3 };
const CELLS = GRID.columns * GRID.rows;
const QUADRANT_DEG = 0.86;
const QUADRANT_PITCH_DEG = 0.9;
const PIXEL_ARCSEC = 1.012;
/** Detections have a row number of three digits in their quadrant. */
const ROWS_MAX = 1000;

/** A source near an object, where the reference image or PS1 has one. */
export interface Neighbour {
  readonly raDeg: number;
  readonly decDeg: number;
  readonly distanceArcsec: number;
  readonly eastArcsec: number;
  readonly northArcsec: number;
  /** g, r, i, z; null where PS1 has none. */
  readonly mags: readonly (number | null)[];
  /** Galaxy (0) or star (1). */
  readonly score: number;
  readonly ps1Id: bigint;
}

export interface SkyObject {
  readonly slot: number;
  readonly kind: Kind;
  readonly artefact: Artefact | null;
  readonly objectId: string;
  readonly field: Field;
  readonly quadrant: number;
  /** Its row in the extraction table of every exposure. */
  readonly row: number;
  readonly raDeg: number;
  readonly decDeg: number;
  readonly xPx: number;
  readonly yPx: number;
  /** The nights in which it is seen, both included. */
  readonly birthNight: number;
  readonly lastNight: number;
  readonly curve: LightCurve;
  /** The nearest three within 30 arcsec, the nearest first; the first is its star, nucleus or host. */
  readonly neighbours: readonly Neighbour[];
  /** Of its host or its own galaxy; null for what has none. */
  readonly redshift: number | null;
  /** Columns that miss at the side of its cutouts, and what stands for them in the template. */
  readonly missing: { readonly columns: number; readonly template: "nan" | "lowest" } | null;
}

export interface SkyOptions {
  readonly seed: number;
  /** The programmes of the fields, in turn. */
  readonly programids?: readonly number[];
  readonly kinds?: readonly Kind[];
}

/** A detection, or that there was none, of an object in an exposure. */
export interface Sighting {
  readonly exposure: Exposure;
  readonly detected: boolean;
  /** Signed, without noise, DN in this exposure. */
  readonly fluxDn: number;
}

/**
 * A sky with one object in each of its slots at any time: stars and nuclei for 400 nights, supernovae
 * until they fade, movers and artefacts for one. What succeeds an object has a name and a place of its own.
 */
export class Sky {
  readonly seed: number;
  readonly exposures: Exposures;
  readonly #kinds: readonly Kind[];

  constructor({ seed, programids = [1, 2, 3], kinds = KINDS }: SkyOptions) {
    if (!Number.isSafeInteger(seed)) {
      throw new RangeError(
        `Cannot simulate as the seed must be an integer: current value is ${seed}`,
      );
    }
    if (kinds.length === 0 || programids.length === 0) {
      throw new RangeError("Cannot simulate as there must be a kind and a programid");
    }
    this.seed = seed;
    this.exposures = new Exposures(seed, programids);
    this.#kinds = kinds;
  }

  object(slot: number, night: number): SkyObject {
    if (!(Number.isInteger(slot) && slot >= 0 && slot < SLOTS_MAX)) {
      throw new RangeError(
        `Cannot simulate an object as its slot must be below ${SLOTS_MAX}: current value is ${slot}`,
      );
    }
    // All that must not change while objects succeed each other in the slot is drawn from this.
    const fixed = new Random(this.seed, "slot", slot);
    const kind = pickKind(fixed, this.#kinds);
    const lifeNights = kind === "mover" || kind === "artefact"
      ? 1
      : kind === "supernova"
      ? 25 + fixed.int(36)
      : 400;
    const phase = fixed.int(lifeNights);
    const birthNight = night - (night + phase) % lifeNights;

    const random = new Random(this.seed, "object", slot, birthNight);
    const { field, quadrant, row, raDeg, decDeg, xPx, yPx } = this.#place(slot, random);
    const own = drawOwn(kind, random, { birthNight, lifeNights });
    const neighbours = drawNeighbours(kind, random, { raDeg, decDeg, ownMag: own.mag });
    const missing = random.chance(0.04)
      ? {
        columns: 2 + random.int(20),
        template: random.chance(0.5) ? "nan" as const : "lowest" as const,
      }
      : null;
    return {
      slot,
      kind,
      artefact: kind === "artefact" ? random.pick(ARTEFACTS) : null,
      objectId: objectIdOf(this.seed, slot, birthNight),
      field,
      quadrant,
      row,
      raDeg,
      decDeg,
      xPx: missing === null ? xPx : 31 - missing.columns,
      yPx,
      birthNight,
      lastNight: birthNight + lifeNights - 1,
      curve: own.curve,
      neighbours,
      redshift: own.redshift,
      missing,
    };
  }

  /** What the exposure shows of an object. Each night that it lives has one exposure at least that detects it. */
  sight(object: SkyObject, exposure: Exposure, visits: number): Sighting {
    const { fluxErrorDn, night, visit } = exposure;
    const scale = fluxOf(0, exposure.zeroPointMag) / fluxOf(0);
    const fluxDn = differenceFlux(object.curve, exposure.jd, exposure.fid) * scale;
    if (night < object.birthNight || night > object.lastNight) {
      const stillFades = object.kind === "supernova" && night > object.lastNight;
      return { exposure, detected: false, fluxDn: stillFades ? fluxDn : 0 };
    }
    const sure = visit === (object.slot + night) % visits;
    if (sure) {
      const least = 6 * fluxErrorDn;
      return {
        exposure,
        detected: true,
        fluxDn: Math.abs(fluxDn) >= least ? fluxDn : fluxDn < 0 ? -least : least,
      };
    }
    const passing = object.kind === "mover" || object.kind === "artefact";
    if (passing) return { exposure, detected: false, fluxDn: 0 };
    return { exposure, detected: Math.abs(fluxDn) > 6 * fluxErrorDn, fluxDn };
  }

  /** In order of time. */
  sightings(object: SkyObject, night: number): Sighting[] {
    const visits = this.exposures.visits(object.field, night);
    return visits.map((exposure) => this.sight(object, exposure, visits.length));
  }

  /** Three slots in a row lie in three fields; the quadrants fill one by one. */
  #place(slot: number, random: Random) {
    const perRound = 3 * CELLS;
    const block = Math.floor(slot / perRound);
    const cell = Math.floor((slot % perRound) / 3);
    const quadrantOfAll = (block * 3 + slot % 3) % (FIELDS * QUADRANTS);
    const round0 = Math.floor((block * 3) / (FIELDS * QUADRANTS));
    const field = this.exposures.field(quadrantOfAll % FIELDS);
    const quadrant = (Math.floor(quadrantOfAll / FIELDS) * 27) % QUADRANTS;
    const row = round0 * CELLS + cell;
    if (row >= ROWS_MAX) throw new RangeError(`Cannot place the object in slot ${slot}`);

    // The outer parts of a cell stay empty.
    const u = (cell % GRID.columns + random.between(0.15, 0.85)) / GRID.columns;
    const v = (Math.floor(cell / GRID.columns) + random.between(0.15, 0.85)) / GRID.rows;
    const east = (quadrant % 8 - 3.5) * QUADRANT_PITCH_DEG + (0.5 - u) * QUADRANT_DEG;
    const north = (Math.floor(quadrant / 8) - 3.5) * QUADRANT_PITCH_DEG + (v - 0.5) * QUADRANT_DEG;
    const decDeg = round(field.decDeg + north, 7);
    const raDeg = round((field.raDeg + east / cosDeg(decDeg) + 360) % 360, 7) % 360;
    const arcsec = QUADRANT_DEG * 3600;
    const [xPx, yPx] = [u * arcsec / PIXEL_ARCSEC, v * arcsec / PIXEL_ARCSEC];
    return { field, quadrant, row, raDeg, decDeg, xPx, yPx };
  }
}

export function cosDeg(angleDeg: number): number {
  return Math.cos(angleDeg * Math.PI / 180);
}

function pickKind(random: Random, kinds: readonly Kind[]): Kind {
  let rest = random.next() * kinds.reduce((sum, kind) => sum + SHARES[kind], 0);
  for (const kind of kinds) {
    rest -= SHARES[kind];
    if (rest < 0) return kind;
  }
  return kinds.at(-1)!;
}

/** Its light curve, and the magnitude of what the reference image has at its place (or of its host). */
function drawOwn(
  kind: Kind,
  random: Random,
  { birthNight, lifeNights }: { birthNight: number; lifeNights: number },
): { curve: LightCurve; mag: number; redshift: number | null } {
  if (kind === "supernova") {
    const riseDays = lifeNights * random.between(0.25, 0.45);
    const peakMag = random.between(16.8, 19.4);
    const redshift = 0.01 + 0.07 * random.next() ** 1.5;
    const curve = {
      shape: "supernova" as const,
      startJd: jdOf(birthNight) - 0.5,
      peakMag,
      riseDays,
      declineMagPerDay: (FAINTEST_MAG - peakMag) / (lifeNights - riseDays),
      colourMag: random.normal(0.1, 0.15),
    };
    return { curve, mag: random.between(15.5, 19.5), redshift };
  }
  if (kind === "variable") {
    const mag = random.between(13.5, 18.5);
    const periodDays = 10 ** random.between(-0.6, 2.2);
    const waves = [{ amplitude: random.between(0.12, 0.75), periodDays, phase: random.next() }];
    const curve = {
      shape: "waves" as const,
      meanMag: mag,
      waves,
      colourMag: random.between(0.2, 1.3),
    };
    return { curve, mag, redshift: null };
  }
  if (kind === "nucleus") {
    const mag = random.between(16, 19);
    const waves = [17, 61, 190].map((periodDays) => ({
      amplitude: random.between(0.04, 0.3),
      periodDays: periodDays * random.between(0.7, 1.4),
      phase: random.next(),
    }));
    const curve = {
      shape: "waves" as const,
      meanMag: mag,
      waves,
      colourMag: random.normal(0.3, 0.1),
    };
    return { curve, mag, redshift: 0.02 + 1.8 * random.next() ** 2 };
  }
  const sign = kind === "mover" || random.chance(0.6) ? 1 : -1;
  const curve = {
    shape: "constant" as const,
    mag: random.between(16, 19.8),
    sign: sign as 1 | -1,
    colourMag: kind === "mover" ? 0.5 : 0,
  };
  const starBehind = kind === "artefact";
  return { curve, mag: starBehind ? random.between(11.5, 15.5) : 99, redshift: null };
}

function drawNeighbours(
  kind: Kind,
  random: Random,
  { raDeg, decDeg, ownMag }: { raDeg: number; decDeg: number; ownMag: number },
): Neighbour[] {
  const near = {
    supernova: random.between(0.4, 7),
    variable: random.between(0.05, 0.5),
    nucleus: random.between(0.05, 0.4),
    mover: random.between(4, 28),
    artefact: random.between(2.5, 9),
  }[kind];
  const distances = [near];
  for (let more = 0; more < 2; more++) distances.push(distances.at(-1)! + random.between(1.5, 14));
  return distances.filter((distance) => distance < 30).map((distanceArcsec, nth) => {
    const angle = random.between(0, 2 * Math.PI);
    const eastArcsec = distanceArcsec * Math.sin(angle);
    const northArcsec = distanceArcsec * Math.cos(angle);
    const own = nth === 0 && kind !== "mover";
    const star = own ? kind === "variable" || kind === "artefact" : random.chance(0.6);
    const r = own ? ownMag : random.between(17.5, 22.3);
    const colour = star ? random.between(0.2, 1.2) : random.between(0.3, 0.9);
    const mags = [r + colour, r, r - 0.4 * colour, r - 0.6 * colour];
    return {
      raDeg: round((raDeg + eastArcsec / 3600 / cosDeg(decDeg) + 360) % 360, 7) % 360,
      decDeg: round(decDeg + northArcsec / 3600, 7),
      distanceArcsec,
      eastArcsec,
      northArcsec,
      mags: mags.map((mag) => mag > 22.5 || (!own && random.chance(0.2)) ? null : mag),
      score: star ? 1 - 0.25 * random.next() ** 2 : 0.3 * random.next(),
      ps1Id: ps1IdOf(raDeg, decDeg, 100 + 300 * nth + random.int(300)),
    };
  });
}
