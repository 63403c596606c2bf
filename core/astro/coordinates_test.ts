import { describe, it } from "@std/testing/bdd";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { noSamples, samplePackets } from "../../tests/support/samples.ts";
import { type Document, Double, toNumber } from "../contract/document.ts";
import { decodePacket } from "../pipeline/decode.ts";
import { coordinatesBlock, toEcliptic, toGalactic } from "./coordinates.ts";

function textOf(raDeg: number, decDeg: number): string[] {
  return coordinatesBlock(raDeg, decDeg).radec_str as string[];
}

describe("coordinatesBlock()", () => {
  it("has all fields, in their order, all numbers as doubles", () => {
    const block = coordinatesBlock(180, -45);
    assertEquals(Object.keys(block), [
      "radec_geojson",
      "radec_str",
      "l",
      "b",
      "geocentricmeanecliptic",
    ]);
    assertEquals(block.radec_geojson, {
      type: "Point",
      coordinates: [new Double(0), new Double(-45)],
    });
    assertEquals(Object.keys(block.geocentricmeanecliptic as Document), ["lambda", "beta"]);
    const pole = coordinatesBlock(0, 90);
    assertEquals((pole.radec_geojson as Document).coordinates, [new Double(-180), new Double(90)]);
  });

  it("writes right ascension without carrying seconds", () => {
    assertEquals(textOf(0, 0)[0], "00:00:00.0000");
    assertEquals(textOf(210.1037407, 0)[0], "14:00:24.8978");
    assertEquals(textOf(359.5, 0)[0], "23:57:60.0000");
  });

  it("writes declination with a sign that takes a place of the degrees", () => {
    assertEquals(textOf(0, 9.3679347)[1], "09:22:04.565");
    assertEquals(textOf(0, -3.1119268)[1]!.slice(0, 5), "-3:06");
    assertEquals(textOf(0, -0.5)[1], "-0:30:00.000");
    assertEquals(textOf(0, -0.0)[1], "-0:00:00.000");
    assertEquals(textOf(0, -10.2263957)[1]!.slice(0, 6), "-10:13");
    assertEquals(textOf(0, 90)[1], "90:00:00.000");
  });

  it("refuses positions outside the sphere, and what is no number", () => {
    for (const raDeg of [-1e-9, 360, NaN, Infinity]) {
      assertThrows(() => coordinatesBlock(raDeg, 0), RangeError, `value is ${raDeg}`);
    }
    for (const decDeg of [-90.1, 90.1, NaN]) {
      assertThrows(() => coordinatesBlock(0, decDeg), RangeError, `value is ${decDeg}`);
    }
  });

  it("does not turn galactic longitude to 0..360, but ecliptic longitude it does", () => {
    const position = fc.record({
      raDeg: fc.integer({ min: 0, max: 359_999 }).map((milli) => milli / 1000),
      decDeg: fc.integer({ min: -90_000, max: 90_000 }).map((milli) => milli / 1000),
    });
    const longitudes: number[] = [];
    fc.assert(fc.property(position, ({ raDeg, decDeg }) => {
      const { l, b } = toGalactic(raDeg, decDeg);
      const { lambda, beta } = toEcliptic(raDeg, decDeg);
      longitudes.push(l);
      assert(l > -180 && l <= 180 && lambda >= 0 && lambda < 360);
      assert(Math.abs(b) <= 90 && Math.abs(beta) <= 90);
    }));
    assert(Math.min(...longitudes) < -90 && Math.max(...longitudes) > 90);
  });

  it("puts the galactic centre and pole where they are", () => {
    assertAlmostEquals(toGalactic(266.40499, -28.93617).l, 0, 1e-4);
    assertAlmostEquals(toGalactic(266.40499, -28.93617).b, 0, 1e-4);
    assertAlmostEquals(toGalactic(192.859508, 27.128336).b, 90, 1e-4);
    assertAlmostEquals(toEcliptic(0, 0).lambda, 0, 1e-12);
    assertAlmostEquals(toEcliptic(270, 90 - 23.439291).beta, 90, 1e-6);
  });

  const KNOWN: readonly [string, string, [string, string], number, number, number, number][] = [
    [
      "ztf",
      "1127561445515015011",
      ["14:00:24.8978", "64:13:10.975"],
      111.0353927731,
      51.2857281726,
      157.2155745868,
      65.9142470434,
    ],
    [
      "ztf",
      "2475433850015010009",
      ["03:07:59.3699", "09:22:04.565"],
      169.8815589066,
      -40.7369561926,
      47.2027415896,
      -7.9137158794,
    ],
    [
      "ztf",
      "1127107111615015007",
      ["04:46:37.8661", "-10:13:35.025"],
      -152.1234354046,
      -32.3229305730,
      68.5052660427,
      -32.3071346883,
    ],
    [
      "pgir",
      "114297926",
      ["19:03:31.7245", "10:21:16.487"],
      43.5194145394,
      2.0511676491,
      288.6723955226,
      32.7700970693,
    ],
    [
      "wntr",
      "3608694",
      ["17:30:18.0248", "07:15:50.191"],
      30.2072112409,
      21.3287973371,
      261.4455303105,
      30.4830126993,
    ],
    [
      "turbo",
      "1",
      ["02:22:35.5344", "13:51:37.008"],
      154.1150895500,
      -43.4239837345,
      37.9113653447,
      -0.3030296912,
    ],
  ];
  for (const [survey, name, text, l, b, lambda, beta] of KNOWN) {
    it(`gives what is known of ${survey} ${name}`, { skip: noSamples }, () => {
      const { ra, dec } = decodePacket(samplePackets(survey).get(name)!)[0]!.candidate as Document;
      const block = coordinatesBlock(toNumber(ra), toNumber(dec));
      assertEquals(block.radec_str, text);
      assertAlmostEquals(block.l as number, l, 1e-10);
      assertAlmostEquals(block.b as number, b, 1e-10);
      const ecliptic = block.geocentricmeanecliptic as Document;
      assertAlmostEquals(ecliptic.lambda as number, lambda, 1e-10);
      assertAlmostEquals(ecliptic.beta as number, beta, 1e-10);
    });
  }

  it("gives what is known of a position south of the equator, by one digit", () => {
    // PGIR 114343716, from its printed position.
    const block = coordinatesBlock(278.8031997, -3.1119268);
    assertEquals((block.radec_str as string[])[1], "-3:06:42.936");
    assertAlmostEquals(block.l as number, 28.3100088542, 1e-7);
    assertAlmostEquals(block.b as number, 2.1839465846, 1e-7);
  });
});
