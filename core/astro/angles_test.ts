import { describe, it } from "@std/testing/bdd";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { separationDeg, toDegrees, toRadians } from "./angles.ts";

describe("toRadians() and toDegrees()", () => {
  it("know arcsec, arcmin, deg and rad", () => {
    assertEquals(toRadians(180, "deg"), Math.PI);
    assertAlmostEquals(toRadians(180 * 60, "arcmin"), Math.PI, 1e-14);
    assertAlmostEquals(toRadians(180 * 3600, "arcsec"), Math.PI, 1e-14);
    assertEquals(toRadians(1.5, "rad"), 1.5);
    assertAlmostEquals(toDegrees(7200, "arcsec"), 2, 1e-14);
    assertAlmostEquals(toDegrees(Math.PI, "rad"), 180, 1e-13);
    assertEquals(toDegrees(0.1, "deg"), 0.1);
  });
});

describe("separationDeg()", () => {
  it("is exact for angles of any size", () => {
    const at = (raDeg: number, decDeg: number) => ({ raDeg, decDeg });
    assertAlmostEquals(separationDeg(at(10, 0), at(10 + 1e-9, 0)), 1e-9, 1e-15);
    assertAlmostEquals(separationDeg(at(0, 0), at(180, 0)), 180, 1e-12);
    assertAlmostEquals(separationDeg(at(0, 90), at(123, -90)), 180, 1e-12);
    assertAlmostEquals(separationDeg(at(0, 90), at(77, 89)), 1, 1e-12);
    assertAlmostEquals(separationDeg(at(359.5, 0), at(0.5, 0)), 1, 1e-12);
    assertEquals(separationDeg(at(12, 34), at(12, 34)), 0);
  });

  it("is the same in both directions", () => {
    const direction = fc.record({
      raDeg: fc.integer({ min: 0, max: 359 }),
      decDeg: fc.integer({ min: -90, max: 90 }),
    });
    fc.assert(fc.property(direction, direction, (a, b) => {
      assertAlmostEquals(separationDeg(a, b), separationDeg(b, a), 1e-10);
    }));
  });
});
