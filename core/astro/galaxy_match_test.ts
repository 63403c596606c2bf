import { describe, it } from "@std/testing/bdd";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { CatalogMatch } from "../contract/crossmatch.ts";
import { type Document, Double, toNumber } from "../contract/document.ts";
import { isInEllipse, matchGalaxies, roundHundredths } from "./galaxy_match.ts";

const CLU = CatalogMatch.parse({
  catalog: "CLU_20190625",
  cone_search_radius: 300,
  use_distance: true,
  distance_value: "z",
  distance_method: "redshift",
  cm_at_distance: 30,
  cm_low_distance: 300,
});
const NED = CatalogMatch.parse({
  ...CLU,
  catalog: "NED_BetaV3",
  distance_value: "DistMpc",
  distance_method: "mpc",
});

/** A galaxy this many arcsec north of (150, 0). */
function galaxyAt(arcsec: number, fields: Document): Document {
  return { _id: 1, ra: new Double(150), dec: arcsec / 3600, ...fields };
}

function matched(match: CatalogMatch, galaxy: Document): boolean {
  return matchGalaxies(match, 150, 0, [galaxy]).length === 1;
}

describe("matchGalaxies()", () => {
  it("takes 30 arcsec at redshift 0.05, and as many kpc elsewhere", () => {
    assertEquals(matched(CLU, galaxyAt(29.9, { z: 0.05 })), true);
    assertEquals(matched(CLU, galaxyAt(30.1, { z: 0.05 })), false);
    assertEquals(matched(CLU, galaxyAt(14.9, { z: 0.1 })), true);
    assertEquals(matched(CLU, galaxyAt(15.1, { z: 0.1 })), false);
    assertEquals(matched(CLU, galaxyAt(149.9, { z: 0.01 })), true);
    assertEquals(matched(CLU, galaxyAt(150.1, { z: 0.01 })), false);
  });

  it("takes a fixed angle for near galaxies", () => {
    for (const z of [0.0099, new Double(0), -0.001]) {
      assertEquals(matched(CLU, galaxyAt(299.9, { z })), true);
      assertEquals(matched(CLU, galaxyAt(300.1, { z })), false);
    }
    assertEquals(matched(NED, galaxyAt(299.9, { DistMpc: 39.9 })), true);
    assertEquals(matched(NED, galaxyAt(300.1, { DistMpc: 39.9 })), false);
    assertEquals(matched({ ...CLU, cm_low_distance: 5 }, galaxyAt(5.1, { z: 0.001 })), false);
  });

  it("takes the angle of 30 kpc at a distance in Mpc", () => {
    const limit = Math.atan(30 / 100_000) * 180 / Math.PI * 3600;
    assertEquals(matched(NED, galaxyAt(limit - 0.01, { DistMpc: new Double(100) })), true);
    assertEquals(matched(NED, galaxyAt(limit + 0.01, { DistMpc: new Double(100) })), false);
    // At 40 Mpc it is no longer a near one.
    assertEquals(matched(NED, galaxyAt(154.8, { DistMpc: new Double(40) })), false);
  });

  it("adds the separation to a copy", () => {
    const galaxy = galaxyAt(20, { z: 0.05, coordinates: { radec_str: ["a", "b"] } });
    const [found] = matchGalaxies(CLU, 150, 0, [galaxy]);
    assertEquals(found, {
      ...galaxy,
      coordinates: {
        radec_str: ["a", "b"],
        distance_arcsec: new Double(20),
        distance_kpc: new Double(20),
      },
    });
    assertEquals(galaxy.coordinates, { radec_str: ["a", "b"] });
    const [far] = matchGalaxies(NED, 150, 0, [galaxyAt(20.004, { DistMpc: 100.5 })]);
    const kpc = 20.004 / 3600 / 180 * Math.PI * 100_500;
    assertEquals(far!.coordinates, {
      distance_arcsec: new Double(20),
      distance_kpc: Math.round(kpc * 100) / 100,
    });
  });

  it("says -1 kpc where the distance is too small to tell", () => {
    const kpcOf = (match: CatalogMatch, fields: Document) =>
      (matchGalaxies(match, 150, 0, [galaxyAt(20, fields)])[0]!.coordinates as Document)
        .distance_kpc;
    assertEquals(kpcOf(CLU, { z: 0.005 }), -1);
    assertEquals(kpcOf(CLU, { z: 0.0051 }), 2.04);
    assertEquals(kpcOf(CLU, { z: -0.01 }), -1);
    assertEquals(kpcOf(NED, { DistMpc: 0.005 }), -1);
    assertEquals(kpcOf(NED, { DistMpc: 10.5 }), 1.02);
  });

  it("leaves out galaxies without position or distance, and keeps the order of the others", () => {
    const good = [3, 1, 2].map((_id) => galaxyAt(_id, { _id, z: 0.05 }));
    const bad = [
      galaxyAt(1, { z: null }),
      galaxyAt(1, {}),
      { z: 0.05 },
      galaxyAt(1, { z: NaN }),
      galaxyAt(1, { z: "0.05" }),
    ];
    const found = matchGalaxies(CLU, 150, 0, [good[0]!, ...bad, good[1]!, good[2]!]);
    assertEquals(found.map(({ _id }) => _id), [3, 1, 2]);
  });

  for (const match of [CLU, NED]) {
    it(`finds M31 and M33 by their ellipses, with ${match.distance_method}`, () => {
      const [m31, ...others] = matchGalaxies(match, 11.6847, 42.26901, []);
      assertEquals(others, []);
      assertEquals([m31!._id, m31!.name], [596900, "PGC2557"]);
      const coordinates = m31!.coordinates as Document;
      assertEquals(coordinates.radec_str, ["00:42:44.3503", "41:16:08.634"]);
      assertEquals(coordinates.distance_arcsec, 4490.94);
      assertEquals(coordinates.distance_kpc, match === CLU ? -1 : 16.94);
      assertEquals(matchGalaxies(match, 10.6847, 42.86901, []), []);
      assertEquals(matchGalaxies(match, 9.6847, 42.26901, []), []);
      assertEquals(matchGalaxies(match, 23.46204, 30.66022, []).map(({ name }) => name), [
        "PGC5818",
      ]);
    });
  }

  it("has the built-in galaxies with their types, beside the catalog's own", () => {
    const own = { _id: 7, name: "own", ra: 10.6847, dec: 41.26901, z: 0.001 };
    const [first, m31] = matchGalaxies(CLU, 10.6847, 41.26901, [own]);
    assertEquals(first!.name, "own");
    assertEquals(Object.keys(m31!), [
      "_id",
      "name",
      "ra",
      "dec",
      "a",
      "b2a",
      "pa",
      "z",
      "DistMpc",
      "sfr_fuv",
      "mstar",
      "sfr_ha",
      "coordinates",
    ]);
    assertEquals([m31!.pa, m31!.sfr_fuv, m31!.sfr_ha], [new Double(35), null, 0]);
    assertEquals((m31!.coordinates as Document).distance_arcsec, new Double(0));
  });
});

describe("isInEllipse()", () => {
  const near = { raDeg: 10, decDeg: 20 };

  it("is a circle where both axes are equal", () => {
    const degrees = (min: number, max: number) =>
      fc.integer({ min: min * 1000, max: max * 1000 }).map((milli) => milli / 1000);
    const ring = { majorDeg: 1, axisRatio: 1, positionAngleDeg: 77 };
    fc.assert(fc.property(degrees(0, 360), degrees(-89, 89), fc.boolean(), (ra, dec, inside) => {
      const centre = { raDeg: ra, decDeg: dec };
      const position = { raDeg: ra, decDeg: dec + (inside ? 0.999 : 1.001) * (dec > 0 ? -1 : 1) };
      assertEquals(isInEllipse(position, centre, ring), inside);
    }));
  });

  it("is long in the direction of its position angle, from north to east", () => {
    const north = { majorDeg: 1, axisRatio: 0.3, positionAngleDeg: 0 };
    const east = { ...north, positionAngleDeg: 90 };
    const northOf = { raDeg: 10, decDeg: 20.9 };
    const eastOf = { raDeg: 10 + 0.9 / Math.cos(20 * Math.PI / 180), decDeg: 20 };
    assert(isInEllipse(northOf, near, north) && !isInEllipse(northOf, near, east));
    assert(isInEllipse(eastOf, near, east) && !isInEllipse(eastOf, near, north));
    const northeast = { ...north, positionAngleDeg: 45 };
    const diagonal = (sign: number) => ({
      raDeg: 10 + sign * 0.6 / Math.cos(20 * Math.PI / 180),
      decDeg: 20.6,
    });
    assert(isInEllipse(diagonal(1), near, northeast));
    assert(!isInEllipse(diagonal(-1), near, northeast));
  });

  it("is not on the other side of the sky", () => {
    const opposite = { raDeg: 190, decDeg: -20 };
    assert(!isInEllipse(opposite, near, { majorDeg: 1, axisRatio: 1, positionAngleDeg: 0 }));
  });

  it("has its tangent plane at the position", () => {
    // Half a degree apart, and beside the pole: north at the one is not north at the other.
    const ellipse = { majorDeg: 1, axisRatio: 0.1, positionAngleDeg: 0 };
    const [atPole, farther] = [{ raDeg: 90, decDeg: 89.95 }, { raDeg: 0, decDeg: 89.5 }];
    assertEquals(isInEllipse(farther, atPole, ellipse), true);
    assertEquals(isInEllipse(atPole, farther, ellipse), false);
  });
});

describe("roundHundredths()", () => {
  it("rounds exact halves to the even digit", () => {
    assertEquals([0.125, 0.375, 0.625, 0.875, 1.125].map(roundHundredths), [
      0.12,
      0.38,
      0.62,
      0.88,
      1.12,
    ]);
  });

  it("rounds what only looks like a half by its binary value", () => {
    assertEquals([0.005, 0.015, 1.005, 2.675, 0.045].map(roundHundredths), [
      0.01,
      0.01,
      1,
      2.67,
      0.04,
    ]);
  });

  it("is the nearest number with two decimals", () => {
    fc.assert(fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (value) => {
      const rounded = roundHundredths(value);
      assertAlmostEquals(rounded, value, 0.005 + 1e-9);
      assertEquals(rounded, toNumber(Number(rounded.toFixed(2))));
    }));
  });
});
