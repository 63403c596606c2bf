import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Document, Double } from "../../core/contract/document.ts";
import { RejectError } from "../../core/contract/survey.ts";
import { decodePacket } from "../../core/pipeline/decode.ts";
import { noSamples, samplePackets } from "../../tests/support/samples.ts";
import ztf from "./ztf.ts";

const STAMP = { fileName: "a.fits.gz", stampData: new Uint8Array([1, 2, 3]) };

function packet(fields: Document = {}, candidate: Document = {}): Document {
  return {
    schemavsn: "4.01",
    publisher: "a test",
    objectId: "ZTF26aaaaaab",
    candid: 2475433850015010009n,
    candidate: {
      jd: 2460229.5,
      ra: 10.5,
      dec: new Double(-3),
      programid: 1,
      magpsf: 18.5,
      ndethist: 5,
      jdstarthist: 2460000.5,
      drb: null,
      ssnamenr: "null",
      ...candidate,
    },
    prv_candidates: null,
    fp_hists: null,
    cutoutScience: STAMP,
    cutoutTemplate: null,
    cutoutDifference: STAMP,
    ...fields,
  };
}

describe("ztf.toAlert()", () => {
  it("reads what later stages need", () => {
    const record = packet();
    const alert = ztf.toAlert(record);
    assertEquals(
      { ...alert, document: 0, candidate: 0 },
      {
        candid: 2475433850015010009n,
        objectId: "ZTF26aaaaaab",
        jd: 2460229.5,
        raDeg: 10.5,
        decDeg: -3,
        programid: 1,
        document: 0,
        candidate: 0,
        prvCandidates: [],
        fpHists: [],
        keepsForcedPhotometry: false,
        cutouts: { Science: STAMP.stampData, Template: null, Difference: STAMP.stampData },
      },
    );
    assert(alert.candidate === record.candidate);
  });

  it("stores the packet without its light curves, nulls kept, and its coordinates", () => {
    const { document } = ztf.toAlert(packet());
    const { prv_candidates: _, fp_hists: __, ...rest } = packet();
    const { coordinates, ...stored } = document;
    assertEquals(stored, rest);
    assertEquals(Object.keys(document), [...Object.keys(rest), "coordinates"]);
    assertEquals((coordinates as Document).radec_str, ["00:42:00.0000", "-3:00:00.000"]);
  });

  it("leaves the record as it was, so the same record gives the same alert", () => {
    const past = [{ jd: 2460228.5, fid: 1, magpsf: null }, { jd: 2460228.6, fid: 1, magpsf: 18.5 }];
    const record = packet({ prv_candidates: past, fp_hists: [{ jd: 2460228.5, procstatus: "0" }] });
    const before = structuredClone(record);
    assertEquals(ztf.toAlert(record), ztf.toAlert(record));
    assertEquals(structuredClone(record), before);
  });

  it("drops null keys of past detections and nothing else", () => {
    const past = [{ jd: 2460228.5, fid: 1, magpsf: null, rb: -999.5 }];
    const { prvCandidates } = ztf.toAlert(packet({ prv_candidates: past }));
    assertEquals(prvCandidates, [{ jd: 2460228.5, fid: 1, rb: -999.5 }]);
  });

  it("takes packets of older schemas, without forced photometry", () => {
    const { fp_hists: _, ...record } = packet();
    assertEquals(ztf.toAlert(record).fpHists, []);
  });

  it("cleans forced photometry with the candidate's own values", () => {
    const { fpHists } = ztf.toAlert(packet({ fp_hists: [{ jd: 2460228.5, distnr: -99999 }] }));
    assertEquals(fpHists, [{
      jd: 2460228.5,
      alert_mag: 18.5,
      alert_ra: 10.5,
      alert_dec: new Double(-3),
    }]);
  });

  it("keeps forced photometry of objects that are recent, or seen for the first time", () => {
    const keeps = (candidate: Document) => ztf.toAlert(packet({}, candidate)).keepsForcedPhotometry;
    assertEquals(keeps({ jdstarthist: 2460199.6 }), true);
    assertEquals(keeps({ jdstarthist: 2460199.5 }), false);
    assertEquals(keeps({ jdstarthist: new Double(2460210) }), true);
    assertEquals(keeps({ ndethist: 1, jdstarthist: 2450000.5 }), true);
    assertEquals(keeps({ ndethist: 0 }), true);
  });

  it("does not take an object of unknown age for recent", () => {
    const keeps = (candidate: Document) => ztf.toAlert(packet({}, candidate)).keepsForcedPhotometry;
    for (const jdstarthist of [null, undefined]) {
      assertEquals(keeps({ jdstarthist }), false);
      assertEquals(keeps({ jdstarthist, ndethist: 1 }), true);
    }
  });

  it("takes cutouts that are null or not there", () => {
    const { cutoutTemplate: _, ...record } = packet({ cutoutScience: null });
    assertEquals(ztf.toAlert(record).cutouts, {
      Science: null,
      Template: null,
      Difference: STAMP.stampData,
    });
  });
});

describe("ztf.toAlert() rejects a packet", () => {
  const cases: readonly [string, Document, Document, string][] = [
    ["without candidate", { candidate: undefined }, {}, "candidate must be a record"],
    ["whose candidate is a number", { candidate: 4 }, {}, "current value is 4"],
    ["without candid", { candid: undefined }, {}, "candid must be an integer"],
    [
      "whose candid is a text",
      { candid: "5" },
      {},
      "candid must be an integer: current value is 5",
    ],
    ["whose candid lost digits", { candid: 2 ** 60 }, {}, "candid must be an integer"],
    ["without object id", { objectId: undefined }, {}, "objectId must be like"],
    ["of another survey", { objectId: "PGIR19aacbvv" }, {}, "current value is PGIR19aacbvv"],
    ["whose object id has more to it", { objectId: "ZTF26aaaaaab\n" }, {}, "objectId"],
    ["whose jd is null", {}, { jd: null }, "candidate.jd must be in"],
    ["whose jd is a modified one", {}, { jd: 60229.5 }, "current value is 60229.5"],
    ["whose jd is NaN", {}, { jd: NaN }, "candidate.jd"],
    [
      "at ra 360",
      {},
      { ra: new Double(360) },
      "candidate.ra must be in [0, 360): current value is 360",
    ],
    ["at ra -0.1", {}, { ra: -0.1 }, "candidate.ra"],
    ["without ra", {}, { ra: undefined }, "candidate.ra"],
    ["at dec 90.5", {}, { dec: 90.5 }, "candidate.dec must be in [-90, 90]: current value is 90.5"],
    ["whose programid is no integer", {}, { programid: 1.5 }, "candidate.programid"],
    ["without programid", {}, { programid: undefined }, "candidate.programid"],
    ["without prv_candidates", { prv_candidates: undefined }, {}, "prv_candidates must be there"],
    ["whose prv_candidates are no list", { prv_candidates: 7 }, {}, "an array of records"],
    ["whose past is no record", { prv_candidates: [7] }, {}, "an array of records"],
    ["whose fp_hists are no list", { fp_hists: {} }, {}, "fp_hists must be an array of records"],
    [
      "whose cutout is no image",
      { cutoutScience: { stampData: "x" } },
      {},
      "stampData must be bytes",
    ],
    ["whose cutout is a text", { cutoutScience: "x" }, {}, "cutoutScience.stampData must be bytes"],
  ];
  for (const [what, fields, candidate, message] of cases) {
    it(
      what,
      () => assertThrows(() => ztf.toAlert(packet(fields, candidate)), RejectError, message),
    );
  }
});

describe("samples of ZTF", () => {
  const alerts = () =>
    [...samplePackets("ztf").values()].map((bytes) => ztf.toAlert(decodePacket(bytes)[0]!));

  it("all become alerts, with the documents that are known", { skip: noSamples }, () => {
    assertEquals(alerts().length, 25);
    for (const { document, candidate, prvCandidates, fpHists } of alerts()) {
      assertEquals(Object.keys(document), [
        "schemavsn",
        "publisher",
        "objectId",
        "candid",
        "candidate",
        "cutoutScience",
        "cutoutTemplate",
        "cutoutDifference",
        "coordinates",
      ]);
      assertEquals(Object.keys(candidate).length, 103);
      for (const entry of prvCandidates) {
        assertEquals(Object.values(entry).includes(null), false);
        if (!("magpsf" in entry)) assertEquals(Object.keys(entry), UPPER_LIMIT_KEYS);
      }
      for (const entry of fpHists) {
        assertEquals(
          Object.values(entry).some((value) => value === null || value === -99999),
          false,
        );
      }
      const jds = fpHists.map(({ jd }) => jd as number);
      assert(jds.every((jd, i) => i === 0 || jds[i - 1]! < jd));
    }
  });

  it("keep the forced light curves that are known", { skip: noSamples }, () => {
    const named = [...samplePackets("ztf").keys()].map((name, i) => ({
      name,
      alert: alerts()[i]!,
    }));
    const kept = (prefix: string) =>
      named.filter(({ name, alert }) => name.startsWith(prefix) && alert.keepsForcedPhotometry);
    assertEquals(kept("11").length, 9); // Of the twelve of that night.
    // Of the night in 2023, the objects that were discovered in that year.
    const ofThatYear = named.filter(({ alert }) => alert.objectId.startsWith("ZTF23"));
    assertEquals(ofThatYear.length, 7);
    assertEquals(kept("24"), ofThatYear);
  });

  it("of a kind that isn't in the tables work too", { skip: noSamples }, () => {
    const [record] = decodePacket(samplePackets("ztf").get("2695378462115010012")!);
    const alert = ztf.toAlert(record!);
    assertEquals([alert.objectId, alert.candid], ["ZTF18abudxnw", 2695378462115010012n]);
    assert(alert.prvCandidates.length > 0 && alert.fpHists.length > 0);
  });
});

/** What is left of an upper limit. */
const UPPER_LIMIT_KEYS = [
  "jd",
  "fid",
  "pid",
  "diffmaglim",
  "pdiffimfilename",
  "programpi",
  "programid",
  "nid",
  "rcid",
  "field",
  "magzpsci",
  "magzpsciunc",
  "magzpscirms",
  "clrcoeff",
  "clrcounc",
  "rbversion",
];

describe("ztf", () => {
  it("has three topics a night, by the UTC date", () => {
    assertEquals(ztf.topics(new Date("2023-10-12T23:59:59.999Z")), [
      "ztf_20231012_programid1",
      "ztf_20231012_programid2",
      "ztf_20231012_programid3",
    ]);
    assertEquals(ztf.topics(new Date("2024-02-29T00:00:00Z"))[0], "ztf_20240229_programid1");
  });

  it("shows a person the alerts of their programs", () => {
    assertEquals(ztf.rowAccess([1, 2]), { "candidate.programid": { $in: [1, 2] } });
  });

  it("has the indexes that queries may name", () => {
    assertEquals(ztf.indexes.map(({ name }) => name), [
      "radec_candid",
      "radec_objectId",
      "jd_radec_candid",
      "jd_radec_objectId",
      "objectId",
      "candid",
      "pid",
      "objectId_pid",
      "pdiffimfilename",
      "jd_programid_programpi",
      "jd_braai_candid",
      "jd_drb_candid",
      "jd_braai_magpsf_isdiffpos_ndethist",
      "jd_field_drb_ndethhist_magpsf_isdiffpos_objectId",
    ]);
    assertEquals(ztf.indexes.filter(({ unique }) => unique).map(({ name }) => name), ["candid"]);
  });
});
