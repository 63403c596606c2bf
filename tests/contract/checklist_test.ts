// Each line of the checklists has a test, and the test is there.
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { COMPATIBILITY, ORIGINAL, type Row, THREATS } from "./checklist_rows.ts";

const ROOT = new URL("../../", import.meta.url);

/** Names of blocks and tests, as they stand in the file. */
async function namesIn(file: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(file, ROOT));
  return [...text.matchAll(/\b(?:describe|it)\(\s*(["'`])(.*?)\1[,)]/gs)].map(([, , name]) =>
    name!
  );
}

const LISTS: Record<string, readonly Row[]> = {
  "what the original's tests expect": ORIGINAL,
  "holes of the original": THREATS,
  "what clients rely on": COMPATIBILITY,
};

for (const [title, rows] of Object.entries(LISTS)) {
  describe(title, () => {
    for (const { what, shown } of rows) {
      it(what, async () => {
        assert(shown.length > 0);
        for (const [file, test] of shown) {
          const names = await namesIn(file);
          assert(names.some((name) => name.startsWith(test)), `${file} has no test ${test}`);
        }
      });
    }
  });
}

describe("the checklist of holes", () => {
  it("has all thirty of them, in order", () => {
    assertEquals(
      THREATS.map(({ what }) => Number(what.split(".")[0])),
      Array.from({ length: 30 }, (_, i) => i + 1),
    );
  });
});
