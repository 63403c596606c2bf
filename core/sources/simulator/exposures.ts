/** When the simulated telescope looks where, and under which sky: a function of the seed, the field and the night alone. */
import { Random } from "./random.ts";

const DAY_MS = 86_400_000;
/** 2017-01-01, days since 1970: night 0 of ZTF's own count. */
const NIGHT_ZERO_DAY = 17_167;
const JD_OF_1970 = 2_440_587.5;
/** A `candid` begins with the night: below 1000 it would be shorter than 19 digits, above 9222 it would leave int64. */
const NIGHT_FIRST = 1000;
const NIGHT_LAST = 9222;

export const FIELDS = 30;
export const QUADRANTS = 64;
const VISITS_MAX = 3;

/** Within the night, days after 0 h UTC: each visit of each field has a time slot of its own, so that no two share a `pid`. */
const NIGHT_STARTS_AT = 0.13;
const TIME_SLOT_DAYS = 0.4 / (FIELDS * VISITS_MAX);

/** A stretch of sky of 7.2 degrees that is exposed as one. */
export interface Field {
  readonly index: number;
  /** The survey's number for it. */
  readonly id: number;
  readonly raDeg: number;
  readonly decDeg: number;
  /** All its exposures are taken for one programme, so an object's alerts are in one topic. */
  readonly programid: number;
}

export interface Exposure {
  readonly field: Field;
  /** Number of the night, days since 2017-01-01. */
  readonly night: number;
  /** Which of the field's visits in that night it is, from 0. */
  readonly visit: number;
  readonly jd: number;
  readonly fid: 1 | 2 | 3;
  /** The processing id of the first quadrant; each further quadrant adds 100. */
  readonly pidFirst: number;
  readonly diffmaglim: number;
  readonly zeroPointMag: number;
  readonly fwhmPx: number;
  readonly skyDn: number;
  /** Noise of a pixel, DN. */
  readonly noiseDn: number;
  /** Error of a PSF flux in the difference image, DN. */
  readonly fluxErrorDn: number;
  /** As in file names: `20231012433727`. */
  readonly stamp: string;
}

const BANDS = {
  1: { zeroPointMag: 26.28, depthMag: 20.7, skyDn: 105 },
  2: { zeroPointMag: 26.18, depthMag: 20.6, skyDn: 200 },
  3: { zeroPointMag: 25.9, depthMag: 20.1, skyDn: 260 },
} as const;

/** The night a date lies in. Throws a `RangeError` for nights whose ids would not be 19 digits. */
export function nightOf(date: Date): number {
  const night = Math.floor(date.getTime() / DAY_MS) - NIGHT_ZERO_DAY;
  if (!(night >= NIGHT_FIRST && night <= NIGHT_LAST)) {
    throw new RangeError(
      `Cannot simulate a night as its date must be from ${textOf(NIGHT_FIRST)} to ` +
        `${textOf(NIGHT_LAST)}: current value is ${
          Number.isNaN(night) ? "no date" : textOf(night)
        }`,
    );
  }
  return night;
}

/** 0 h UTC of a night. */
export function dateOf(night: number): Date {
  return new Date((night + NIGHT_ZERO_DAY) * DAY_MS);
}

/** `YYYYMMDD`. */
export function dayStamp(night: number): string {
  return textOf(night).replaceAll("-", "");
}

function textOf(night: number): string {
  return dateOf(night).toISOString().slice(0, 10);
}

export function jdOf(night: number): number {
  return night + NIGHT_ZERO_DAY + JD_OF_1970;
}

/** The survey's fields and exposures, each made once. */
export class Exposures {
  readonly #seed: number;
  readonly #fields: readonly Field[];
  readonly #visits = new Map<number, readonly Exposure[]>();

  constructor(seed: number, programids: readonly number[]) {
    this.#seed = seed;
    this.#fields = Array.from({ length: FIELDS }, (_, index) => fieldAt(index, programids));
  }

  field(index: number): Field {
    return this.#fields[index]!;
  }

  /** One to three, in order of time. */
  visits(field: Field, night: number): readonly Exposure[] {
    const key = night * FIELDS + field.index;
    let visits = this.#visits.get(key);
    if (visits === undefined) this.#visits.set(key, visits = this.#observe(field, night));
    return visits;
  }

  #observe(field: Field, night: number): Exposure[] {
    const random = new Random(this.#seed, "night", field.index, night);
    const luck = random.next();
    const count = luck < 0.55 ? 1 : luck < 0.95 ? 2 : VISITS_MAX;
    const fids = random.chance(0.5) ? [1, 2, 3] as const : [2, 1, 2] as const;
    return Array.from({ length: count }, (_, visit) => {
      // A step that shares no factor with the number of fields: a permutation of them.
      const order = (field.index * 7 + night) % FIELDS;
      const slot = visit * FIELDS + order;
      const fraction = NIGHT_STARTS_AT + (slot + random.between(0, 0.5)) * TIME_SLOT_DAYS;
      return expose(field, night, visit, fids[visit]!, round(fraction, 7), random);
    });
  }
}

function fieldAt(index: number, programids: readonly number[]): Field {
  return {
    index,
    id: 250 + 19 * index,
    raDeg: 6 + 12 * index,
    decDeg: [-10, 35, 10, 55, 20][index % 5]!,
    programid: programids[index % programids.length]!,
  };
}

function expose(
  field: Field,
  night: number,
  visit: number,
  fid: 1 | 2 | 3,
  fraction: number,
  random: Random,
): Exposure {
  const { zeroPointMag, depthMag, skyDn } = BANDS[fid];
  const zeroPoint = zeroPointMag + random.normal(0, 0.06);
  const moon = 0.5 - 0.5 * Math.cos(2 * Math.PI * (night + 2.4) / 29.530589);
  const depth = Math.max(18.8, depthMag - 0.8 * moon * moon - Math.abs(random.normal(0, 0.2)));
  const fluxErrorDn = 10 ** (0.4 * (zeroPoint - depth)) / 5;
  return {
    field,
    night,
    visit,
    jd: jdOf(night) + fraction,
    fid,
    pidFirst: night * 1e9 + Math.floor(fraction * 1e5) * 1e4 + 15,
    diffmaglim: depth,
    zeroPointMag: zeroPoint,
    fwhmPx: Math.max(1.5, random.normal(2.1, 0.35)),
    skyDn: skyDn * (1 + 0.8 * moon) * random.between(0.9, 1.1),
    noiseDn: fluxErrorDn / 6,
    fluxErrorDn,
    stamp: dayStamp(night) + String(Math.floor(fraction * 1e6)).padStart(6, "0"),
  };
}

export function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
