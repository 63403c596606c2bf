import { describe, it } from "@std/testing/bdd";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { separationDeg } from "./angles.ts";
import { cross, dot, plus, toDirection, toVector, triangleSr } from "./vectors.ts";

const directions = fc.record({
  raDeg: fc.double({ min: 0, max: 360, maxExcluded: true, noNaN: true }),
  decDeg: fc.double({ min: -90, max: 90, noNaN: true }),
});

describe("vectors", () => {
  it("are directions, there and back", () => {
    fc.assert(fc.property(directions, (direction) => {
      const back = toDirection(toVector(direction));
      assertEquals(back.raDeg >= 0 && back.raDeg < 360, true);
      assertAlmostEquals(separationDeg(back, direction), 0, 1e-9);
    }));
  });

  it("of any length have a direction", () => {
    assertEquals(toDirection([0, 0, 5]).decDeg, 90);
    assertAlmostEquals(toDirection([3, -3, 0]).raDeg, 315, 1e-12);
    assertEquals(toDirection([1, -1e-300, 0]).raDeg, 0); // And not 360.
  });

  it("multiply and add as vectors do", () => {
    assertEquals(cross([1, 0, 0], [0, 1, 0]), [0, 0, 1]);
    assertEquals(dot([1, 2, 3], [4, 5, 6]), 32);
    assertEquals(plus([1, 2, 3], [1, 1, 1], -2), [-1, 0, 1]);
  });
});

describe("a triangle on the sphere", () => {
  it("has its area, with the sign of the way round", () => {
    const [x, y, z] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]] as const;
    assertAlmostEquals(triangleSr(x, y, z), Math.PI / 2, 1e-12);
    assertAlmostEquals(triangleSr(x, z, y), -Math.PI / 2, 1e-12);
    assertEquals(triangleSr(x, x, y), 0);
  });
});
