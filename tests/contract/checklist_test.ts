// Each line of the checklists has a test, and the test is there.
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { CLIENT, COMPATIBILITY, ORIGINAL, type Row, THREATS } from "./checklist_rows.ts";

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
  "the client of the field": CLIENT,
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

const numbersOf = (rows: readonly Row[]) => rows.map(({ what }) => Number(what.split(".")[0]));
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

describe("the checklists", () => {
  it("have all thirty holes, and all twelve things that clients rely on, in order", () => {
    assertEquals(numbersOf(THREATS), upTo(30));
    assertEquals(numbersOf(COMPATIBILITY), upTo(12));
  });
});
