import { describe, it } from "@std/testing/bdd";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { noSamples, samplePackets } from "../../tests/support/samples.ts";
import { type Document, Double } from "../contract/document.ts";
import { decodePacket } from "./decode.ts";
import { cleanFpHists } from "./light_curve.ts";
import { type FilterOf, forcedRows, lightCurveRows } from "./photometry.ts";

const FILTERS: Readonly<Record<number, string>> = { 1: "ztfg", 2: "ztfr", 3: "ztfi" };
const filterOf: FilterOf = ({ fid }) => {
  const filter = FILTERS[fid as number];
  if (filter === undefined) throw new Error(`Cannot name the filter of fid ${fid}`);
  return filter;
};

function detection(fields: Document = {}): Document {
  return {
    jd: 2_400_010.5,
    fid: 1,
    magpsf: 18.9,
    sigmapsf: 0.1,
    diffmaglim: 20.5,
    isdiffpos: "t",
    ...fields,
  };
}

describe("lightCurveRows()", () => {
  it("turns a detection into microjansky", () => {
    const fields = { ra: 10.5, dec: new Double(-3), programid: 1 };
    const [row, ...others] = lightCurveRows(detection(fields), [], filterOf);
    assertEquals(others, []);
    assertAlmostEquals(row!.flux!, 100, 1e-4); // 5 mag below the zero point.
    assertAlmostEquals(row!.fluxerr!, 100 * 0.1 * Math.LN10 / 2.5, 1e-4);
    assertEquals({ ...row, flux: 0, fluxerr: 0 }, {
      mjd: 10,
      filter: "ztfg",
      flux: 0,
      fluxerr: 0,
      zp: 23.9,
      ra: 10.5,
      dec: -3,
      programid: 1,
      origin: null,
    });
  });

  it("gives a fifth of the limiting flux for an upper limit", () => {
    const limit = detection({ magpsf: null, sigmapsf: null, isdiffpos: null, diffmaglim: 18.9 });
    const [row] = lightCurveRows(limit, [], filterOf);
    assertEquals([row!.flux, row!.ra, row!.dec], [null, null, null]);
    assertAlmostEquals(row!.fluxerr!, 20, 1e-9);
  });

  it("takes the sign of the subtraction", () => {
    const signs = [true, 1, new Double(1), "y", "Y", "t", "T", "1"];
    const others = [false, 0, "f", "0", null, undefined];
    const fluxOf = (isdiffpos: unknown) =>
      lightCurveRows(detection({ isdiffpos }), [], filterOf)[0]!.flux!;
    assert(signs.every((sign) => fluxOf(sign) > 0));
    assert(others.every((sign) => fluxOf(sign) < 0));
  });

  it("counts an epoch once, the candidate's own first, and sorts by time", () => {
    const candidate = detection({ ra: 1 });
    const earlier = detection({ jd: 2_400_009.5 });
    const rows = lightCurveRows(
      candidate,
      [detection({ ra: 2 }), earlier, { ...earlier }],
      filterOf,
    );
    assertEquals(rows.map(({ mjd, ra }) => [mjd, ra]), [[9, null], [10, 1]]);
  });

  it("keeps epochs that differ in filter or magnitude", () => {
    const past = [detection({ fid: 2 }), detection({ magpsf: 18.8 }), detection({ magpsf: null })];
    assertEquals(lightCurveRows(detection(), past, filterOf).length, 4);
  });

  it("leaves out what has no limiting magnitude, and filters that are not wanted", () => {
    const past = [null, undefined, 0, -1].map((diffmaglim, i) =>
      detection({ jd: 2_400_000.5 + i, diffmaglim })
    );
    assertEquals(lightCurveRows(detection(), past, filterOf).length, 1);
    assertEquals(lightCurveRows(detection(), past, () => null), []);
  });

  it("throws for a filter that the survey doesn't know", () => {
    assertThrows(() => lightCurveRows(detection({ fid: 9 }), [], filterOf), Error, "fid 9");
  });
});

describe("forcedRows()", () => {
  const entry = (fields: Document = {}): Document => ({
    jd: 2_400_010.5,
    fid: 2,
    procstatus: "0",
    diffmaglim: 20.5,
    magzpsci: 26.5,
    forcediffimflux: 100,
    forcediffimfluxunc: 10,
    programid: 1,
    ...fields,
  });

  it("gives flux and error as they are, with their zero point and no place", () => {
    assertEquals(forcedRows([entry()], filterOf), [{
      mjd: 10,
      filter: "ztfr",
      flux: 100,
      fluxerr: 10,
      zp: 26.5,
      ra: null,
      dec: null,
      programid: 1,
      origin: "alert_fp",
    }]);
  });

  it("has no flux at three sigma or less, whatever the sign", () => {
    const flux = (forcediffimflux: number) =>
      forcedRows([entry({ forcediffimflux })], filterOf)[0]!;
    assertEquals([30, -30, 30.5, -30.5].map((value) => flux(value).flux), [
      null,
      null,
      30.5,
      -30.5,
    ]);
    assertEquals(flux(30).fluxerr, 10);
  });

  it("takes the error from the limit where the flux is missing", () => {
    const [row] = forcedRows([entry({ forcediffimflux: undefined, diffmaglim: 26.5 })], filterOf);
    assertEquals([row!.flux, row!.fluxerr], [null, 0.2]);
  });

  it("takes only what was processed well and has a limit, each epoch once, by time", () => {
    const rows = forcedRows([
      entry({ jd: 2_400_011.5 }),
      entry({ procstatus: 0 }),
      entry(),
      entry({ procstatus: "61", jd: 2_400_012.5 }),
      entry({ procstatus: undefined, jd: 2_400_013.5 }),
      entry({ diffmaglim: null, jd: 2_400_014.5 }),
    ], filterOf);
    assertEquals(rows.map(({ mjd }) => mjd), [10, 11]);
  });
});

describe("photometry of samples", () => {
  function rowsOf(survey: string, name: string, of: FilterOf) {
    const [record] = decodePacket(samplePackets(survey).get(name)!);
    const candidate = record!.candidate as Document;
    const fpHists = cleanFpHists((record!.fp_hists ?? []) as Document[], candidate);
    const rows = lightCurveRows(candidate, record!.prv_candidates as Document[], of);
    return [...rows, ...forcedRows(fpHists, of)];
  }

  const KNOWN: readonly [string, string, FilterOf, [number, string, number | null, number][]][] = [
    ["ztf", "1127561445515015011", filterOf, [
      [58853.509653, "ztfg", null, 5.140792],
      [58881.561447, "ztfr", 72.875008, 5.869105],
    ]],
    ["ztf", "2475433850015010009", filterOf, [
      [60229.433854, "ztfg", -261.644135, 16.586344],
      [60217.449711, "ztfg", 2222.599854, 139.625381],
      [60222.420382, "ztfg", null, 63.041214],
    ]],
    ["wntr", "3608694", () => "2massj", [[60380.531487, "2massj", 16578.414062, 442.459328]]],
  ];
  for (const [survey, name, of, known] of KNOWN) {
    it(`are as known for ${survey} ${name}`, { skip: noSamples }, () => {
      const rows = rowsOf(survey, name, of);
      for (const [mjd, filter, flux, fluxerr] of known) {
        // An epoch may be there as measured by the alert and as forced.
        const near = rows.filter((row) =>
          Math.abs(row.mjd - mjd) < 1e-6 && row.filter === filter &&
          Math.abs(row.fluxerr! / fluxerr - 1) < 1e-5
        );
        assertEquals(near.length, 1, `${mjd}`);
        if (flux === null) assertEquals(near[0]!.flux, null);
        else assertAlmostEquals(near[0]!.flux! / flux, 1, 1e-5);
      }
    });
  }

  it("begin with the oldest epoch", { skip: noSamples }, () => {
    const [first] = rowsOf("ztf", "1127561445515015011", filterOf);
    assertAlmostEquals(first!.mjd, 58853.509653, 1e-6);
  });
});
