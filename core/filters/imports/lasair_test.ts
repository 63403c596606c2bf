// What a selection of Lasair selects, its translation has to pass: run by MongoDB, and in process.
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import ztf from "../../../catalogs/live/ztf.ts";
import { filterOf } from "../../../tests/support/filters.ts";
import { type TestDatabase, testDatabase } from "../../../tests/support/mongo.ts";
import type { Document } from "../../contract/document.ts";
import { FilterPlan } from "../engine/plan/filter_plan.ts";
import { filterSchema } from "../filter_schema.ts";
import { lasairFilters } from "./files.ts";
import { importLasair } from "./lasair.ts";
import { isWhole } from "./report.ts";

const schema = filterSchema(ztf, { catalogs: [], models: [] })!;
const JD = 2_460_000.5;

/** Detections are days before the alert, in g or r; one that has no magnitude is an upper limit. */
function alert(objectId: string, candidate: Document, past: [number, 1 | 2, number?][]): Document {
  return {
    candid: Number(objectId.slice(-1)),
    objectId,
    candidate: { jd: JD, fid: 1, magpsf: 18.5, ...candidate },
    prv_candidates: past.map(([days, fid, magpsf]) => ({
      jd: JD - days,
      fid,
      ...magpsf === undefined ? { diffmaglim: 20.5 } : { magpsf },
    })),
  };
}

const ALERTS = [
  alert("ZTF18aaaaaa1", { ra: 10.5, dec: 5.5, distpsnr1: 2.5 }, [
    [1, 1, 19.5],
    [2, 2, 17.5],
    [3, 1],
    [40, 1, 15.5],
  ]),
  alert("ZTF19bbbbbb2", { ra: 200.5, dec: -30.5, fid: 2 }, [[5, 2, 18.5]]),
  alert("ZTF20cccccc3", { ra: 350.5, dec: 80.5, distpsnr1: 0.5 }, []),
];

function importOf(sql: string) {
  const imported = importLasair({ name: "test", sql }, schema);
  return { imported, version: imported.versions[0]! };
}
const where = (condition: string) => `SELECT objects.objectId FROM objects WHERE ${condition}`;

describe("a selection of Lasair", () => {
  let database: TestDatabase;
  beforeAll(async () => void (database = await testDatabase()));
  afterAll(() => database[Symbol.asyncDispose]());

  async function selected(pipeline: readonly Document[]): Promise<Document[]> {
    const db = database.client.db(database.name);
    const there = await db.aggregate([{ $documents: ALERTS }, ...pipeline]).toArray();
    const plan = new FilterPlan([filterOf([...pipeline])]);
    assertEquals([...plan.uncompiled.values()], []);
    const here = ALERTS.flatMap((each) => plan.run(each).passes.map(({ data }) => data.candid));
    assertEquals(here, there.map(({ candid }) => candid));
    return there;
  }

  const CONDITIONS: [string, number[]][] = [
    ["objects.ncand >= 3", [1]],
    ["NCAND BETWEEN 1 AND 2", [2, 3]],
    ["ncand NOT BETWEEN 1 AND 2", [1]],
    ["ramean > 9 AND decmean < 6", [1, 2]],
    ["NOT (ramean > 9 AND decmean < 6)", [3]],
    ["ramean > 300 OR ncand = 2", [2, 3]],
    ["ramean > 300 || ncand = 2 && decmean > 0", [3]],
    ["objectId LIKE 'ztf1_%'", [1, 2]],
    ["objects.objectId NOT LIKE 'ztf1_%'", [3]],
    ["objectId IN ('ZTF18aaaaaa1', 'other')", [1]],
    ["objectId NOT IN ('ZTF18aaaaaa1')", [2, 3]],
    // What is null is neither equal nor unequal.
    ["distpsnr1 = 2.5", [1]],
    ["distpsnr1 <> 2.5", [3]],
    ["NOT distpsnr1 = 2.5", [3]],
    ["distpsnr1 IS NULL", [2]],
    ["distpsnr1 IS NOT NULL", [1, 3]],
    ["distpsnr1 > NULL", []],
    ["2 < distpsnr1", [1]],
    ["jdmax - jdmin > 4", [2]],
    ["jdmax - objects.jdmin BETWEEN 1.5 AND 2.5", [1]],
    ["SQRT(distpsnr1 - 1) > 1", [1]],
    ["distpsnr1 / 0 > 1", []],
    ["-decmean > 20", [2]],
    ["ABS(decmean) > 20 AND (ramean + 1) * 2 < 500", [2]],
    // What has no value in SQL mustn't fail in MongoDB, which computes constants beforehand.
    ["SQRT(-1) > 0 OR ncand = 2", [2]],
    ["LOG10(0) < 1 OR LN(-1) < 1 OR ACOS(2) < 1", []],
    ["POWER(0, -1) > 1 OR POW(-8, 0.5) < 1 OR 1 / 0 < 1 OR MOD(1, 0) < 1", []],
    ["POW(2, 3) = 8 AND MOD(7, 4) = 3 AND 7 / 2 = 3.5", [1, 2, 3]],
    ["GREATEST(ncand, 2) = 3", [1]],
    ["GREATEST(1, NULL) > 0 OR LEAST(distpsnr1, NULL) < 9", []],
    ["LEAST(distpsnr1, 1) < 1", [3]],
    ["ncand >= '3'", [1]],
    ["ncand IN ('3', 2)", [1, 2]],
    ["ncand + 1 IN (2, 4)", [1, 3]],
    ["objectId = '$objectId' OR objectId IN ('$$ROOT')", []],
    [`${"SQRT(".repeat(19)}ncand${")".repeat(19)} >= 1`, [1, 2, 3]],
    [`${"1 / (".repeat(19)}ncand${")".repeat(19)} < 0.5`, [1]],
    ["TRUE", [1, 2, 3]],
    ["FALSE", []],
  ];
  for (const [condition, candids] of CONDITIONS) {
    it(`selects what it did: ${condition}`, async () => {
      const { imported, version } = importOf(where(condition));
      assertEquals(version.untranslated, []);
      assert(isWhole(imported));
      assertEquals((await selected(version.pipeline!)).map(({ candid }) => candid), candids);
    });
  }

  it("gives the columns that it names, under their names", async () => {
    const { version } = importOf(
      "SELECT objects.objectId, ncand, ramean AS 'right ascension', jdmax - jdmin age FROM objects",
    );
    const [first] = await selected(version.pipeline!);
    const { _id: _, ...columns } = first!;
    assertEquals(columns, {
      candid: 1,
      objectId: "ZTF18aaaaaa1",
      ncand: 3,
      "right ascension": 10.5,
      age: 2,
    });
  });

  it("gives the ids of the alert, whatever a column is called", async () => {
    const { version } = importOf(
      "SELECT ncand AS candid, ncand AS objectId, ncand AS _id, ncand AS x, 1 AS x, ncand AS '$a.b', " +
        "ncand AS __proto__ FROM objects",
    );
    const [{ _id: _, ...columns }] = await selected(version.pipeline!) as [Document];
    assertEquals(Object.entries(columns), [
      ["candid", 1],
      ["objectId", "ZTF18aaaaaa1"],
      ["candid_2", 3],
      ["objectId_2", 3],
      ["_id_2", 3],
      ["x", 3],
      ["x_2", 1],
      ["a_b", 3],
      ["__proto___2", 3],
    ]);
  });

  it("is not whole where a text is computed with, or compared with a number", () => {
    for (
      const condition of [
        "ncand + '1' > 0",
        "objectId + 1 > 0",
        "-objectId < 0",
        "ABS(ssnamenr) > 0",
        "objectId > 5",
        "ncand = 'many'",
        "ncand IN (1, 'many')",
        "'a'",
        "objectId OR ncand > 1",
      ]
    ) {
      const { imported, version } = importOf(where(condition));
      assertEquals(isWhole(imported), false, condition);
      assert(version.untranslated[0]!.why.startsWith("a text "), condition);
    }
  });

  it("is not whole where groups are selected", () => {
    const { imported, version } = importOf(`${where("ncand > 1")} GROUP BY x HAVING ncand > 2`);
    assertEquals(isWhole(imported), false);
    assertEquals(version.untranslated.map(({ place }) => place), ["HAVING"]);
  });

  it("tells what it leaves out, since a filter sees one alert at a time", () => {
    const { version } = importOf(`${where("ncand > 1")} ORDER BY jdmax DESC LIMIT 10;`);
    assert(version.notes.some((note) => note.endsWith("ORDER BY jdmax DESC LIMIT 10")));
    assertEquals(version.untranslated, []);
  });

  it("tells what has no counterpart, and where it stood", () => {
    const { imported, version } = importOf(
      "SELECT objects.objectId, objects.nosuch FROM objects, watchlist:42 " +
        "WHERE objects.ncand > 1 AND sherlock_classifications.classification = 'SN' AND FOO(1) > 0",
    );
    assertEquals(isWhole(imported), false);
    assertEquals(version.untranslated.map(({ place, what }) => [place, what]), [
      ["FROM", "watchlist:42"],
      ["WHERE", "sherlock_classifications.classification"],
      ["WHERE", "FOO(...)"],
      ["SELECT", "objects.nosuch"],
    ]);
    // What could be translated is there.
    assert(JSON.stringify(version.pipeline).includes("ncand"));
  });

  it("is refused as a whole where it is no SQL that is understood, and says where", () => {
    const refusals: [string, string][] = [
      ["", "SELECT must be at character 0"],
      ["SELECT", "a value must be at character 6"],
      ["DROP TABLE objects", "SELECT must be at character 0"],
      [where("ncand >"), "a value must be at"],
      [where("(ncand > 1"), ") must be at"],
      [where("ncand > 1 nonsense"), "the end must be at"],
      [where("ncand > 'abc"), "Cannot read the SQL at character"],
      [where("ncand > 1; DROP TABLE objects"), "Cannot read the SQL"],
      [where("(".repeat(500) + "1" + ")".repeat(500)), "its depth must be <= 20"],
      [where(`1${"+1".repeat(20_000)} > 0`), "terms of a sum must be <= 50"],
      [where("ncand > 1" + " ".repeat(200_000)), "its length must be <= 100000"],
    ];
    for (const [sql, why] of refusals) {
      const { version } = importOf(sql);
      assertEquals(version.pipeline, null, sql.slice(0, 80));
      assert(version.untranslated[0]!.why.includes(why), version.untranslated[0]!.why);
    }
  });

  it("is no larger than what was written, however it nests", () => {
    const nested = ["SQRT(", "1 / (", "GREATEST(1, ", "POW(2, ", "ACOS(", "1 % ("];
    for (const open of nested) {
      const { version } = importOf(where(`${open.repeat(19)}ncand${")".repeat(19)} > 1`));
      assertEquals(version.untranslated, []);
      assert(JSON.stringify(version.pipeline).length < 10_000, open);
    }
    const values = Array.from({ length: 101 }, (_, i) => `ncand + ${i}`).join();
    const { version } = importOf(where(`ncand IN (${values})`));
    assertEquals(version.untranslated.map(({ what }) => what), ["IN (...)"]);
  });

  it("ends in a report, whatever the text is", () => {
    const word = fc.constantFrom(
      ..."SELECT FROM WHERE AND OR NOT BETWEEN IN LIKE IS NULL ( ) , . * / + - = < > ! ; : ' \" ` % || &&"
        .split(" "),
      ...[
        "objects.ncand",
        "ramean",
        "1",
        "2.5e3",
        "'text'",
        "ABS(",
        "JDNOW()",
        "$$ROOT",
        "__proto__",
      ],
    );
    fc.assert(fc.property(fc.array(word, { maxLength: 30 }), (words) => {
      const { version } = importOf(where(words.join(" ")));
      assert(version.pipeline !== null || version.untranslated.length > 0);
    }));
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => void importOf(text)));
  });

  it("is read from files as people have them", () => {
    const two =
      "SELECT objectId FROM objects WHERE objectId = 'a;b'; -- one; more\nSELECT ncand FROM objects;";
    assertEquals(lasairFilters(two, "mine").map(({ name }) => name), ["mine 1", "mine 2"]);
    const form = {
      name: "form",
      selected: "objects.objectId",
      tables: "objects",
      conditions: "ncand>1",
    };
    const [read] = lasairFilters(JSON.stringify([form]), "mine");
    assertEquals(read, form);
    assertEquals(importLasair(read!, schema).versions[0]!.untranslated, []);
  });
});
