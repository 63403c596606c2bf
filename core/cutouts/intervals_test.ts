import { describe, it } from "@std/testing/bdd";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { INTERVALS } from "./intervals.ts";

/** Noise, the same each time, with `bright` values at its beginning that stand out. */
function sky(length: number, seed: number, bright = 0): Float64Array {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state / 2 ** 31;
  };
  const values = Float64Array.from({ length }, () => uniform() + uniform() + uniform() + uniform());
  for (let i = 0; i < bright; i++) values[Math.floor(i * length / bright)]! += 50 * (i % 7);
  return values;
}

describe("INTERVALS", () => {
  // Found with astropy 8.0: ZScaleInterval(600, 0.045, krej=2.5), AsymmetricPercentileInterval(1, 100).
  for (
    const [length, seed, bright, zscale, percentiles] of [
      [3969, 1, 0, [0.4003579905256629, 3.592358543537557], [0.6731493544206, 3.81057735439]],
      [3969, 2, 400, [0.5300558181479573, 25.028922703144683], [0.67638839293, 302.982060846]],
      [600, 3, 50, [0.25010454189032316, 25.31150556802229], [0.5873622963950, 302.664788763]],
      [7, 4, 0, [1.0456599006429315, 2.3528837049379945], [1.0565032790973, 2.3528837049]],
      [3, 5, 0, [2.124244905076921, 3.159642449580133], [2.1293240971490, 3.1596424495]],
      [6561, 6, 3000, [0.3371196435764432, 303.243851204402], [0.7807264538481, 303.552720417]],
    ] as const
  ) {
    it(`are those of others for ${length} values, ${bright} of them bright`, () => {
      const values = sky(length, seed, bright);
      for (const i of [0, 1] as const) {
        assertAlmostEquals(INTERVALS.zscale(values)[i], zscale[i], 1e-8);
        assertAlmostEquals(INTERVALS.asymmetric_percentile(values)[i], percentiles[i], 1e-8);
      }
      assertEquals(INTERVALS.min_max(values), [Math.min(...values), Math.max(...values)]);
    });
  }

  it("lie within the data, the low one first, whatever they are", () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    const few = fc.array(fc.oneof(unit, fc.constantFrom(0, 0.5, 1)), { minLength: 1 });
    fc.assert(fc.property(few, (list) => {
      const values = Float64Array.from(list);
      for (const interval of Object.values(INTERVALS)) {
        const [low, high] = interval(values);
        assert(
          Math.min(...list) <= low && low <= high && high <= Math.max(...list),
          `${low} ${high}`,
        );
      }
      const sorted = values.toSorted();
      const rank = 0.01 * (list.length - 1);
      const [below, above] = [sorted[Math.floor(rank)]!, sorted[Math.ceil(rank)]!];
      assertAlmostEquals(
        INTERVALS.asymmetric_percentile(values)[0],
        below + (above - below) * (rank % 1),
        1e-12,
      );
    }));
  });
});
