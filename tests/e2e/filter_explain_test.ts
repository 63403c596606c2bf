/** How a filter runs, what is odd about it, and how it compares with another: through the whole chain. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import assertNode from "node:assert/strict";
import { assertEquals } from "@std/assert";
import {
  CANDID,
  catalog,
  type FilterApi,
  filterMaker,
  guest,
  savedFilter,
  startFilterApi,
} from "../support/filter_api.ts";

let filters: FilterApi;
before(async () => void (filters = await startFilterApi()));
after(() => filters[Symbol.asyncDispose]());

const make = filterMaker(101);
const saved = (pipeline: unknown) =>
  savedFilter(filters, make({ permissions: [1, 2, 3], pipeline }));

describe("how a filter runs", () => {
  it("is told of one that is compiled", async () => {
    const path = await saved([
      { $match: { "candidate.drb": { $gt: 0.5 }, objectId: { $regex: "^ZTF" } } },
      { $addFields: { past: { $max: "$prv_candidates.jd" } } },
      { $match: { past: { $gt: 3 } } },
    ]);
    const { body: { data } } = await filters.ok("GET", `${path}/explain`);
    assertEquals(data.runs, "in process");
    assertEquals(data.reason, undefined);
    assertEquals(data.reads, ["candidate.drb", "objectId", "prv_candidates.jd"]);
    assertEquals(data.leading, [
      {
        place: "stage 1, $match.candidate.drb.$gt",
        asks: "candidate.drb must be > 0.5",
        indexed: true,
      },
      {
        place: "stage 1, $match.objectId.$regex",
        asks: "objectId must match /^ZTF/",
        indexed: false,
      },
    ]);
    assertEquals(data.findings, []);
  });

  it("is told of one that isn't, with the stage and the reason", async () => {
    const path = await saved([{ $match: {} }, { $fill: { output: { n: { value: 1 } } } }]);
    const { body: { data } } = await filters.ok("GET", `${path}/explain`);
    assertEquals(data.runs, "in MongoDB");
    assertNode.match(
      data.reason,
      /^stage 2, \$fill: the stage \$fill isn't run in process; it runs there for each alert/,
    );
    assertEquals(data.stages.map(({ runs }: { runs: string }) => runs), [
      "in process",
      "in MongoDB",
    ]);
  });

  it("is compared with another version, by its text and on alerts", async () => {
    const path = await saved([{
      $match: { "candidate.drb": { $gt: 0.15 }, objectId: "ZTF18abca" },
    }]);
    const id = Number(path.split("/").at(-1));
    const version = async (pipeline: unknown) =>
      (await filters.ok("POST", "/api/filters", { filter_id: id, group_id: 3, catalog, pipeline }))
        .body.data.fid;
    const same = await version([
      { $match: { objectId: { $in: ["ZTF18abca"] } } },
      { $match: { $and: [{ "candidate.drb": { $gt: 0.15 } }] } },
    ]);
    const other = await version([{ $match: { "candidate.drb": { $gt: 0.35 } } }]);
    const { fv: [{ fid: first }] } = (await filters.ok("GET", path)).body.data;
    const against = async (version: string, fid: string) =>
      (await filters.ok("GET", `${path}/explain?version=${version}&against=${fid}`)).body.data
        .against;
    assertEquals(await against(same, first), { version: first, equivalent: true });
    const found = await against(other, first);
    assertEquals([found.equivalent, found.alerts, found.both, found.neither], [false, 6, 1, 3]);
    assertEquals([found.gained.map(String), found.lost.map(String), found.changed], [
      [String(Number(CANDID + 5n))],
      [String(Number(CANDID + 2n))],
      0,
    ]);
    const nearly = await version([{ $match: { "candidate.drb": { $gt: 0.36 } } }]);
    assertEquals((await against(nearly, other)).equivalent, null);
  });

  it("is compared before it is saved with the version that it would replace", async () => {
    const path = await saved([{ $match: { "candidate.drb": { $gt: 0.15 } } }]);
    const filter_id = Number(path.split("/").at(-1));
    const { active_fid: active } = (await filters.ok("GET", path)).body.data;
    const draft = (pipeline: unknown, more = {}) =>
      ["POST", "/api/filters/explain", { catalog, filter_id, pipeline, ...more }] as const;
    const against = async (pipeline: unknown, more = {}) =>
      (await filters.ok(...draft(pipeline, more))).body.data.against;
    const same = [{ $match: { $and: [{ "candidate.drb": { $gt: 0.15 } }] } }];
    assertEquals(await against(same), { version: active, equivalent: true });
    const stricter = [{ $match: { "candidate.drb": { $gt: 0.35 } } }];
    // As the filter sees alerts, whatever the draft says of itself.
    const found = await against(stricter, { permissions: [1] });
    assertEquals([found.version, found.equivalent], [active, false]);
    assertEquals([found.both, found.neither, found.lost.length], [2, 2, 2]);
    const few = await against(stricter, { against: active, alerts: 2 });
    assertEquals([few.equivalent, few.alerts, few.both], [null, 2, 2]);
    await filters.refused("alerts must be from 1 to", ...draft(same, { alerts: 0 }));
    await filters.refused("Filter version zzz not found", ...draft(same, { against: "zzz" }));
    await filters.refused("Filter id 987654 not found", ...draft(same, { filter_id: 987654 }));
    const noFilter = { filter_id: undefined, against: active };
    await filters.refused("filter_id must say of which filter", ...draft(same, noFilter));
  });

  it("is told of a draft, with all that is odd about it", async () => {
    const pipeline = [
      { $match: { "candidate.drbb": { $gt: 0.5 }, "candidate.isdiffpos": 1 } },
      { $match: { "candidate.magpsf": { $gt: 19, $lt: 18 } } },
      { $project: { objectId: 1, x: { $map: { input: "$prv_candidates", in: "$$this.magpf" } } } },
    ];
    const { body: { data } } = await filters.ok("POST", "/api/filters/explain", {
      catalog,
      pipeline,
    });
    assertEquals(data.findings, [
      {
        level: "warning",
        place: "stage 1, $match.candidate.drbb.$gt",
        message: "there is no field candidate.drbb: did you mean candidate.drb?",
      },
      {
        level: "warning",
        place: "stage 1, $match.candidate.isdiffpos",
        message:
          "candidate.isdiffpos is a string, and is compared with a number: that is never fulfilled",
      },
      {
        level: "error",
        place: "stage 2, $match.candidate.magpsf.$lt",
        message: "nothing can pass, as candidate.magpsf must be < 18 here and must be > 19 by " +
          "stage 2, $match.candidate.magpsf.$gt",
      },
      {
        level: "warning",
        place: "stage 3, $project.x.$map.in",
        message: "there is no field magpf: did you mean magpsf?",
      },
      {
        level: "warning",
        place: "stage 3, $project",
        message: "candid is left out of what passes",
      },
    ]);
  });

  it("is told of what MongoDB refuses, with its place", async () => {
    const pipeline = [
      { $match: {} },
      { $match: { "candidate.drb": { $gt: 0.5, $in: 1 } } },
      { $fill: { output: { n: { value: 1 } } } },
      { $sort: {} },
      { $project: { objectId: 1, candid: 1, x: { $subtract: [1] } } },
    ];
    const { body: { data } } = await filters.ok("POST", "/api/filters/explain", {
      catalog,
      pipeline,
    });
    assertEquals(data.findings, [
      { level: "error", place: "stage 2, $match", message: "$in needs an array" },
      {
        level: "error",
        place: "stage 4, $sort",
        message: "$sort stage must have at least one sort key",
      },
      {
        level: "error",
        place: "stage 5, $project.x.$subtract",
        message: "Expression $subtract takes exactly 2 arguments. 1 were passed in.",
      },
    ]);
  });

  it("is warned of when it is saved, and that isn't stored", async () => {
    const pipeline = [{ $match: { "candidate.drbb": { $gt: 0.5 } } }];
    const filter = make({ pipeline });
    const { body: { data } } = await filters.ok("POST", "/api/filters", filter);
    assertEquals(data.warnings, [{
      level: "warning",
      place: "stage 1, $match.candidate.drbb.$gt",
      message: "there is no field candidate.drbb: did you mean candidate.drb?",
    }]);
    const stored = await filters.db.collection("filters").findOne({ filter_id: filter.filter_id });
    assertEquals(Object.keys(stored!.fv[0]), ["fid", "pipeline", "created_at"]);
    const good = { ...filter, pipeline: [{ $match: { "candidate.drb": { $gt: 0.5 } } }] };
    assertEquals("warnings" in (await filters.ok("POST", "/api/filters", good)).body.data, false);
  });

  it("is warned of when it gives what the version did that it replaces", async () => {
    const drb = { "candidate.drb": { $gt: 0.5 } };
    const filter = make({ pipeline: [{ $match: drb }] });
    const { body: { data: first } } = await filters.ok("POST", "/api/filters", filter);
    const again = { ...filter, pipeline: [{ $match: { $and: [drb] } }] };
    assertEquals((await filters.ok("POST", "/api/filters", again)).body.data.warnings, [{
      level: "warning",
      place: "all stages",
      message: `it gives the same as version ${first.fid}, which it replaces`,
    }]);
  });

  it("replaces one of which nothing may be run any more", async () => {
    const filter = make();
    await filters.ok("POST", "/api/filters", filter);
    await filters.db.collection("filters").updateOne(
      { filter_id: filter.filter_id },
      { $set: { "fv.0.pipeline": '[{"$out": "users"}]' } },
    );
    const pipeline = [{ $match: { "candidate.drb": { $gt: 0.6 } } }];
    const { body: { data } } = await filters.ok("POST", "/api/filters", { ...filter, pipeline });
    assertEquals(data.warnings, undefined);
  });

  it("has a schema that anybody may read who reads alerts", async () => {
    const path = `/api/filters/schema/${catalog}`;
    const { body: { data } } = await filters.ok("GET", path, undefined, guest);
    const of = (path: string) => data.fields.find((field: { path: string }) => field.path === path);
    assertEquals([of("candidate.magpsf").type, of("candidate.magpsf").unit], ["double", "mag"]);
    assertEquals(of("fp_hists.snr").optional, true);
    await filters.refused("its catalog must be one of", "GET", "/api/filters/schema/users");
  });
});
