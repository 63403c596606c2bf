import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { fitsMap } from "../../tests/fakes/fits_maps.ts";
import { noSamples, SAMPLES_DIR } from "../../tests/support/samples.ts";
import { type FakeNotice, voevent } from "../../tests/fakes/voevents.ts";
import { JsonError } from "../contract/json.ts";
import { QueryError } from "../contract/query.ts";
import type { Contour } from "../contract/skymaps.ts";
import type { Downloads } from "./download.ts";
import { type OpenSkymap, openSkymap } from "./open.ts";

const dateobs = "2023-06-23T15:42:26";
const MAP = fitsMap([
  { name: "UNIQ", format: "K", values: [16, 17, 5] },
  { name: "PROBDENSITY", format: "D", values: [3, 2, 1] },
]);
const CONE = { ra: 90, dec: 30, error: 10 };

/** As if there were `MAP` at these addresses, and nothing elsewhere. */
function fake(...urls: string[]): Downloads & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    has(url) {
      asked.push(`HEAD ${url}`);
      return Promise.resolve(urls.includes(url));
    },
    get(url) {
      asked.push(`GET ${url}`);
      return urls.includes(url)
        ? Promise.resolve(MAP)
        : Promise.reject(new QueryError("Cannot fetch the skymap"));
    },
  };
}

function open(body: unknown, downloads: Downloads = fake()): Promise<OpenSkymap> {
  return openSkymap(typeof body === "string" ? body : JSON.stringify(body), downloads);
}

async function nameOf(skymap: unknown, downloads?: Downloads): Promise<string> {
  const map = await open({ dateobs, skymap }, downloads);
  const { contours } = await map.contours([50]);
  assertEquals(Object.keys(contours), ["center", "contour50"]);
  return map.identity.localizationName;
}

describe("the body of a PUT", () => {
  const cone = (more: unknown) => open({ dateobs, skymap: CONE, ...more as object });

  it("has the levels 90 and 95 where it doesn't say", async () => {
    assertEquals((await cone({})).levels, [90, 95]);
  });

  for (
    const [contours, levels] of [
      [90, [90]],
      [90.0, [90]],
      ["90", [90]],
      ["90,95", [90, 95]],
      ["90, 99.5", [90, 99.5]],
      [[95, 90], [95, 90]],
      [["50", 90, 90], [50, 90]],
    ] as [unknown, number[]][]
  ) {
    it(`may have its levels as ${JSON.stringify(contours)}`, async () => {
      assertEquals((await cone({ contours })).levels, levels);
    });
  }

  it("tells doubles from integers as little as levels do", async () => {
    const text = `{"dateobs": "${dateobs}", "skymap": {"ra": 90.0, "dec": 30.0, "error": 10.0}`;
    const map = await open(`${text}, "contours": [90.0, 9e1], "triggerid": 5.0}`);
    assertEquals([map.levels, map.identity.triggerid], [[90], 5]);
  });

  for (const contours of [0, 100, -1, "x", "", [], [NaN], {}, null, "90,", Array(21).fill(0)]) {
    it(`16. can't have ${JSON.stringify(contours)} for its levels`, async () => {
      await assertRejects(() => cone({ contours }), QueryError, "contours");
    });
  }

  it("has its time to the millisecond, with Z or without", async () => {
    for (
      const [text, iso] of [
        [dateobs, "2023-06-23T15:42:26.000Z"],
        [`${dateobs}Z`, "2023-06-23T15:42:26.000Z"],
        [`${dateobs}.5`, "2023-06-23T15:42:26.500Z"],
        [`${dateobs}.123456Z`, "2023-06-23T15:42:26.123Z"],
      ]
    ) {
      const { identity } = await open({ dateobs: text, skymap: CONE });
      assertEquals(identity.dateobs.toISOString(), iso);
    }
    for (
      const wrong of [
        "",
        "2023-06-23",
        "2023-02-30T00:00:00",
        "2023-06-23 15:42:26",
        `${dateobs}+01:00`,
      ]
    ) {
      await assertRejects(
        () => open({ dateobs: wrong, skymap: CONE }),
        QueryError,
        "dateobs must be in the format YYYY-MM-DDTHH:MM:SS[.SSSSSS] if it is a string",
      );
    }
  });

  it("has one alias, or a list; its trigger by either name", async () => {
    assertEquals((await cone({ aliases: "LVC#S1" })).identity.aliases, ["LVC#S1"]);
    assertEquals((await cone({ aliases: ["a", "b", "a"] })).identity.aliases, ["a", "b"]);
    for (const [key, id] of [["triggerid", 5], ["trigger_id", 5], ["trigger_id", "5"]] as const) {
      assertEquals((await cone({ [key]: id })).identity.triggerid, id);
    }
    await assertRejects(() => cone({ triggerid: { $gt: 0 } }), QueryError, "triggerid");
  });

  it("needs a time, and a map", async () => {
    await assertRejects(
      () => open({ skymap: CONE }),
      QueryError,
      "ValueError: dateobs is required in the request body",
    );
    await assertRejects(
      () => open({ dateobs }),
      QueryError,
      "ValueError: either skymap dict or voevent is required in the request body",
    );
    await assertRejects(() => open("{"), JsonError);
    for (const other of ["[]", "5", "null"]) {
      await assertRejects(() => open(other), QueryError, "Invalid request body: ");
    }
  });
});

describe("the forms of a skymap", () => {
  it("a ready map of many orders", async () => {
    const map = { localization_name: "ready", uniq: [16, 17.0, 5], probdensity: [3, 2.5, 1] };
    assertEquals(await nameOf(map), "ready");
  });

  it("a FITS file at an address, by the last part of its path", async () => {
    const url = "https://maps.example/files/cwb.multiorder.fits,1";
    assertEquals(await nameOf({ url }, fake(url)), "cwb.multiorder.fits,1");
    const missing = await open({ dateobs, skymap: { url } });
    await assertRejects(() => missing.contours([90]), QueryError, "Cannot fetch the skymap");
    for (const url of ["/etc/passwd", "https://maps.example/", "x"]) {
      await assertRejects(() => open({ dateobs, skymap: { url } }), QueryError, "Invalid skymap");
    }
  });

  it("a FITS file in base64, also as a data URL", async () => {
    const content = MAP.toBase64();
    assertEquals(await nameOf({ localization_name: "file", content }), "file");
    const url = `data:application/fits;base64,${content}`;
    assertEquals(await nameOf({ localization_name: "file", content: url }), "file");
    const wrong = await open({ dateobs, skymap: { localization_name: "x", content: "?" } });
    await assertRejects(() => wrong.contours([90]), QueryError, "Could not decode file content");
  });

  it("a cone, which has its own name", async () => {
    assertEquals(await nameOf({ ...CONE, localization_name: "x" }), "90.00000_30.00000_10.00000");
    assertEquals(await nameOf({ ra: "1.5", dec: "-2", error: "0.1" }), "1.50000_-2.00000_0.10000");
  });

  it("a polygon: its corners, with its centre or without, as JSON or as its text", async () => {
    const corners = [[10, 10], [20, 10.0], [15, 20]];
    for (
      const polygon of [
        corners,
        { center: [15, 15], corners },
        JSON.stringify(corners),
        JSON.stringify({ center: [15, 15], corners }),
      ]
    ) assertEquals(await nameOf({ localization_name: "triangle", polygon }), "triangle");
    const map = await open({
      dateobs,
      skymap: { localization_name: "triangle", polygon: { center: [15, 15], corners } },
    });
    const { contours, centreRaDec } = await map.contours([90]);
    assertEquals(contours.center!.coordinates, [-165, 15]);
    assertEquals(centreRaDec, [15, 15]);
  });

  it("an ellipse", async () => {
    const ellipse = { localization_name: "e", ra: 1, dec: 2, amaj: 2, amin: 1, phi: 200 };
    assertEquals(await nameOf(ellipse), "e");
  });

  for (
    const [what, shape, areaDeg2] of [
      ["a cone where right ascension ends", { ra: 360, dec: -90, error: 1 }, 14.466],
      ["a cone of milliarcseconds", { ra: 1, dec: 2, error: 1e-6 }, 1.4467e-11],
      ["a cone of the whole sky", { ra: 0, dec: 90, error: 180 }, 41_253],
      ["an ellipse that is a circle", { ra: 1, dec: 2, amaj: 5, amin: 5, phi: 0 }, 70.6],
      ["an ellipse that is half the sky", { ra: 1, dec: 2, amaj: 90, amin: 90, phi: 0 }, 18_564],
      ["an ellipse from pole to pole", { ra: 0, dec: 0, amaj: 5, amin: 90, phi: 90 }, 1_035],
      ["a polygon where it ends", { polygon: [[350, 0], [360, 0], [360, 10]] }, 45.5],
      ["a thin ellipse", { ra: 360, dec: 2, amaj: 0.1, amin: 1e-3, phi: 30 }, 2.83e-4],
    ] as [string, object, number][]
  ) {
    it(`as large as can be, or as small: ${what}`, async () => {
      const map = await open({ dateobs, skymap: { localization_name: "x", ...shape } });
      const { contours } = await map.contours([90]);
      const told = (contours.contour90 as Contour).properties.area_deg2!;
      assert(Math.abs(told - areaDeg2) <= 0.05 * areaDeg2, `${told}`);
    });
  }

  it("can't be smaller than its outline could tell", async () => {
    const map = await open({ dateobs, skymap: { ra: 1, dec: 2, error: 1e-9 } });
    await assertRejects(() => map.contours([90]), QueryError, "error must be >=");
  });

  const wrong: [string, unknown, string][] = [
    ["no form", {}, "Exception: Invalid skymap data"],
    ["half a form", { ra: 1, dec: 2 }, "Exception: Invalid skymap data"],
    ["a place beyond the sky", { ra: 361, dec: 0, error: 1 }, "ra"],
    ["a radius of nothing", { ra: 1, dec: 0, error: 0 }, "error"],
    ["a line", { localization_name: "x", polygon: [[0, 0], [1, 1]] }, "polygon"],
    [
      "corners of three",
      { localization_name: "x", polygon: [[0, 0, 0], [1, 1], [2, 0]] },
      "polygon",
    ],
    ["no name", { localization_name: "", uniq: [4], probdensity: [1] }, "localization_name"],
    ["text for numbers", { localization_name: "x", uniq: ["4"], probdensity: [1] }, "uniq"],
    ["a flat ellipse", { localization_name: "x", ra: 1, dec: 1, amaj: 1, amin: 0, phi: 0 }, "amin"],
  ];
  for (const [what, skymap, message] of wrong) {
    it(`is not ${what}`, async () => {
      await assertRejects(() => open({ dateobs, skymap }), QueryError, message);
    });
  }

  it("18. is not cells of two lengths, of no pixel, or of an order beyond all", async () => {
    for (
      const [uniq, probdensity, message] of [
        [[4, 5], [1], "of one length"],
        [[3], [1], "3 in uniq is no pixel's number"],
        [[4 ** 26], [1], "is no pixel's number"],
        [[4, 16], [1, 1], "must not overlap"],
      ] as const
    ) {
      const skymap = { localization_name: "x", uniq, probdensity };
      const map = await open({ dateobs, skymap });
      await assertRejects(() => map.contours([90]), QueryError, message);
    }
  });

  it("18. whatever it is, it is read or refused, and nothing else", async () => {
    const number = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.constantFrom(0, -0, 1e-9, 90, 180, 360, 1e300, 4, 16),
    );
    const value = fc.oneof(
      number,
      fc.string(),
      fc.constantFrom(null, true, {}, [], "[[0,0],[1,0],[1,1]]", "90"),
      fc.array(number, { maxLength: 5 }),
      fc.array(fc.tuple(number, number), { maxLength: 5 }),
    );
    const keys =
      "localization_name uniq probdensity url content ra dec error polygon amaj amin phi";
    const skymaps = fc.dictionary(fc.constantFrom(...keys.split(" ")), value, { minKeys: 3 });
    await fc.assert(
      fc.asyncProperty(skymaps, async (skymap) => {
        try {
          await (await open({ dateobs, skymap })).contours([90]);
        } catch (error) {
          const isTold = error instanceof QueryError || error instanceof JsonError;
          assert(isTold, String(error));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("a VOEvent for a skymap", () => {
  const url = "https://maps.example/map.fit";
  const position = ["90", "30", "10"] as const;
  const withMap = { params: { Packet_Type: "131", HealPix_URL: url, TrigID: "7" }, position };
  const from = async (notice: FakeNotice, downloads?: Downloads, more = {}) =>
    (await open({ voevent: voevent(notice), ...more }, downloads)).identity;

  it("is the map that it names, where there is one", async () => {
    const downloads = fake(url);
    assertEquals(await from(withMap, downloads), {
      dateobs: new Date(`${dateobs}Z`),
      localizationName: "map.fit",
      aliases: [],
      triggerid: 7,
    });
    assertEquals(downloads.asked, [`HEAD ${url}`]);
  });

  it("is its circle, where there is no map", async () => {
    const circle = "90.00000_30.00000_10.00000";
    assertEquals((await from(withMap)).localizationName, circle);
    assertEquals((await from({ position })).localizationName, circle);
  });

  it("is nothing where there is neither, or where it takes a circle back", async () => {
    const nothing = "ValueError: Could not get skymap from VOEvent file";
    await assertRejects(() => from({}), QueryError, nothing);
    await assertRejects(() => from({ params: withMap.params }), QueryError, nothing);
    await assertRejects(() => from({ params: { Retraction: "1" }, position }), QueryError, nothing);
  });

  it("has its own trigger; the body's time, and the body's aliases first", async () => {
    const more = { dateobs: "2024-01-01T00:00:00Z", aliases: ["a"], triggerid: 5 };
    const params = { TrigID: "7", GraceID: "S1" };
    const identity = await from({ params, position }, fake(), more);
    assertEquals(identity.dateobs, new Date("2024-01-01T00:00:00Z"));
    assertEquals(identity.aliases, ["a", "LVC#S1"]);
    assertEquals(identity.triggerid, 7);
    assertEquals((await from({ position }, fake(), more)).triggerid, 5);
  });

  it("17. that is an address is asked for nothing", async () => {
    const downloads = fake(url);
    await assertRejects(
      () => open({ voevent: url }, downloads),
      QueryError,
      "ValueError: xml file is not valid VOEvent",
    );
    assertEquals(downloads.asked, []);
  });

  it("of LIGO is its map", { skip: noSamples }, async () => {
    const map = Deno.readFileSync(`${SAMPLES_DIR}/localization.fits`);
    const opened = await openSkymap(
      JSON.stringify({ voevent: Deno.readTextFileSync(`${SAMPLES_DIR}/voevent.xml`) }),
      { has: () => Promise.resolve(true), get: () => Promise.resolve(map) },
    );
    assertEquals(opened.identity.localizationName, "cwb.multiorder.fits,1");
    const { contours } = await opened.contours(opened.levels);
    assertEquals(Object.keys(contours), ["center", "contour90", "contour95"]);
  });
});
