import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { describe, it } from "@std/testing/bdd";
import type { Document } from "../../contract/document.ts";
import { toNumber } from "../../contract/document.ts";
import { decodePacket } from "../../pipeline/decode.ts";
import { simulate, type SimulatedPacket } from "./simulate.ts";
import { KINDS } from "./sky_object.ts";

const NIGHT = new Date("2025-10-12T06:00:00Z");
const NEXT_NIGHT = new Date("2025-10-13T06:00:00Z");

interface Decoded {
  readonly packet: SimulatedPacket;
  readonly record: Document;
  readonly candidate: Document;
  readonly prv: readonly Document[];
  readonly fp: readonly Document[];
}

function decode(packet: SimulatedPacket): Decoded {
  const [record] = decodePacket(packet.bytes);
  const { candidate, prv_candidates, fp_hists } = record!;
  return {
    packet,
    record: record!,
    candidate: candidate as Document,
    prv: prv_candidates as Document[],
    fp: fp_hists as Document[],
  };
}

const night = [...simulate({ seed: 3, alerts: 400, nightUtc: NIGHT })].map(decode);
const number = (document: Document, field: string) => toNumber(document[field]);

describe("simulate()", () => {
  it("gives the same bytes for the same options", () => {
    const again = [...simulate({ seed: 3, alerts: 400, nightUtc: NIGHT })];
    assert.deepEqual(again, night.map(({ packet }) => packet));
  });

  it("gives the same bytes for an alert however many are asked for, and others for other seeds", () => {
    const few = [...simulate({ seed: 3, alerts: 60, nightUtc: NIGHT })];
    assert.equal(few.length, 60);
    const known = new Map(night.map(({ packet }) => [packet.candid, packet]));
    for (const packet of few) assert.deepEqual(packet, known.get(packet.candid));
    const other = [...simulate({ seed: 4, alerts: 60, nightUtc: NIGHT })];
    const ids = new Set(night.map(({ packet }) => packet.objectId));
    assert.ok(other.every(({ objectId }) => !ids.has(objectId)));
  });

  it("says of each packet what stands in it", () => {
    for (const { packet, record, candidate } of night) {
      assert.equal(record.schemavsn, "4.01");
      assert.equal(record.publisher, "ZTF (www.ztf.caltech.edu)");
      assert.equal(record.objectId, packet.objectId);
      assert.match(packet.objectId, /^ZTF\d\d[a-z]{7}$/);
      assert.equal(record.candid, packet.candid);
      assert.equal(candidate.candid, packet.candid);
      assert.equal(candidate.programid, packet.programid);
      assert.equal(candidate.jd, packet.jd);
      assert.equal(candidate.ra, packet.raDeg);
      assert.equal(candidate.dec, packet.decDeg);
      assert.equal(packet.topic, `ztf_20251012_programid${packet.programid}`);
    }
  });

  it("gives ids of 19 digits, each once, that tell the night, the quadrant and the sign", () => {
    assert.equal(new Set(night.map(({ packet }) => packet.candid)).size, night.length);
    for (const { packet, candidate } of night) {
      const text = String(packet.candid);
      assert.match(text, /^\d{19}$/);
      assert.ok(packet.candid > 2n ** 53n);
      assert.equal(text.slice(0, 4), String(number(candidate, "nid")));
      assert.equal(text.slice(9, 11), String(number(candidate, "rcid")).padStart(2, "0"));
      assert.equal(text.slice(14, 16), candidate.isdiffpos === "t" ? "15" : "10");
      assert.equal(packet.candid / 1_000_000n, candidate.pid);
    }
  });

  it("weighs as much as ZTF's own packets", () => {
    const sizes = night.map(({ packet }) => packet.bytes.length);
    const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
    assert.ok(mean > 70_000 && mean < 90_000, String(mean));
    assert.ok(Math.min(...sizes) > 60_000 && Math.max(...sizes) < 100_000);
  });

  it("keeps each object in one programme, its alerts in order of time", () => {
    const seen = new Map<string, Decoded>();
    let repeated = 0;
    for (const alert of night) {
      const before = seen.get(alert.packet.objectId);
      seen.set(alert.packet.objectId, alert);
      if (before === undefined) continue;
      repeated++;
      assert.equal(alert.packet.programid, before.packet.programid);
      assert.ok(alert.packet.jd > before.packet.jd);
      assert.ok(number(alert.candidate, "ndethist") === number(before.candidate, "ndethist") + 1);
    }
    assert.ok(repeated > 40);
    const programs = new Set(night.map(({ packet }) => packet.programid));
    assert.deepEqual([...programs].sort(), [1, 2, 3]);
  });

  it("has things of all kinds, with what is typical of them", () => {
    const by = Map.groupBy(night, ({ packet }) => packet.kind);
    assert.deepEqual(new Set(by.keys()), new Set(KINDS));
    for (const [kind, alerts] of by) {
      const median = (field: string) => {
        const sorted = alerts.map(({ candidate }) => number(candidate, field)).sort((a, b) =>
          a - b
        );
        return sorted[sorted.length >> 1]!;
      };
      assert.ok(kind === "artefact" ? median("drb") < 0.3 : median("drb") > 0.9, `drb of ${kind}`);
      assert.ok(kind === "artefact" ? median("rb") < 0.4 : median("rb") > 0.6, `rb of ${kind}`);
      assert.equal(median("ssdistnr") >= 0, kind === "mover");
      if (kind === "variable") assert.ok(median("sgscore1") > 0.8 && median("distpsnr1") < 0.6);
      if (kind === "nucleus") assert.ok(median("sgscore1") < 0.5 && median("distpsnr1") < 0.5);
      if (kind === "supernova") assert.ok(median("sgscore1") < 0.5 && median("distpsnr1") > 1);
      if (kind === "mover" || kind === "artefact") assert.equal(median("ndethist"), 1);
    }
  });

  it("keeps every field in its range", () => {
    const ranges: Record<string, [number, number]> = {
      ...{ ra: [0, 360], dec: [-30, 90], ranr: [0, 360], decnr: [-30, 90] },
      ...{ magpsf: [11, 21.5], sigmapsf: [0.01, 0.25], diffmaglim: [18, 21.5], fid: [1, 3] },
      ...{ drb: [0, 1], rb: [0, 1], classtar: [0, 1], sumrat: [0, 1], scorr: [4, 200] },
      ...{ xpos: [0, 3072], ypos: [0, 3080], mindtoedge: [0, 1540], elong: [1, 6], nbad: [0, 25] },
      ...{ distnr: [0, 60], magnr: [10, 24], rcid: [0, 63], nneg: [0, 25], fwhm: [0.5, 15] },
      ...{ exptime: [30, 30], magzpsci: [25, 27], chipsf: [0, 200] },
    };
    const orNothing: Record<string, [number, number]> = {
      ...{ sgscore1: [0, 1], distpsnr1: [0, 30], sgscore3: [0, 1], distpsnr3: [0, 30] },
      ...{ neargaia: [0, 90], maggaia: [10, 21], ssdistnr: [0, 5], neargaiabright: [0, 90] },
    };
    for (const { candidate } of night) {
      for (const [field, [low, high]] of Object.entries(ranges)) {
        const value = number(candidate, field);
        assert.ok(value >= low && value <= high, `${field} is ${value}`);
      }
      for (const [field, [low, high]] of Object.entries(orNothing)) {
        const value = number(candidate, field);
        assert.ok(value === -999 || (value >= low && value <= high), `${field} is ${value}`);
      }
      assert.ok(number(candidate, "ncovhist") >= number(candidate, "ndethist"));
      assert.ok(number(candidate, "jdstarthist") <= number(candidate, "jd"));
      assert.equal(candidate.jdendhist, candidate.jd);
      assert.ok(Object.values(candidate).every((value) => value !== null));
      assert.ok(Object.values(candidate).every((value) => !Number.isNaN(value)));
    }
  });

  it("tells 30 days of the past: detections whole, upper limits with nulls, in order", () => {
    let [detections, limits] = [0, 0];
    for (const { candidate, prv, fp } of night) {
      const jd = number(candidate, "jd");
      const times = prv.map((entry) => number(entry, "jd"));
      assert.deepEqual(times, times.toSorted((a, b) => a - b));
      assert.ok(times.length >= 30 && times[0]! > jd - 30 && times.at(-1)! < jd);
      assert.deepEqual(fp.map((entry) => number(entry, "jd")), times.toReversed());
      for (const entry of prv) {
        assert.equal(Object.keys(entry).length, 57);
        const present = Object.values(entry).filter((value) => value !== null).length;
        if (entry.candid === null) {
          limits++;
          assert.equal(present, 16);
          assert.equal(entry.magpsf, null);
        } else {
          detections++;
          assert.equal(present, 57 - 3); // Histories say nothing of the solar system.
        }
      }
      for (const entry of fp) {
        assert.ok(["0", "56", "61"].includes(entry.procstatus as string));
        assert.equal(number(entry, "forcediffimflux") === -99999, entry.procstatus === "61");
      }
    }
    assert.ok(detections > 2000 && limits > 2000);
  });

  it("has forced photometry that agrees with the detections", () => {
    const pulls: number[] = [];
    for (const { prv, fp } of night) {
      for (const detection of prv) {
        const forced = fp.find(({ jd }) => jd === detection.jd)!;
        if (detection.candid === null || forced.procstatus === "61") continue;
        const flux = 10 ** (0.4 * (number(detection, "magzpsci") - number(detection, "magpsf")));
        const signed = detection.isdiffpos === "t" ? flux : -flux;
        pulls.push(
          (number(forced, "forcediffimflux") - signed) / number(forced, "forcediffimfluxunc"),
        );
      }
    }
    const rms = Math.sqrt(pulls.reduce((sum, pull) => sum + pull ** 2, 0) / pulls.length);
    assert.ok(rms > 0.8 && rms < 2, String(rms));
  });

  it("repeats in a later night's histories what the alerts said", () => {
    const later = new Map(
      [...simulate({ seed: 3, alerts: 450, nightUtc: NEXT_NIGHT })].map(decode)
        .map((alert) => [alert.packet.objectId, alert]),
    );
    let found = 0;
    for (const { packet, candidate, prv } of night) {
      const after = later.get(packet.objectId);
      if (after === undefined) continue;
      found++;
      const again = after.prv.find(({ candid }) => candid === packet.candid);
      assert.ok(again, `${packet.objectId} forgot ${packet.candid}`);
      for (const field of ["jd", "ra", "dec", "magpsf", "rb", "isdiffpos", "fid", "programid"]) {
        assert.deepEqual(again[field], candidate[field], field);
      }
      assert.ok(number(after.candidate, "ndethist") > number(candidate, "ndethist"));
      assert.equal(after.candidate.jdstarthist, candidate.jdstarthist);
      // What both tell, both tell alike: merged, it is there once.
      const known = new Map(after.prv.map((entry) => [entry.jd, entry]));
      for (const entry of prv) {
        const same = known.get(entry.jd);
        if (same !== undefined) assert.deepEqual(same, entry);
      }
    }
    // All but movers, artefacts and supernovae that have faded.
    assert.ok(found > 200, String(found));
  });

  it("packs three gzipped FITS images, with the template alike in all alerts of a filter", () => {
    let missing = 0;
    for (const { record, packet, candidate } of night) {
      for (const key of ["cutoutScience", "cutoutTemplate", "cutoutDifference"]) {
        const { fileName, stampData } = record[key] as { fileName: string; stampData: Uint8Array };
        assert.ok(fileName.startsWith(`candid${packet.candid}_`));
        assert.ok(stampData.length > 5000 && stampData.length < 17_000);
        const file = gunzipSync(stampData);
        assert.equal(file.length, 20_160);
        assert.equal(file.subarray(0, 9).toString(), "SIMPLE  =");
        if (key === "cutoutScience" && Number.isNaN(file.readFloatBE(2880))) missing++;
      }
      const { fileName } = record.cutoutDifference as { fileName: string };
      const sign = candidate.isdiffpos === "t" ? "scimref" : "refmsci";
      assert.ok(fileName.endsWith(`_targ_${sign}.fits.gz`));
    }
    assert.ok(missing > 2 && missing < 60);
    const nights = [NIGHT, NEXT_NIGHT].map((nightUtc) =>
      [...simulate({ seed: 8, alerts: 200, objects: 20, nightUtc, kinds: ["variable"] })].map(
        decode,
      )
    );
    const template = ({ record }: Decoded) => {
      const { stampData } = record.cutoutTemplate as { stampData: Uint8Array };
      return stampData;
    };
    let compared = 0;
    for (const alert of nights[0]!) {
      const twin = nights[1]!.find(({ packet, candidate }) =>
        packet.objectId === alert.packet.objectId && candidate.fid === alert.candidate.fid
      );
      if (twin === undefined) continue;
      compared++;
      assert.deepEqual(template(twin), template(alert));
    }
    assert.ok(compared > 5);
  });

  it("shows the objects that were asked for: kinds, number, first, programmes, one alert each", () => {
    const options = { seed: 9, alerts: 1000, nightUtc: NIGHT, objects: 50 };
    const all = [...simulate(options)];
    assert.equal(new Set(all.map(({ objectId }) => objectId)).size, 50);
    assert.ok(all.length > 50);
    const single = [...simulate({ ...options, onePerObject: true })];
    assert.equal(single.length, 50);
    const rest = [...simulate({ ...options, startAt: 50 })];
    const ids = new Set(all.map(({ objectId }) => objectId));
    assert.ok(rest.every(({ objectId }) => !ids.has(objectId)));
    const narrow = [...simulate({ ...options, kinds: ["mover"], programids: [2] })];
    assert.ok(narrow.every(({ kind, programid }) => kind === "mover" && programid === 2));
  });

  it("shows stars and nuclei in each of many nights, under the same names", () => {
    const namesOf = (nightUtc: Date) =>
      [...simulate({
        ...{ seed: 2, alerts: 40, nightUtc, onePerObject: true, kinds: ["variable", "nucleus"] },
      })].map(({ objectId }) => objectId).sort();
    const first = namesOf(NIGHT);
    const week = new Date(NIGHT.getTime() + 7 * 86_400_000);
    const same = namesOf(week).filter((name) => first.includes(name)).length;
    assert.ok(same >= 36, String(same));
  });

  it("refuses nights, seeds and numbers that it can't make sense of", () => {
    const packets = (options: object) => [
      ...simulate({ seed: 1, alerts: 1, nightUtc: NIGHT, ...options }),
    ];
    assert.throws(
      () => packets({ nightUtc: new Date("2018-05-01") }),
      /date must be from 2019-09-28 to 2042-04-02: current value is 2018-05-01/,
    );
    assert.throws(() => packets({ nightUtc: new Date("no") }), /current value is no date/);
    assert.throws(() => packets({ seed: 0.5 }), /seed must be an integer: current value is 0.5/);
    assert.throws(() => packets({ kinds: [] }), /there must be a kind/);
    assert.throws(
      () => packets({ startAt: -1 }),
      /slot must be below 1900000: current value is -1/,
    );
  });
});
