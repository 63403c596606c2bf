/** A night of alerts of a sky that does not exist, byte for byte as ZTF would send them. */
import { AvroWriter } from "./avro_writer.ts";
import { candidateValues } from "./candidate.ts";
import { drawCutouts, randomShape, type Scene } from "./cutouts.ts";
import { measure, measureRandom, pidOf } from "./detection.ts";
import { dayStamp, nightOf } from "./exposures.ts";
import { FitsWriter } from "./fits.ts";
import { Histories, type PastOfAlert } from "./history.ts";
import { fluxOf } from "./light_curve.ts";
import { SLOTS_MAX } from "./object_id.ts";
import { Random } from "./random.ts";
import { type Kind, type Sighting, Sky, type SkyObject, type SkyOptions } from "./sky_object.ts";
import { candidateFields, SCHEMA_VERSION, schemaText } from "./ztf_schema.ts";

export interface SimulateOptions extends SkyOptions {
  /** Ends after as many packets. */
  readonly alerts: number;
  /** Any time of the night's date, from 2019-09-28 on. A later night of the same seed shows the same objects, older. */
  readonly nightUtc: Date;
  /** Ends with the alerts of as many objects, even if these are fewer than `alerts`: each has one to three. */
  readonly objects?: number;
  /** The first object's number: two runs with disjoint ranges have no object in common. */
  readonly startAt?: number;
  /** Only the first alert of each object in the night. */
  readonly onePerObject?: boolean;
}

export interface SimulatedPacket {
  readonly bytes: Uint8Array;
  readonly objectId: string;
  readonly candid: bigint;
  readonly programid: number;
  readonly topic: string;
  /** The truth, which the packet doesn't tell. */
  readonly kind: Kind;
  readonly jd: number;
  readonly raDeg: number;
  readonly decDeg: number;
}

/** As many objects at once have their alerts in order of time; then come the next ones. */
const OBJECTS_AT_ONCE = 256;

/** Packets, drawn when they are asked for: the same options give the same bytes. */
export function* simulate(options: SimulateOptions): Generator<SimulatedPacket> {
  const { alerts, startAt = 0, objects = SLOTS_MAX, onePerObject = false } = options;
  const sky = new Sky(options);
  const night = nightOf(options.nightUtc);
  const packer = new Packer(sky);
  const end = Math.min(startAt + objects, SLOTS_MAX);
  let left = alerts;
  for (let from = startAt; from < end && left > 0;) {
    // An object has an alert at least: no more are needed than alerts are left.
    const to = Math.min(from + Math.min(OBJECTS_AT_ONCE, left), end);
    for (const packet of alertsOf(sky, packer, { from, to, night, onePerObject })) {
      if (left-- <= 0) return;
      yield packet;
    }
    from = to;
  }
}

function* alertsOf(
  sky: Sky,
  packer: Packer,
  { from, to, night, onePerObject }: {
    from: number;
    to: number;
    night: number;
    onePerObject: boolean;
  },
): Generator<SimulatedPacket> {
  const alerts: { object: SkyObject; sighting: Sighting; left: number }[] = [];
  for (let slot = from; slot < to; slot++) {
    const object = sky.object(slot, night);
    const detections = sky.sightings(object, night).filter(({ detected }) => detected);
    const sent = onePerObject ? detections.slice(0, 1) : detections;
    for (const [nth, sighting] of sent.entries()) {
      alerts.push({ object, sighting, left: sent.length - 1 - nth });
    }
  }
  alerts.sort((a, b) =>
    a.sighting.exposure.jd - b.sighting.exposure.jd || a.object.slot - b.object.slot
  );
  for (const { object, sighting, left } of alerts) {
    yield packer.pack(object, sighting, { last: left === 0 });
  }
}

/** Makes packets one after the other, and keeps what is the same for many of them. */
class Packer {
  readonly #sky: Sky;
  readonly #histories: Histories;
  readonly #fits = new FitsWriter();
  readonly #writer = new AvroWriter();
  /** All that stands before the record, and what stands after it. */
  readonly #head: Uint8Array;
  readonly #sync: Uint8Array;
  readonly #pasts = new Map<number, (jd: number) => PastOfAlert>();

  constructor(sky: Sky) {
    this.#sky = sky;
    this.#histories = new Histories(sky);
    const random = new Random(sky.seed, "sync");
    this.#sync = Uint8Array.from({ length: 16 }, () => random.int(256));
    this.#head = containerHead(this.#sync);
  }

  pack(object: SkyObject, sighting: Sighting, { last }: { last: boolean }): SimulatedPacket {
    const { seed } = this.#sky;
    const { exposure } = sighting;
    const { night, jd } = exposure;
    let past = this.#pasts.get(object.slot);
    if (past === undefined) this.#pasts.set(object.slot, past = this.#histories.of(object, night));
    if (last) this.#pasts.delete(object.slot);
    const { prvCandidates, fpHists, ...counts } = past(jd);
    const measured = measure(seed, object, sighting);
    const { candid, positive } = measured;

    const writer = this.#writer;
    writer.string(SCHEMA_VERSION);
    writer.string("ZTF (www.ztf.caltech.edu)");
    writer.string(object.objectId);
    writer.long(candid);
    const values = candidateValues(seed, object, exposure, measured, counts);
    writer.record(candidateFields, values);
    for (const history of [prvCandidates, fpHists]) {
      writer.long(1); // The branch of the union that is not null.
      writer.array(history);
    }
    const images = drawCutouts(
      measureRandom("cutouts", seed, object, exposure),
      sceneOf(seed, object, sighting, measured.fluxDn),
      new Random(seed, "reference", object.slot, object.birthNight, exposure.fid),
    );
    const image = `candid${candid}_pid${pidOf(exposure, object.quadrant)}_targ`;
    const cutouts = [
      [`${image}_sci.fits.gz`, images.science],
      [`candid${candid}_ref.fits.gz`, images.template],
      [`${image}_${positive ? "scimref" : "refmsci"}.fits.gz`, images.difference],
    ] as const;
    for (const [fileName, pixels] of cutouts) {
      writer.long(1);
      writer.string(fileName);
      writer.bytes(this.#fits.gzipped(pixels));
    }
    const { programid } = object.field;
    return {
      bytes: this.#container(writer.take()),
      objectId: object.objectId,
      candid,
      programid,
      topic: `ztf_${dayStamp(night)}_programid${programid}`,
      kind: object.kind,
      jd,
      raDeg: values.ra as number,
      decDeg: values.dec as number,
    };
  }

  #container(record: Uint8Array): Uint8Array {
    const writer = this.#writer;
    writer.raw(this.#head);
    writer.long(1); // One record in the one block.
    writer.bytes(record);
    writer.raw(this.#sync);
    return writer.take();
  }
}

/** An Avro object container up to its first block. */
function containerHead(sync: Uint8Array): Uint8Array {
  const writer = new AvroWriter();
  writer.raw(new TextEncoder().encode("Obj\x01"));
  writer.long(2);
  writer.string("avro.codec");
  writer.string("null");
  writer.string("avro.schema");
  writer.string(schemaText());
  writer.long(0);
  writer.raw(sync);
  return writer.take();
}

function sceneOf(seed: number, object: SkyObject, sighting: Sighting, fluxDn: number): Scene {
  const { exposure } = sighting;
  const { fid } = exposure;
  const shapes = new Random(seed, "shape of neighbours", object.slot, object.birthNight);
  return {
    fluxDn,
    artefact: object.artefact,
    sources: object.neighbours.map(({ eastArcsec, northArcsec, mags, score }) => ({
      dxPx: -eastArcsec / 1.012,
      dyPx: northArcsec / 1.012,
      fluxDn: fluxOf(mags[fid - 1] ?? 22.5),
      ...randomShape(shapes, score < 0.5),
    })),
    gain: fluxOf(0, exposure.zeroPointMag) / fluxOf(0),
    fwhmPx: exposure.fwhmPx,
    referenceFwhmPx: 1.9 + shapes.between(0, 0.4),
    skyDn: exposure.skyDn,
    referenceSkyDn: 90 + 60 * fid,
    noiseDn: exposure.noiseDn,
    referenceNoiseDn: 1 + 0.3 * fid,
    missing: object.missing,
  };
}
