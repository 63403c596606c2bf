import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { testDatabase } from "../../tests/support/mongo.ts";
import { type Direction, separationDeg } from "./angles.ts";
import { cellExpression, cellOf, cellsAround } from "./sky_cells.ts";

const fraction = fc.integer({ min: 0, max: 2 ** 31 }).map((n) => n / 2 ** 31);
/** Everywhere, and as often near the poles and where right ascension begins again. */
const direction: fc.Arbitrary<Direction> = fc.record({
  raDeg: fc.oneof(
    fraction.map((f) => f * 360),
    fraction.map((f) => f * 1e-3),
    fraction.map((f) => 360 - f * 1e-3 - 1e-9),
  ),
  decDeg: fc.oneof(
    fraction.map((f) => f * 180 - 90),
    fraction.map((f) => 90 - f * 2e-3),
    fraction.map((f) => f * 2e-3 - 90),
    fc.constantFrom(-90, 90, 0),
  ),
});

describe("cellsAround()", () => {
  it("has the cell of whatever lies in the cone", () => {
    fc.assert(
      fc.property(
        direction,
        fraction.map((f) => f * 360),
        fraction,
        fc.constantFrom(2, 8, 30),
        (centre, angleDeg, part, radiusArcsec) => {
          const radiusDeg = radiusArcsec / 3600;
          const inside = offset(centre, angleDeg, part * radiusDeg);
          fc.pre(separationDeg(centre, inside) <= radiusDeg);
          assert(cellsAround(centre, radiusDeg).includes(cellOf(inside)));
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it("has few cells, no cell twice", () => {
    fc.assert(fc.property(direction, (centre) => {
      const cells = cellsAround(centre, 2 / 3600);
      assertEquals(new Set(cells).size, cells.length);
      assert(cells.length <= 4 || Math.abs(centre.decDeg) > 89.9);
    }));
  });
});

describe("cellExpression()", () => {
  it("gives in MongoDB what is computed here", async () => {
    await using database = await testDatabase();
    const db = database.client.db(database.name);
    const directions = fc.sample(direction, 3_000);
    const points = directions.map(({ raDeg, decDeg }, i) => ({
      i,
      coordinates: { radec_geojson: { coordinates: [raDeg - 180, decDeg] } },
    }));
    await db.collection("points").insertMany(points);
    const found = await db.collection("points").aggregate<{ i: number; cell: number }>([
      { $sort: { i: 1 } },
      { $project: { _id: 0, i: 1, cell: cellExpression() } },
    ]).toArray();
    const stored = directions.map(({ raDeg, decDeg }) => ({ raDeg: raDeg - 180 + 180, decDeg }));
    assertEquals(found.map(({ cell }) => cell), stored.map(cellOf));
  });
});

/** The direction at `distanceDeg` from `from`, `angleDeg` east of north. */
function offset({ raDeg, decDeg }: Direction, angleDeg: number, distanceDeg: number): Direction {
  const radians = (deg: number) => deg * Math.PI / 180;
  const [dec, angle, distance] = [radians(decDeg), radians(angleDeg), radians(distanceDeg)];
  const sinDec = Math.sin(dec) * Math.cos(distance) +
    Math.cos(dec) * Math.sin(distance) * Math.cos(angle);
  const toDec = Math.asin(Math.max(-1, Math.min(1, sinDec)));
  const dra = Math.atan2(
    Math.sin(angle) * Math.sin(distance) * Math.cos(dec),
    Math.cos(distance) - Math.sin(dec) * Math.sin(toDec),
  );
  const ra = (raDeg + dra * 180 / Math.PI + 360) % 360;
  return { raDeg: ra, decDeg: toDec * 180 / Math.PI };
}
