import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { Double } from "../../contract/document.ts";
import { comparePasses } from "./compare_passes.ts";

describe("comparePasses()", () => {
  it("tells who passes both, one, or none, by whole ids", () => {
    const large = 2475433850015015013n;
    const ours = [1, 2, large].map((candid) => ({ candid, data: { candid } }));
    const theirs = [2, 3, large + 1n].map((candid) => ({ candid, data: { candid } }));
    assertEquals(comparePasses(10, ours, theirs), {
      alerts: 10,
      both: 1,
      neither: 5,
      gained: [1, large],
      lost: [3, large + 1n],
      changed: 0,
    });
  });

  it("sees what comes out as it is stored: its values, their types, their order", () => {
    const changed = (ours: object, theirs: object) =>
      comparePasses(1, [{ candid: 1, data: { ...ours } }], [{ candid: 1, data: { ...theirs } }])
        .changed;
    assertEquals(changed({ a: 1, b: [1] }, { a: 1, b: [1] }), 0);
    assertEquals(changed({ a: 1 }, { a: 2 }), 1);
    assertEquals(changed({ a: 1 }, { a: new Double(1) }), 1);
    assertEquals(changed({ a: 1, b: 2 }, { b: 2, a: 1 }), 1);
  });

  it("of the same passes is no change", () => {
    assertEquals(comparePasses(3, [], []), {
      alerts: 3,
      both: 0,
      neither: 3,
      gained: [],
      lost: [],
      changed: 0,
    });
  });
});
