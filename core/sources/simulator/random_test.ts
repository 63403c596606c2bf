import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { type Key, Random } from "./random.ts";

const draw = (...keys: Key[]) => {
  const random = new Random(...keys);
  return Array.from({ length: 5 }, () => random.next());
};

describe("Random", () => {
  it("gives the same numbers for the same keys, and others for others", () => {
    assert.deepEqual(draw(1, "visit", 7), draw(1, "visit", 7));
    const others = [[1, "visit", 8], [2, "visit", 7], [1, "visi", 7], [7, "visit", 1], [1.5e15]];
    for (const keys of others) assert.notDeepEqual(draw(...keys), draw(1, "visit", 7));
    assert.notDeepEqual(draw(2 ** 33), draw(2 ** 34));
  });

  it("is uniform, and normal, as asked", () => {
    const random = new Random("moments");
    const uniform = Array.from({ length: 20_000 }, () => random.between(2, 4));
    assert.ok(uniform.every((value) => value >= 2 && value < 4));
    assert.ok(Math.abs(mean(uniform) - 3) < 0.02);
    const normal = Array.from({ length: 20_000 }, () => random.normal(5, 2));
    assert.ok(Math.abs(mean(normal) - 5) < 0.06);
    assert.ok(Math.abs(Math.sqrt(mean(normal.map((x) => (x - 5) ** 2))) - 2) < 0.06);
    const counts = new Map<number, number>();
    for (let n = 0; n < 6000; n++) {
      const value = random.int(6);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    assert.deepEqual([...counts.keys()].sort(), [0, 1, 2, 3, 4, 5]);
    for (const count of counts.values()) assert.ok(count > 800 && count < 1200);
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
