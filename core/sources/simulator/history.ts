/** What an alert says of its object's past: earlier detections and upper limits, and forced photometry, over 30 days. */
import { AvroWriter } from "./avro_writer.ts";
import type { Past } from "./candidate.ts";
import {
  archivedFile,
  detectionValues,
  imageValues,
  measure,
  measureRandom,
  referenceValues,
  type Values,
} from "./detection.ts";
import type { Exposure } from "./exposures.ts";
import type { Sighting, Sky, SkyObject } from "./sky_object.ts";
import { fpHistFields, prvCandidateFields } from "./ztf_schema.ts";

const HISTORY_DAYS = 30;
/** What forced photometry says where it has nothing. */
const NOTHING = -99_999;

interface Entry {
  readonly jd: number;
  readonly detected: boolean;
  /** Encoded, since the same entry stands in each later alert of the object. */
  readonly prvCandidate: Uint8Array;
  readonly fpHist: Uint8Array;
}

export interface PastOfAlert extends Past {
  /** Encoded records: by time, as ZTF gives them. */
  readonly prvCandidates: readonly Uint8Array[];
  /** Encoded records: the newest first. */
  readonly fpHists: readonly Uint8Array[];
}

export class Histories {
  readonly #sky: Sky;
  readonly #writer = new AvroWriter();
  /** An upper limit is a matter of the image: the same for all objects of a quadrant. */
  readonly #limits = new WeakMap<Exposure, Map<number, Uint8Array>>();

  constructor(sky: Sky) {
    this.#sky = sky;
  }

  /** The past of an object as its alerts of one night tell it. */
  of(object: SkyObject, night: number): (jd: number) => PastOfAlert {
    const entries = this.#entries(object, night);
    const older = this.#count(object, night - HISTORY_DAYS);
    return (jd) => {
      const past = entries.filter((entry) => entry.jd < jd);
      const recent = past.filter((entry) => entry.jd > jd - HISTORY_DAYS);
      const detections = past.reduce((sum, { detected }) => sum + (detected ? 1 : 0), 0);
      // The survey had looked there for a while before it saw the object.
      const coveredBefore = 20 + Math.floor((object.birthNight - 450) * 0.6);
      return {
        ndethist: older.detections + detections + 1,
        ncovhist: coveredBefore + older.exposures + past.length + 1,
        jdstarthist: older.firstJd ?? past.find((entry) => entry.detected)?.jd ?? jd,
        prvCandidates: recent.map((entry) => entry.prvCandidate),
        fpHists: recent.map((entry) => entry.fpHist).reverse(),
      };
    };
  }

  /** By time, from 30 nights ago to the end of this one. */
  #entries(object: SkyObject, night: number): Entry[] {
    const entries: Entry[] = [];
    for (let before = night - HISTORY_DAYS; before <= night; before++) {
      for (const sighting of this.#sky.sightings(object, before)) {
        const { exposure, detected } = sighting;
        entries.push({
          jd: exposure.jd,
          detected,
          prvCandidate: detected
            ? this.#detection(object, sighting)
            : this.#limit(exposure, object.quadrant),
          fpHist: this.#forced(object, sighting),
        });
      }
    }
    return entries;
  }

  /** Before `night`, since the object was born. */
  #count(object: SkyObject, night: number) {
    let [detections, exposures, firstJd] = [0, 0, undefined as number | undefined];
    for (let before = object.birthNight; before < night; before++) {
      for (const { detected, exposure } of this.#sky.sightings(object, before)) {
        exposures++;
        if (!detected) continue;
        detections++;
        firstJd ??= exposure.jd;
      }
    }
    return { detections, exposures, firstJd };
  }

  #detection(object: SkyObject, sighting: Sighting): Uint8Array {
    const { seed } = this.#sky;
    const { exposure } = sighting;
    const measured = measure(seed, object, sighting);
    this.#writer.record(prvCandidateFields, {
      ...detectionValues(seed, object, exposure, measured),
      pdiffimfilename: archivedFile(exposure, object.quadrant),
    });
    return this.#writer.take();
  }

  #limit(exposure: Exposure, quadrant: number): Uint8Array {
    let limits = this.#limits.get(exposure);
    if (limits === undefined) this.#limits.set(exposure, limits = new Map());
    let limit = limits.get(quadrant);
    if (limit === undefined) {
      this.#writer.record(prvCandidateFields, {
        ...imageValues(exposure, quadrant),
        pdiffimfilename: archivedFile(exposure, quadrant),
      });
      limits.set(quadrant, limit = this.#writer.take());
    }
    return limit;
  }

  #forced(object: SkyObject, { exposure, fluxDn }: Sighting): Uint8Array {
    const random = measureRandom("forced", this.#sky.seed, object, exposure);
    const { field, fid, fluxErrorDn } = exposure;
    // Some images have no reference to be subtracted (61), some a poor one (56).
    const luck = random.next();
    const failed = luck < 0.2;
    const values: Values = {
      ...imageValues(exposure, object.quadrant),
      rfid: field.id * 1_000_000 + 120_000 + fid * 100 + object.quadrant,
      sciinpseeing: exposure.fwhmPx,
      scibckgnd: exposure.skyDn,
      scisigpix: exposure.noiseDn,
      exptime: 30,
      adpctdif1: random.between(0.075, 0.13),
      adpctdif2: random.between(0.075, 0.13),
      forcediffimflux: failed ? NOTHING : fluxDn + random.normal(0, fluxErrorDn),
      forcediffimfluxunc: failed ? NOTHING : fluxErrorDn,
      procstatus: failed ? "61" : luck < 0.24 ? "56" : "0",
      ...(luck < 0.1 ? NO_REFERENCE : referenceValues(object, fid, 1)),
    };
    this.#writer.record(fpHistFields, values);
    return this.#writer.take();
  }
}

const NO_REFERENCE: Values = {
  distnr: NOTHING,
  ranr: NOTHING,
  decnr: NOTHING,
  magnr: NOTHING,
  sigmagnr: NOTHING,
  chinr: NOTHING,
  sharpnr: NOTHING,
};
