import { describe, it } from "@std/testing/bdd";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import ztf from "../../catalogs/live/ztf.ts";
import { noSamples, samplePackets } from "../../tests/support/samples.ts";
import { type Document, Double, toNumber } from "../contract/document.ts";
import type { Alert } from "../contract/survey.ts";
import { decodePacket } from "./decode.ts";
import { cleanFpHists, mergeFpHists, mergePrvCandidates, withoutNulls } from "./light_curve.ts";

function sampleAlert(candid: string): Alert {
  return ztf.toAlert(decodePacket(samplePackets("ztf").get(candid)!)[0]!);
}

/** Epochs that often coincide, and differ in one field or in its type. */
const entry: fc.Arbitrary<Document> = fc.record({
  jd: fc.constantFrom(1.5, 2.5, new Double(3), 4.5),
  fid: fc.constantFrom(1, 2),
  pid: fc.constantFrom(7, 8_000_000_000n),
  magpsf: fc.constantFrom(18.5, new Double(18), 18),
  isdiffpos: fc.constantFrom("t", "1"),
}, { requiredKeys: ["jd", "fid", "pid"], noNullPrototype: true });
const entries = fc.array(entry, { maxLength: 12 });

describe("mergePrvCandidates()", () => {
  it("puts epochs in the order of jd, filter, processing id", () => {
    const [a, b, c, d] = [
      { jd: 1.5, fid: 2, pid: 1 },
      { jd: 2.5, fid: 1, pid: 3_000_000_000n },
      { jd: 2.5, fid: 1, pid: 3_000_000_001n },
      { jd: 2.5, fid: 2, pid: 1 },
    ];
    assertEquals(mergePrvCandidates([b, d], [c, a]), [a, b, c, d]);
  });

  it("keeps an epoch that was processed again beside the old one", () => {
    const [old, again] = [{ jd: 1.5, isdiffpos: "t" }, { jd: 1.5, isdiffpos: "1" }];
    assertEquals(mergePrvCandidates([old], [again]).length, 2);
    assertEquals(
      mergePrvCandidates([{ jd: 1.5, rb: 1 }], [{ jd: 1.5, rb: new Double(1) }]).length,
      2,
    );
  });

  it("gives `stored` itself when nothing is new, and its entries by reference otherwise", () => {
    const stored = [{ jd: 1.5, fid: 1 }, { jd: 2.5, fid: 1 }];
    assert(mergePrvCandidates(stored, stored.map((each) => ({ ...each }))) === stored);
    assert(mergePrvCandidates(stored, []) === stored);
    const merged = mergePrvCandidates(stored, [{ ...stored[1]! }, { jd: 3.5, fid: 1 }]);
    assertEquals(merged.length, 3);
    assert(stored.every((each, i) => merged[i] === each));
  });

  it("takes entries without a time", () => {
    const [timeless, other] = [{ fid: 1 }, { jd: NaN, fid: 2 }];
    assertEquals(mergePrvCandidates([{ jd: 1.5 }], [other, timeless]), [timeless, other, {
      jd: 1.5,
    }]);
  });

  it("gives the same light curve whatever the order of packets, and however often they come", () => {
    fc.assert(fc.property(entries, entries, entries, (a, b, c) => {
      const merged = [a, b, c].reduce(mergePrvCandidates, []);
      for (const order of [[c, b, a], [b, a, c, a, b], [[...c, ...a], b], [a.toReversed(), c, b]]) {
        assertEquals(order.reduce(mergePrvCandidates, []), merged);
      }
      for (const part of [a, b, c, merged]) assert(mergePrvCandidates(merged, part) === merged);
    }));
  });

  it("leaves the light curve of a packet as it came", { skip: noSamples }, () => {
    for (const candid of samplePackets("ztf").keys()) {
      const { prvCandidates } = sampleAlert(candid);
      const merged = mergePrvCandidates([], prvCandidates);
      assertEquals(merged, [...prvCandidates]);
      assert(mergePrvCandidates(merged, sampleAlert(candid).prvCandidates) === merged);
    }
  });

  it("appends what a later packet of the object brings", { skip: noSamples }, () => {
    const [first, second] = ["1127495406315015005", "1127536316315015004"].map(sampleAlert);
    const merged = mergePrvCandidates(first!.prvCandidates, second!.prvCandidates);
    assertEquals(merged.length, 16);
    assert(first!.prvCandidates.every((each, i) => merged[i] === each));
  });
});

const forced: fc.Arbitrary<Document> = fc.record({
  jd: fc.constantFrom(1.5, 2.5, new Double(3), 4.5),
  alert_mag: fc.constantFrom(15.5, new Double(16), 17.25),
  snr: fc.constantFrom(3.5, -4.5),
}, { requiredKeys: ["jd"], noNullPrototype: true });
const forcedEntries = fc.array(forced, { maxLength: 10 });

describe("mergeFpHists()", () => {
  it("keeps of each jd the entry that came with the brightest alert", () => {
    const stored = [{ jd: 1.5, alert_mag: 18 }, { jd: 2.5, alert_mag: 18 }];
    const incoming = [
      { jd: 3.5, alert_mag: 17 },
      { jd: 2.5, alert_mag: 17 },
      { jd: 1.5, alert_mag: 19 },
    ];
    assertEquals(mergeFpHists(stored, incoming), [
      { jd: 1.5, alert_mag: 18 },
      { jd: 2.5, alert_mag: 17 },
      { jd: 3.5, alert_mag: 17 },
    ]);
  });

  it("lets an entry that names no alert win", () => {
    assertEquals(mergeFpHists([{ jd: 1.5, alert_mag: 12 }], [{ jd: 1.5 }]), [{ jd: 1.5 }]);
    assertEquals(mergeFpHists([{ jd: 1.5 }], [{ jd: 1.5, alert_mag: 12 }]), [{ jd: 1.5 }]);
  });

  it("gives `stored` itself when nothing changes, and its entries by reference otherwise", () => {
    const stored = [{ jd: 1.5, alert_mag: 18 }, { jd: 2.5, alert_mag: 18 }];
    assert(mergeFpHists(stored, []) === stored);
    assert(
      mergeFpHists(stored, [{ jd: 1.5, alert_mag: 18 }, { jd: 2.5, alert_mag: 19 }]) === stored,
    );
    const merged = mergeFpHists(stored, [{ jd: 3.5, alert_mag: 18 }]);
    assert(stored.every((each, i) => merged[i] === each));
  });

  it("puts right what others have stored in another order, or twice", () => {
    const [a, b] = [{ jd: 1.5, alert_mag: 18 }, { jd: 2.5, alert_mag: 18 }];
    assertEquals(mergeFpHists([b, a], []), [a, b]);
    assertEquals(mergeFpHists([a, { ...a, alert_mag: 19 }, b], []), [a, b]);
  });

  it("gives the same light curve whatever the order of packets, and however often they come", () => {
    fc.assert(fc.property(forcedEntries, forcedEntries, forcedEntries, (a, b, c) => {
      const merged = [a, b, c].reduce(mergeFpHists, []);
      for (const order of [[c, b, a], [b, a, c, a, b], [[...c, ...a], b], [a.toReversed(), c, b]]) {
        assertEquals(order.reduce(mergeFpHists, []), merged);
      }
      for (const part of [a, b, c, merged]) assert(mergeFpHists(merged, part) === merged);
      assert(merged.every((each, i) => i === 0 || toNumber(merged[i - 1]!.jd) < toNumber(each.jd)));
    }));
  });

  it("merges parts of a sample that overlap", { skip: noSamples }, () => {
    const { fpHists } = sampleAlert("2475433850015010009");
    const from = (mag: number, part: readonly Document[]) =>
      part.map((each) => ({ ...each, alert_mag: mag }));
    const own = fpHists[0]!.alert_mag;
    const merged = mergeFpHists(fpHists.slice(0, 14), from(30.5, fpHists.slice(11, 19)));
    assertEquals(merged.map(({ alert_mag }) => alert_mag), [
      ...Array(14).fill(own),
      ...Array(5).fill(30.5),
    ]);
    const again = mergeFpHists(merged, from(15.5, fpHists.slice(-10)));
    assertEquals(again.map(({ alert_mag }) => alert_mag), [
      ...Array(11).fill(own),
      ...Array(10).fill(15.5),
    ]);
  });
});

describe("cleanFpHists()", () => {
  const candidate = { magpsf: 17.5, ra: 10.5, dec: new Double(-3) };
  const alert = { alert_mag: 17.5, alert_ra: 10.5, alert_dec: new Double(-3) };
  const clean = (entry: Document) => cleanFpHists([{ jd: 1.5, ...entry }], candidate)[0]!;

  it("drops keys without a value, of any type", () => {
    assertEquals(
      clean({ a: null, b: -99999, c: new Double(-99999), d: -99999n, e: 0, f: "", g: -99998 }),
      { jd: 1.5, e: 0, f: "", g: -99998, ...alert },
    );
  });

  it("sorts by jd and keeps the first entry of each", () => {
    const raw = [{ jd: 2.5, n: 1 }, { jd: new Double(1), n: 2 }, { jd: 2.5, n: 3 }];
    assertEquals(cleanFpHists(raw, candidate).map(({ n }) => n), [2, 1]);
    assertEquals(raw.map(({ n }) => n), [1, 2, 3]);
  });

  it("adds magnitudes, limits and signal to noise, then the alert", () => {
    const entry = clean({ forcediffimflux: 100.5, forcediffimfluxunc: 2, magzpsci: 26.5 });
    assertEquals(Object.keys(entry).slice(4), [
      "mag",
      "magerr",
      "snr",
      "limmag3sig",
      "limmag5sig",
      "alert_mag",
      "alert_ra",
      "alert_dec",
    ]);
    assertEquals(entry.snr, 50.25);
    assertEquals(entry.mag, -2.5 * Math.log10(100.5) + 26.5);
    assertEquals(entry.limmag5sig, new Double(24));
  });

  it("keeps the sign of a negative flux, which has no magnitude", () => {
    const entry = clean({ forcediffimflux: -10, forcediffimfluxunc: 4, magzpsci: 26.5 });
    assertEquals(entry.snr, -2.5);
    assertAlmostEquals(entry.magerr as number, -0.43428, 1e-15);
    assertEquals("mag" in entry, false);
    assertEquals("limmag3sig" in entry, true);
  });

  it("keeps what is infinite", () => {
    const zero = clean({ forcediffimflux: 0, forcediffimfluxunc: 4, magzpsci: 26.5 });
    assertEquals([zero.mag, zero.magerr, zero.snr], [Infinity, Infinity, new Double(0)]);
    const exact = clean({ forcediffimflux: 4, forcediffimfluxunc: 0, magzpsci: 26.5 });
    assertEquals([exact.snr, exact.limmag3sig, exact.limmag5sig], [Infinity, Infinity, Infinity]);
  });

  it("adds nothing where flux or error is missing", () => {
    for (const entry of [{ forcediffimflux: 4 }, { forcediffimfluxunc: 4 }, {}]) {
      assertEquals(clean(entry), { jd: 1.5, ...entry, ...alert });
    }
  });

  it("makes no magnitudes without a zero point", () => {
    const entry = clean({ forcediffimflux: 5, forcediffimfluxunc: 4, magzpsci: null });
    assertEquals(Object.keys(entry).slice(3, 5), ["magerr", "snr"]);
  });

  it("gives what is known of a sample", { skip: noSamples }, () => {
    const { fpHists } = sampleAlert("2475433850015010009");
    assertEquals(fpHists.length, 21);
    const snrs = fpHists.filter(({ procstatus }) => procstatus === "0").map(({ snr }) => snr);
    [-25.568, 15.918, -22.379, -1.371, 17.191, 54.007, -202.501].forEach((snr, i) =>
      assertAlmostEquals(snrs[i] as number, snr, 6e-4)
    );
    assertEquals(snrs.length, 7);
    const epoch = fpHists.find(({ jd }) => jd === 2460217.9497106)!;
    const known = {
      forcediffimflux: 2222.599853515625,
      forcediffimfluxunc: 139.62538146972656,
      magzpsci: 26.28260040283203,
      mag: 17.915447199360,
      magerr: 0.068204484231,
      limmag3sig: 19.727386334386,
      limmag5sig: 19.172764460345,
    };
    for (const [name, value] of Object.entries(known)) {
      assertAlmostEquals(epoch[name] as number, value, 1e-12);
    }
    const [first] = fpHists;
    assertEquals([first!.jd, first!.procstatus], [2460211.9165972, "61"]);
    assertEquals("forcediffimflux" in first! || "forcediffimfluxunc" in first!, false);
    const added = ["mag", "magerr", "snr", "limmag3sig", "limmag5sig", "alert_mag", "alert_ra"];
    assertEquals(added.filter((name) => name in first!), ["alert_mag", "alert_ra"]);
  });
});

describe("withoutNulls()", () => {
  it("drops null keys and nothing else", () => {
    assertEquals(withoutNulls({ a: null, b: 0, c: "", d: null, e: false }), {
      b: 0,
      c: "",
      e: false,
    });
  });

  it("gives the entry itself where there is none", () => {
    const entry = { a: 1, b: 0 };
    assert(withoutNulls(entry) === entry);
  });
});
