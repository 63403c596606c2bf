// What authors are told of a filter before it has seen an alert.
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import ztf from "../../../catalogs/live/ztf.ts";
import { filterInputs } from "../../../tests/support/filter_inputs.ts";
import { Random } from "../../../tests/support/random.ts";
import { randomPipeline } from "../../../tests/support/random_pipelines.ts";
import { REALISTIC } from "../../../tests/support/realistic_filters.ts";
import { variedFilters } from "../../../tests/support/varied_filters.ts";
import type { Document } from "../../contract/document.ts";
import { isObject } from "../engine/values.ts";
import { filterSchema } from "../filter_schema.ts";
import { checkFilter } from "./check_filter.ts";

const schema = filterSchema(ztf, {
  catalogs: [{ catalog: "Gaia_EDR3", projection: { parallax: 1 } }] as never,
  models: ["braai"],
})!;
const IDS = { $project: { objectId: 1, candid: 1 } };
const found = (pipeline: readonly Document[]) =>
  checkFilter(pipeline, schema).findings.map(({ level, place, message }) =>
    `${level} ${place}: ${message}`
  );

describe("checkFilter()", () => {
  const CASES: [string, Document[], string[]][] = [
    ["nothing of a filter that is well", [
      { $match: { "candidate.drb": { $gt: 0.5 }, "candidate.programid": { $in: [1, 2] } } },
      { $addFields: { peak: { $min: "$prv_candidates.magpsf" } } },
      { $match: { peak: { $lt: 18 } } },
      IDS,
    ], []],
    ["a field that is written wrongly", [{ $match: { "candidate.magpfs": { $lt: 18 } } }], [
      "warning stage 1, $match.candidate.magpfs.$lt: there is no field candidate.magpfs: did you " +
      "mean candidate.magpsf?",
    ]],
    ["a field that stands elsewhere", [{ $match: { drb: { $gt: 0.5 } } }], [
      "warning stage 1, $match.drb.$gt: there is no field drb: did you mean candidate.drb?",
    ]],
    ["a field within a loop", [{
      $project: {
        objectId: 1,
        candid: 1,
        x: { $map: { input: "$fp_hists", as: "p", in: "$$p.forcediffimflx" } },
      },
    }], [
      "warning stage 2, $project.x.$map.in".replace("2", "1") +
      ": there is no field forcediffimflx: did you mean forcediffimflux?",
    ]],
    ["a match of a catalog", [
      { $match: { "cross_matches.Gaia_EDR3.paralax": { $gt: 1 } } },
    ], [
      "warning stage 1, $match.cross_matches.Gaia_EDR3.paralax.$gt: there is no field " +
      "cross_matches.Gaia_EDR3.paralax: did you mean cross_matches.Gaia_EDR3.parallax?",
    ]],
    ["a field that an earlier stage leaves out", [
      { $project: { objectId: 1, candid: 1 } },
      { $match: { "candidate.drb": { $gt: 0.5 } } },
    ], [
      "warning stage 2, $match.candidate.drb.$gt: there is no field candidate.drb any more: stage " +
      "1 leaves it out",
    ]],
    ["types that never meet", [{ $match: { "candidate.isdiffpos": 1 } }], [
      "warning stage 1, $match.candidate.isdiffpos: candidate.isdiffpos is a string, and is " +
      "compared with a number: that is never fulfilled",
    ]],
    ["conditions that exclude each other", [
      { $match: { "candidate.fid": 1 } },
      { $match: { "candidate.fid": { $gt: 1 } } },
    ], [
      "error stage 2, $match.candidate.fid.$gt: nothing can pass, as candidate.fid must be > 1 " +
      "here and must be 1 by stage 1, $match.candidate.fid",
    ]],
    ["one way of several that leads nowhere", [
      { $match: { "candidate.fid": 1 } },
      { $match: { $or: [{ "candidate.fid": 2 }, { "candidate.drb": { $gt: 0.5 } }] } },
    ], [
      "warning stage 2, $match.$or.0.candidate.fid: nothing can pass this way, as candidate.fid " +
      "must be 2 here and must be 1 by stage 1",
    ]],
    ["nothing of conditions on a field that was computed anew between them", [
      { $match: { "candidate.fid": 1 } },
      { $addFields: { "candidate.fid": 2 } },
      { $match: { "candidate.fid": { $gt: 1 } } },
    ], []],
    ["nothing of conditions on different points of a light curve", [
      { $match: { "prv_candidates.fid": 1 } },
      { $match: { "prv_candidates.fid": { $gt: 1 } } },
    ], []],
    ["ids that don't come out", [{ $project: { objectId: 1 } }], [
      "warning stage 1, $project: candid is left out of what passes",
    ]],
    ["what no server would run", [{ $project: { candid: 1, objectId: 1, x: { $ad: [1, 2] } } }], [
      "error stage 1, $project",
    ]],
  ];
  for (const [what, pipeline, findings] of CASES) {
    it(`tells ${what}`, () => {
      const told = found(pipeline);
      assertEquals(told.length, findings.length, told.join("\n"));
      findings.forEach((finding, i) => assert(told[i]!.startsWith(finding), told[i]));
    });
  }

  it("has nothing to say of fields and types of filters as groups have them", () => {
    for (const [name, pipeline] of Object.entries(REALISTIC)) {
      const told = found(pipeline).filter((text) => !text.includes("is left out of what passes"));
      assertEquals(told.filter((text) => text.startsWith("error")), [], name);
    }
    for (const { pipeline } of variedFilters(100)) {
      assertEquals(found(pipeline).filter((text) => text.startsWith("error")), []);
    }
  });

  it("knows every field that real alerts show filters", () => {
    const known = new Set(schema.fields.map(({ path }) => path));
    const unknown = new Set<string>();
    function visit(value: unknown, path: string): void {
      if (Array.isArray(value)) value.forEach((item) => visit(item, path));
      else if (isObject(value) && Object.getPrototypeOf(value) === Object.prototype) {
        for (const [name, inner] of Object.entries(value)) {
          visit(inner, path === "" ? name : `${path}.${name}`);
        }
      } else if (!known.has(path)) unknown.add(path);
    }
    for (const input of filterInputs({ simulated: 20 })) visit(input, "");
    const own = [...unknown].filter((path) => !/^(classifications|cross_matches)\b/.test(path));
    assertEquals(own, []);
  });

  it("says which fields of the alert are read", () => {
    const { reads } = checkFilter([
      { $match: { "candidate.drb": { $gt: 0.5 } } },
      { $project: { objectId: 1, candid: 1, n: { $size: "$prv_candidates" } } },
    ], schema);
    assertEquals(reads, ["candid", "candidate.drb", "objectId", "prv_candidates"]);
    assertEquals(checkFilter([{ $replaceWith: "$$ROOT" }], schema).reads, null);
  });

  it("ends, whatever the pipeline is", () => {
    const random = new Random(3);
    for (let i = 0; i < 300; i++) checkFilter(randomPipeline(random), schema);
    checkFilter([{ $facet: { a: [{}] } }], schema);
    fc.assert(fc.property(
      fc.constantFrom("$match", "$project", "$addFields", "$group", "$unwind", "$facet", "$x"),
      fc.anything(),
      (name, specification) => void checkFilter([{ [name]: specification }], schema),
    ));
  });

  it("doesn't look into what is too long to be written by hand", () => {
    const many = Array.from({ length: 6_000 }, (_, i) => i);
    const [only] = found([{ $match: { "candidate.field": { $in: many } } }]);
    assert(only!.includes("too many to be checked"), only);
  });
});
