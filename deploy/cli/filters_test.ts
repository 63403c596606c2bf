/** `kowalski filters`: from a file to filters that the broker runs, or a report of why not. */
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { kowalski } from "../../tests/support/command_line.ts";
import { type TestDatabase, testDatabase } from "../../tests/support/mongo.ts";

const BOOM = JSON.stringify([
  {
    name: "bright",
    survey: "ZTF",
    permissions: { ZTF: [1, 2] },
    active_fid: "b",
    fv: [
      { fid: "a", pipeline: '[{"$match":{"candidate.drb":{"$gt":0.5}}}]' },
      { fid: "b", pipeline: '[{"$match":{"candidate.drb":{"$gt":9007199254740993}}}]' },
    ],
  },
  { name: "other", survey: "LSST", pipeline: [{ $match: {} }] },
]);
const SQL = "SELECT objects.objectId, ncand FROM objects WHERE ncand > 3; " +
  "SELECT objectId FROM objects, watchlist:1 WHERE ncand > 3;";

function settingsOf({ uri, name }: TestDatabase) {
  return { KOWALSKI_DATABASE_URI: uri, KOWALSKI_DATABASE_DB: name };
}

describe("kowalski filters import", () => {
  it("tells what becomes of each filter, and saves nothing without a group", async () => {
    const { code, out } = await kowalski(["filters", "import", "f.json", "--from", "boom"], {}, {
      "f.json": BOOM,
    });
    assertEquals(code, 1);
    assert(out.includes("bright, from boom: ZTF_alerts, programids 1, 2"), out);
    assert(out.includes("other, from boom: no survey of ours"), out);
    assert(out.includes("1 of 2 filters are translated whole, 0 are saved"), out);
  });

  it("saves those that are whole, with their versions, for the group", async () => {
    await using database = await testDatabase();
    const args = ["filters", "import", "f.json", "--from", "boom", "--group-id", "7", "--active"];
    const run = () => kowalski([...args, "--json"], settingsOf(database), { "f.json": BOOM });
    const first = await run();
    assertEquals(first.code, 1, first.error);
    const [bright, other] = JSON.parse(first.out);
    assertEquals([bright.filter_id, Object.keys(bright.fids)], [1, ["a", "b"]]);
    assertEquals([other.filter_id, other.whole], [undefined, false]);
    assert(other.not_saved.includes("survey"), other.not_saved);
    const db = database.client.db(database.name);
    const [saved, ...others] = await db.collection("filters").find().toArray();
    assertEquals(others, []);
    assertEquals([saved!.group_id, saved!.active, saved!.permissions], [7, true, [1, 2]]);
    assertEquals([saved!.fv.length, saved!.active_fid], [2, bright.fids.b]);
    assert(saved!.fv[1].pipeline.includes("9007199254740993"), saved!.fv[1].pipeline);
    const audit = await db.collection("audit").findOne({ action: "filter.import" });
    assertEquals([audit!.target, audit!.outcome], ["1", "done"]);
    // Again: it is another filter.
    assertEquals(JSON.parse((await run()).out)[0].filter_id, 2);
  });

  it("saves selections of Lasair, and with --partial also those that aren't whole", async () => {
    await using database = await testDatabase();
    const args = ["filters", "import", "mine.sql", "--from", "lasair", "--group-id", "7"];
    const run = (...more: string[]) =>
      kowalski([...args, ...more, "--json"], settingsOf(database), { "mine.sql": SQL });
    const [whole, not] = JSON.parse((await run()).out);
    assertEquals([whole.name, whole.filter_id, not.filter_id], ["mine.sql 1", 1, undefined]);
    const partial = await run("--partial", "--filter-id", "41");
    assertEquals([partial.code, JSON.parse(partial.out)[1].filter_id], [0, 42]);
    const saved = await database.client.db(database.name).collection("filters")
      .findOne({ filter_id: 42 });
    assertEquals(saved!.active, false);
  });

  it("says what is wrong with how it is called, and with the file", async () => {
    const wrong: [string[], RegExp][] = [
      [["filters"], /takes import or coverage: current value is nothing/],
      [["filters", "import"], /needs a FILE/],
      [["filters", "import", "f.json"], /--from must be boom or lasair/],
      [["filters", "import", "no.json", "--from", "boom"], /Cannot read no.json/],
      [
        ["filters", "import", "f.json", "--from", "boom", "--survey", "x"],
        /--survey must be one of/,
      ],
      [
        ["filters", "import", "f.json", "--from", "boom", "--group-id", "0"],
        /whole number above 0/,
      ],
      [["filters", "import", "torn.json", "--from", "boom"], /Cannot read/],
      [["filters", "import", "empty.json", "--from", "boom"], /there are none/],
    ];
    const files = { "f.json": BOOM, "torn.json": '{"name": "x', "empty.json": "[]" };
    for (const [args, message] of wrong) {
      const { code, error } = await kowalski(args, {}, files);
      assert(code > 0 && message.test(error), `${args.join(" ")}: ${code} ${error}`);
      assert(!error.includes("    at "), error);
    }
  });
});

describe("kowalski filters coverage", () => {
  it("is a table for people, and a list for scripts", async () => {
    const { code, out } = await kowalski(["filters", "coverage"]);
    assertEquals(code, 0);
    assert(out.includes("| stage | `$match` | in process |"), out);
    const listed = JSON.parse((await kowalski(["filters", "coverage", "--json"])).out);
    assertEquals(listed.length, out.trim().split("\n").length - 2);
  });
});
