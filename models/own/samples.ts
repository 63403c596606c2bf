/** Triplets of the simulated sky with the truth about them, to train and to test with. */
import { decodePacket } from "../../core/pipeline/decode.ts";
import { fillTriplet, TRIPLET_SIZE } from "../../core/pipeline/triplet.ts";
import { simulate } from "../../core/sources/simulator/simulate.ts";
import ztf from "../../catalogs/live/ztf.ts";

export interface Sample {
  readonly triplet: Float32Array;
  readonly real: boolean;
}

/** As many real ones as artefacts, in turn, from the packets of a seed. */
export function* samples(seed: number, count: number): Generator<Sample> {
  const waiting: Record<"true" | "false", Sample[]> = { true: [], false: [] };
  const packets = simulate({
    seed,
    alerts: Infinity,
    nightUtc: new Date("2026-01-15T00:00:00Z"),
    onePerObject: true,
  });
  for (const { bytes, kind } of packets) {
    const real = kind !== "artefact";
    const queue = waiting[`${real}`];
    if (queue.length < count / 2) {
      const triplet = new Float32Array(TRIPLET_SIZE);
      fillTriplet(ztf.toAlert(decodePacket(bytes)[0]!).cutouts, triplet, 0);
      if (triplet.every(Number.isFinite)) queue.push({ triplet, real });
    }
    while (waiting.true.length > 0 && waiting.false.length > 0) {
      yield waiting.true.shift()!;
      yield waiting.false.shift()!;
      if ((count -= 2) <= 0) return;
    }
  }
}
