import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { likedBest } from "./accept.ts";

describe("likedBest()", () => {
  for (
    const [accept, type] of [
      [null, undefined],
      [undefined, undefined],
      ["", undefined],
      ["*/*", undefined],
      ["text/*, image/png", undefined],
      ["text/csv", "text/csv"],
      ["TEXT/CSV; header=present", "text/csv"],
      ["text/html, x/y", "x/y"],
      ["text/csv, x/y", "text/csv"],
      ["x/y, text/csv", "x/y"],
      ["text/csv;q=0.5, x/y", "x/y"],
      ["text/csv; q=0.5, x/y; q=0.6", "x/y"],
      ["text/csv;q=0", undefined],
      ["text/csv;q=nope, x/y;q=0.1", "x/y"],
      [",;,=", undefined],
    ] as const
  ) {
    it(`gives ${type} for ${JSON.stringify(accept)}`, () => {
      assertEquals(likedBest(accept, ["text/csv", "x/y"]), type);
    });
  }
});
