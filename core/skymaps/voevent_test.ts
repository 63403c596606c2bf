import { describe, it } from "@std/testing/bdd";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { damagedFile } from "../../tests/fakes/damaged_file.ts";
import { noSamples, SAMPLES_DIR } from "../../tests/support/samples.ts";
import { voevent } from "../../tests/fakes/voevents.ts";
import { QueryError } from "../contract/query.ts";
import { readVoevent } from "./voevent.ts";

const PLOT =
  "http://heasarc.gsfc.nasa.gov/FTP/fermi/data/gbm/triggers/2022/bn220101123/glg_locplot_all_bn220101123.png";
const LIGHT_CURVE =
  "http://heasarc.gsfc.nasa.gov/FTP/fermi/data/gbm/triggers/2022/bn220101123/quicklook/glg_lc.gif";

describe("a VOEvent", () => {
  it("tells its time to the second, its trigger, its circle", () => {
    assertEquals(
      readVoevent(voevent({
        params: { Packet_Type: "112", TrigID: "662737001", LightCurve_URL: LIGHT_CURVE },
        position: ["123.45", "-5.5", "3.2"],
      })),
      {
        dateobs: new Date("2023-06-23T15:42:26Z"),
        triggerid: 662737001,
        aliases: ["FERMI#bn220101123"],
        mapUrl: undefined,
        cone: { centre: { raDeg: 123.45, decDeg: -5.5 }, sigmaDeg: 3.2 },
        isRetraction: false,
      },
    );
    const late = readVoevent(voevent({ time: "2023-12-31T23:59:59.7" }));
    assertEquals(late.dateobs, new Date("2024-01-01T00:00:00Z"));
  });

  it("of a final position of Fermi has its map beside its plot", () => {
    const params = { Packet_Type: "115", LightCurve_URL: LIGHT_CURVE, LocationMap_URL: PLOT };
    const { mapUrl, aliases } = readVoevent(voevent({ params }));
    assertEquals(
      mapUrl,
      "https://heasarc.gsfc.nasa.gov/FTP/fermi/data/gbm/triggers/2022/bn220101123/glg_healpix_all_bn220101123.fit",
    );
    assertEquals(aliases, ["FERMI#bn220101123"]);
  });

  it("of Fermi below the threshold has the map that it names", () => {
    const params = { Packet_Type: "131", HealPix_URL: "https://example.org/map.fit" };
    assertEquals(readVoevent(voevent({ params })).mapUrl, "https://example.org/map.fit");
    assertEquals(
      readVoevent(voevent({ params: { ...params, Packet_Type: "110" } })).mapUrl,
      undefined,
    );
  });

  it("of gravitational waves has the map of its group, and its name", () => {
    const what = `<Group type="GW_SKYMAP" name="bayestar">
      <Param name="skymap_fits" value="https://gracedb.ligo.org/api/x/bayestar.fits,1"/></Group>`;
    const { mapUrl, aliases } = readVoevent(voevent({ params: { GraceID: "S230623ai" }, what }));
    assertEquals(mapUrl, "https://gracedb.ligo.org/api/x/bayestar.fits,1");
    assertEquals(aliases, ["LVC#S230623ai"]);
  });

  it("of AMON has a radius of 95 percent, which is made one of a sigma", () => {
    const position = ["10", "20", "2.4477468306808166"] as const;
    const amon = voevent({ ivorn: "ivo://nasa.gsfc.gcn/AMON#ICECUBE_GOLD", position });
    assertAlmostEquals(readVoevent(amon).cone!.sigmaDeg, 1, 1e-12);
    const swift = voevent({ ivorn: "ivo://nasa.gsfc.gcn/SWIFT#x", position });
    assertAlmostEquals(readVoevent(swift).cone!.sigmaDeg, 2.4477468306808166, 1e-12);
  });

  it("may take back what an earlier one said, or say nothing of a place", () => {
    assertEquals(readVoevent(voevent({ params: { Retraction: "1" } })).isRetraction, true);
    for (
      const position of [["370", "0", "1"], ["1", "91", "1"], ["1", "1", "0"], ["x", "1", "1"]]
    ) {
      const notice = voevent({ position: position as [string, string, string] });
      assertEquals(readVoevent(notice).cone, undefined);
    }
  });

  const notVoevent: [string, string][] = [
    ["nothing", ""],
    ["a path", "/etc/passwd"],
    ["an address", "https://example.org/voevent.xml"],
    ["other XML", "<a/>"],
    ["a part of one", voevent().slice(0, -20)],
    ["one of another version", voevent().replace('version="2.0"', 'version="1.1"')],
    ["one without a name", voevent().replace(/ivorn="[^"]*"/, "")],
    ["one of no role", voevent({ role: "joke" })],
    ["one of another namespace", voevent().replace("VOEvent/v2.0", "VOEvent/v1.1")],
    ["one with parts that it can't have", voevent().replaceAll("Who>", "Whose>")],
    ["one with a part twice", voevent().replace("<What>", "<Who/><What>")],
    ["nesting without end", "<a>".repeat(100_000)],
  ];
  for (const [what, xml] of notVoevent) {
    it(`17. is not ${what}, and nothing is looked up for it`, () => {
      assertThrows(() => readVoevent(xml), QueryError, "ValueError: xml file is not valid VOEvent");
    });
  }

  it("18. has no entities but XML's own", () => {
    const declared = (entity: string) =>
      voevent({ params: { GraceID: "&x;" } })
        .replace("?>", `?><!DOCTYPE a [<!ENTITY x ${entity}>]>`);
    for (
      const entity of ['"y"', 'SYSTEM "file:///etc/passwd"', 'PUBLIC "a" "http://example.org/"']
    ) {
      assertThrows(() => readVoevent(declared(entity)), QueryError, "not valid VOEvent");
    }
    const laughs = declared('"' + "&y;".repeat(10) + '"><!ENTITY y "ha"');
    assertThrows(() => readVoevent(laughs), QueryError, "not valid VOEvent");
    const known = readVoevent(voevent({ params: { GraceID: "a&amp;b" } }));
    assertEquals(known.aliases, ["LVC#a&b"]);
  });

  it("18. that is damaged is read or refused, and nothing else", () => {
    const whole = new TextEncoder().encode(voevent({
      params: { Packet_Type: "115", TrigID: "662737001", LocationMap_URL: PLOT },
      position: ["123.45", "-5.5", "3.2"],
    }));
    fc.assert(
      fc.property(damagedFile([whole]), (bytes) => {
        try {
          readVoevent(new TextDecoder().decode(bytes));
        } catch (error) {
          assert(error instanceof QueryError, String(error));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("of LIGO is read", { skip: noSamples }, () => {
    assertEquals(readVoevent(Deno.readTextFileSync(`${SAMPLES_DIR}/voevent.xml`)), {
      dateobs: new Date("2023-06-23T15:42:26Z"),
      triggerid: undefined,
      aliases: ["LVC#S230623ai"],
      mapUrl: "https://gracedb.ligo.org/api/superevents/S230623ai/files/cwb.multiorder.fits,1",
      cone: undefined,
      isRetraction: false,
    });
  });
});
