import { describe, it } from "@std/testing/bdd";
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import ztf from "../../catalogs/live/ztf.ts";
import { noSamples, samplePackets } from "../../tests/support/samples.ts";
import { type Document, Double, toDouble } from "../contract/document.ts";
import type { Alert, HistoryPoint } from "../contract/survey.ts";
import { decodePacket } from "./decode.ts";
import { featureVector, historyFeatures } from "./features.ts";

const NONE = { known: false, prvCandidates: [], candidates: [] };

function alertOf(candidate: Document, prvCandidates: Document[] = []): Alert {
  const full = { jd: 110, magpsf: 18, jdstarthist: 100, ...candidate };
  return { jd: 110, candidate: full, prvCandidates } as unknown as Alert;
}

describe("historyFeatures()", () => {
  it("looks at the packet, the stored light curve, and the stored alerts", () => {
    const history = {
      known: true,
      prvCandidates: [{ jd: 95, magpsf: 17.5 }, { jd: 90, magpsf: NaN }],
      candidates: [{ jd: 105, magpsf: 17 }, { jd: 106, magpsf: 20.5 }],
    };
    assertEquals(
      historyFeatures(alertOf({ ncovhist: 30, ndethist: 12 }, [{ jd: 99, magpsf: 19 }]), history),
      {
        peakmag_so_far: 17,
        maxmag_so_far: 20.5,
        days_since_peak: 5,
        days_to_peak: 10,
        age: 15,
        nnondet: 18,
      },
    );
  });

  it("leaves upper limits out, however old", () => {
    const limits = [{ jd: 50, diffmaglim: 20 }, { jd: 60, magpsf: null }];
    const features = historyFeatures(alertOf({}, limits), NONE);
    assertEquals([features.peakmag_so_far, features.age, features.days_to_peak], [18, 10, 10]);
  });

  it("takes the first of several detections as bright for the peak", () => {
    const packet = alertOf({ magpsf: 17 }, [{ jd: 108, magpsf: 17 }]);
    assertEquals(historyFeatures(packet, NONE).days_since_peak, 2);
    const stored = { ...NONE, prvCandidates: [{ jd: 101, magpsf: 17 }] };
    assertEquals(historyFeatures(packet, stored).days_since_peak, 2);
  });

  it("reads doubles of whole numbers, and counts missing ones of coverage as 0", () => {
    const whole = alertOf({ jdstarthist: new Double(80), magpsf: new Double(16), ncovhist: 3 });
    const features = historyFeatures(whole, NONE);
    assertEquals([features.age, features.peakmag_so_far, features.nnondet], [30, 16, 3]);
  });

  it("throws where jdstarthist is null or missing", () => {
    for (const jdstarthist of [null, undefined]) {
      assertThrows(() => historyFeatures(alertOf({ jdstarthist }), NONE), Error, "jdstarthist");
    }
  });

  it("does not mind that history repeats itself", () => {
    const points = fc.array(fc.record<HistoryPoint>({
      jd: fc.integer({ min: 0, max: 200 }),
      magpsf: fc.constantFrom(NaN, 15, 16.5, 21),
    }));
    fc.assert(fc.property(points, points, (prvCandidates, candidates) => {
      const once = historyFeatures(alertOf({}), { known: true, prvCandidates, candidates });
      const twice = historyFeatures(alertOf({}), {
        known: true,
        prvCandidates: [...prvCandidates, ...prvCandidates],
        candidates: [...candidates, ...prvCandidates, ...candidates],
      });
      assertEquals(twice, once);
    }));
  });

  const NAMES = [
    "peakmag_so_far",
    "maxmag_so_far",
    "days_since_peak",
    "days_to_peak",
    "age",
    "nnondet",
  ];
  const KNOWN: Readonly<Record<string, number[]>> = {
    "1127561445515015011": [
      19.0044002532959,
      20.901399612426758,
      0.050405099987983704,
      8.125127299688756,
      8.17553239967674,
      781,
    ],
    "2475433850015010009": [
      17.72960090637207,
      18.225500106811523,
      11.98414359986782,
      2174.0673378999345,
      2186.0514814998023,
      1190,
    ],
  };
  for (const [candid, values] of Object.entries(KNOWN)) {
    it(`gives what is known of ${candid}`, { skip: noSamples }, () => {
      const alert = ztf.toAlert(decodePacket(samplePackets("ztf").get(candid)!)[0]!);
      const features = historyFeatures(alert, NONE);
      NAMES.forEach((name, i) => assertAlmostEquals(features[name]!, values[i]!, 1e-12));
    });
  }
});

describe("featureVector()", () => {
  it("gives derived features and fields of the candidate, in the order of the names", () => {
    const alert = alertOf({ ra: 12.5, sgscore1: toDouble(-999), ndethist: 4 });
    assertEquals(
      featureVector(alert, ["age", "sgscore1", "ra", "ndethist", "magpsf"], { age: 7 }),
      [
        7,
        -999,
        12.5,
        4,
        18,
      ],
    );
  });

  it("gives NaN where the candidate has none", () => {
    const alert = alertOf({ chinr: null });
    assertEquals(featureVector(alert, ["chinr", "sharpnr", "toString"], {}), [NaN, NaN, NaN]);
  });

  it("takes rb where there is no drb", () => {
    assertEquals(featureVector(alertOf({ drb: null, rb: 0.4 }), ["drb"], {}), [0.4]);
    assertEquals(featureVector(alertOf({ rb: 0.4 }), ["drb"], {}), [0.4]);
    assertEquals(featureVector(alertOf({ drb: 0.9, rb: 0.4 }), ["drb"], {}), [0.9]);
    assertEquals(featureVector(alertOf({ drb: null }), ["drb"], {}), [NaN]);
  });
});
