// The table of what filters may use must be what the code does, and leave out nothing.
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { testDatabase } from "../../tests/support/mongo.ts";
import { FILTER_STAGES, OPERATORS } from "./allowed.ts";
import { coverageMarkdown, filterCoverage } from "./filter_coverage.ts";

const all = filterCoverage();
const namesOf = (isWanted: (each: (typeof all)[number]) => boolean) =>
  new Set(all.filter(isWanted).map(({ name }) => name));

const known = namesOf(() => true);

describe("filterCoverage()", () => {
  it("has every stage that a filter may use, and refuses all others", () => {
    const may = namesOf(({ kind, where }) => kind === "stage" && where !== "refused");
    assertEquals(may, new Set(FILTER_STAGES));
  });

  it("has every operator that may pass, and no other that runs", () => {
    const may = namesOf(({ kind, where }) => kind !== "stage" && where !== "refused");
    assertEquals([...OPERATORS].filter((name) => !may.has(name)), []);
    assertEquals([...may].filter((name) => !OPERATORS.has(name)), []);
  });

  it("leaves out nothing that a server knows", async () => {
    await using database = await testDatabase();
    const { metrics } = await database.client.db("admin").command({ serverStatus: 1 });
    const { aggStageCounters, operatorCounters } = metrics;
    const { expressions, match, groupAccumulators, windowAccumulators } = operatorCounters;
    const kinds = { expressions, match, groupAccumulators, windowAccumulators, aggStageCounters };
    for (const [kind, counters] of Object.entries(kinds)) {
      const names = Object.keys(counters).filter((name) => !/^\$_|^\$internal/.test(name));
      assert(names.length > 10, kind);
      assertEquals(names.filter((name) => !known.has(name)), [], kind);
    }
  });

  it("says why, wherever something isn't run in process", () => {
    assertEquals(all.filter(({ where, why }) => where !== "in process" && !why), []);
  });

  it("runs scripts nowhere", () => {
    for (const name of ["$where", "$function", "$accumulator"]) {
      const found = all.filter((each) => each.name === name);
      assert(found.length > 0 && found.every(({ where }) => where === "refused"), name);
    }
  });

  it("is a table with a row for each", () => {
    assertEquals(coverageMarkdown().split("\n").length, all.length + 2);
  });
});
