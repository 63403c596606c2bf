// A filter of BOOM, on our alerts: its names are ours, what BOOM computes is computed, the rest is told.
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import ztf from "../../../catalogs/live/ztf.ts";
import { filterInputs } from "../../../tests/support/filter_inputs.ts";
import { filterOf } from "../../../tests/support/filters.ts";
import { type TestDatabase, testDatabase } from "../../../tests/support/mongo.ts";
import type { Document } from "../../contract/document.ts";
import { FilterPlan } from "../engine/plan/filter_plan.ts";
import { filterSchema } from "../filter_schema.ts";
import { importBoom } from "./boom.ts";
import { boomDocuments } from "./files.ts";
import { importText, isWhole } from "./report.ts";

const schema = filterSchema(ztf, {
  catalogs: ["Gaia_EDR3", "NED_BetaV3"].map((catalog) => ({
    catalog,
    projection: { parallax: 1, z: 1 },
  })) as never,
  models: ["braai", "bts"],
})!;
const versionOf = (pipeline: unknown) => {
  const filter = importBoom(
    { id: "f1", survey: "ZTF", permissions: { ZTF: [1, 2] }, pipeline },
    schema,
  );
  return { filter, version: filter.versions[0]! };
};

describe("a filter of BOOM", () => {
  let database: TestDatabase;
  beforeAll(async () => void (database = await testDatabase()));
  afterAll(() => database[Symbol.asyncDispose]());

  const POINT = { jd: 2_460_000.5, fid: 1, isdiffpos: "t", magpsf: 20, sigmapsf: 0.1, drb: 0.9 };
  const ALERT: Document = {
    candid: 1,
    objectId: "ZTF18aaaaaa1",
    candidate: POINT,
    classifications: { bts: 0.75 },
    cross_matches: { Gaia_EDR3: [{ parallax: 3 }] },
    prv_candidates: [
      { jd: 2_460_000.25, fid: 2, isdiffpos: "f", magpsf: 19.5, sigmapsf: 0.05 },
      { jd: 2_460_000, fid: 3, diffmaglim: 20.5 },
      { jd: 2_460_001, fid: 1, isdiffpos: "t", magpsf: 18, sigmapsf: 0.05 },
    ],
  };

  async function made(pipeline: readonly Document[]): Promise<Document> {
    const plan = new FilterPlan([filterOf([...pipeline])]);
    assertEquals([...plan.uncompiled.values()], []);
    const here = plan.run(ALERT).passes.map(({ data }) => data);
    const there = await database.client.db(database.name)
      .aggregate([{ $documents: [ALERT] }, ...pipeline]).toArray();
    assertEquals(there.length, 1);
    assertEquals(JSON.parse(JSON.stringify(here)), JSON.parse(JSON.stringify(there)));
    return there[0]!;
  }

  it("has our names in place of its own", async () => {
    const { filter, version } = versionOf(JSON.stringify([
      { $match: { "candidate.drb": { $gt: 0.5 }, "classifications.btsbot": { $gt: 0.7 } } },
      { $project: { _id: 1, parallax: { $max: "$cross_matches.Gaia_DR3.parallax" } } },
    ]));
    assertEquals(version.renamed.map(({ from, to }) => [from, to]), [
      ["classifications.btsbot", "classifications.bts"],
      ["cross_matches.Gaia_DR3.parallax", "cross_matches.Gaia_EDR3.parallax"],
    ]);
    assertEquals([isWhole(filter), filter.permissions, filter.catalog], [
      true,
      [1, 2],
      "ZTF_alerts",
    ]);
    assertEquals((await made(version.pipeline!)).parallax, 3);
  });

  it("has fluxes, bands and signs as BOOM computes them, of detections up to the alert", async () => {
    const { version } = versionOf([
      { $match: { "candidate.psfFlux": { $gt: 0 } } },
      {
        $project: {
          objectId: 1,
          flux: "$candidate.psfFlux",
          bands: { $map: { input: "$prv_candidates", as: "p", in: "$$p.band" } },
          signs: { $map: { input: "$prv_candidates", as: "p", in: "$$p.isdiffpos" } },
          limits: { $size: "$prv_nondetections" },
        },
      },
    ]);
    assertEquals(version.untranslated, []);
    assertEquals(version.computed, ["candidate.psfFlux", "prv_candidates", "prv_nondetections"]);
    const { flux, bands, signs, limits } = await made(version.pipeline!);
    // 1e9 times 10^((23.9 - 20) / 2.5).
    assertAlmostEquals(Number(flux) / 3.630780547701e10, 1, 1e-9);
    assertEquals([bands, signs, limits], [["r", "g"], [false, true], 1]);
  });

  it("leads with its own conditions, so that few alerts are computed for", () => {
    const { version } = versionOf([
      { $match: { "candidate.drb": { $gt: 0.99 } } },
      { $match: { "candidate.psfFlux": { $gt: 0 } } },
    ]);
    assertEquals(version.pipeline!.map((stage) => Object.keys(stage)[0]), [
      "$match",
      "$addFields",
      "$match",
    ]);
  });

  it("tells what there isn't here, at its place in the filter as it was", () => {
    const { filter, version } = versionOf([
      { $match: { "candidate.psfFlux": { $gt: 0 } } },
      { $match: { "properties.photstats.g.peak_mag": { $lt: 18 }, "survey_matches.lsst": null } },
    ]);
    assertEquals(isWhole(filter), false);
    assertEquals(version.untranslated.map(({ place }) => place.split(",")[0]), [
      "stage 2",
      "stage 2",
    ]);
    assert(importText(filter).includes("not translated: stage 2"), importText(filter));
  });

  it("keeps its versions, and which of them is active", () => {
    const filter = importBoom({
      name: "three",
      catalog: "ZTF_alerts",
      permissions: [1],
      active_fid: "b",
      fv: ["a", "b", "c"].map((fid) => ({ fid, pipeline: '[{"$match":{}}]' })),
    }, schema);
    assertEquals(filter.versions.map(({ version, isActive }) => [version, isActive]), [
      ["a", false],
      ["b", true],
      ["c", false],
    ]);
  });

  it("is refused as a whole where it isn't of ZTF, or no pipeline", () => {
    const lsst = importBoom({ id: 1, survey: "LSST", pipeline: [{ $match: {} }] }, schema);
    assertEquals([lsst.catalog, isWhole(lsst), lsst.versions[0]!.pipeline], [null, false, null]);
    assertEquals(versionOf([{ $facet: { a: [{}] } }]).version.isActive, true);
    for (const pipeline of ["", "{", "[]", [], {}, null, [1], [{ a: 1, b: 2 }], '[{"$match":']) {
      const { filter, version } = versionOf(pipeline);
      assertEquals([version.pipeline, isWhole(filter)], [null, false], JSON.stringify(pipeline));
    }
  });

  it("ends in a report, whatever the document is", () => {
    fc.assert(fc.property(fc.object(), (document) => void importBoom(document, schema)));
    fc.assert(fc.property(fc.json(), (text) => void versionOf(text)));
  });

  it("passes of real alerts what it would with our own names", () => {
    const { version } = versionOf([
      { $match: { "candidate.drb": { $gt: 0.5 }, "candidate.magpsf": { $lt: 19.5 } } },
      { $match: { $expr: { $gte: [{ $size: "$prv_candidates" }, 2] } } },
    ]);
    const own = filterOf([
      { $match: { "candidate.drb": { $gt: 0.5 }, "candidate.magpsf": { $lt: 19.5 } } },
      {
        $match: {
          $expr: {
            $gte: [{
              $size: {
                $filter: {
                  input: { $ifNull: ["$prv_candidates", []] },
                  as: "p",
                  cond: {
                    $and: [{ $gt: ["$$p.magpsf", null] }, { $lt: ["$$p.jd", "$candidate.jd"] }],
                  },
                },
              },
            }, 1],
          },
        },
      },
    ], 2);
    const plan = new FilterPlan([filterOf([...version.pipeline!], 1), own]);
    const passes = filterInputs({ simulated: 60 }).map((input) =>
      plan.run(input).passes.map(({ filter }) => filter.filterId)
    );
    assert(passes.some((both) => both.length === 2) && passes.some((none) => none.length === 0));
    assertEquals(passes.filter(({ length }) => length === 1), []);
  });
});

describe("files of BOOM", () => {
  const one = { id: "a", pipeline: [] };
  it("are one filter, a list, an answer of its API, or a filter a line", () => {
    for (
      const [text, count] of [
        [JSON.stringify(one), 1],
        [JSON.stringify([one, one]), 2],
        [JSON.stringify({ message: "ok", data: [one, one] }), 2],
        [JSON.stringify({ message: "ok", data: one }), 1],
        [`${JSON.stringify(one)}\n${JSON.stringify(one)}\n`, 2],
      ] as const
    ) {
      assertEquals(boomDocuments(text).length, count, text);
    }
  });

  it("hold ids and dates as MongoDB exports them", () => {
    const text =
      '{"_id": {"$oid": "64a000000000000000000001"}, "fv": [{"fid": "x", "created_at": {"$date": "2024-01-01T00:00:00Z"}, "pipeline": "[]"}]}';
    assertEquals(importBoom(boomDocuments(text)[0]!, schema).name, "64a000000000000000000001");
  });
});
