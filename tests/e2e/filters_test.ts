/** Filters through the whole chain: each row of what the original's own tests expect, and what else is kept. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import {
  catalog,
  type FilterApi,
  filterMaker,
  followupMaker,
  skyportal,
  startFilterApi,
} from "../support/filter_api.ts";

let filters: FilterApi;
before(async () => void (filters = await startFilterApi()));
after(() => filters[Symbol.asyncDispose]());
const send: FilterApi["send"] = (...args) => filters.send(...args);
const ok: FilterApi["ok"] = (...args) => filters.ok(...args);
const refused: FilterApi["refused"] = (...args) => filters.refused(...args);

const PIPELINE = [
  {
    $match: {
      "candidate.drb": { $gt: 0.9999 },
      "cross_matches.CLU_20190625.0": { $exists: false },
    },
  },
  { $project: { _id: 0, candid: 1, objectId: 1 } },
];
/** What Python's `json.dumps` makes of it. */
const TEXT =
  '[{"$match": {"candidate.drb": {"$gt": 0.9999}, "cross_matches.CLU_20190625.0": {"$exists": false}}}, ' +
  '{"$project": {"_id": 0, "candid": 1, "objectId": 1}}]';

const makeFilter = filterMaker(1);
const newFilter = (more: Record<string, unknown> = {}) =>
  makeFilter({ permissions: [1, 2], pipeline: PIPELINE, ...more });
const followup = followupMaker(PIPELINE);

describe("test_filters", () => {
  const filter = { ...newFilter(), filter_id: 700 };
  const patch = (changes: unknown) =>
    ok("PATCH", "/api/filters", { filter_id: 700, ...changes as object });
  const get = async () => (await ok("GET", "/api/filters/700")).body.data;
  let fid1: string;
  let fid2: string;

  it("POST gives fid1", async () => {
    const { body } = await ok("POST", "/api/filters", filter);
    fid1 = body.data.fid;
    assert(/^[a-z0-9]{6}$/.test(fid1), fid1);
    assertEquals(
      body.message,
      `pipeline test for filter id 700 successful\nsaved new filter version: ${fid1}`,
    );
    assertEquals(Object.keys(body.data), ["fid", "pipeline", "created_at"]);
    assertEquals(body.data.pipeline, TEXT);
  });

  it("GET shows it active, autosave exactly false, auto_followup {}", async () => {
    const { body } = await ok("GET", "/api/filters/700");
    assertEquals(body.message, "Retrieved filter id 700");
    const { created_at, last_modified, _id, fv, ...rest } = body.data;
    assertEquals(rest, {
      filter_id: 700,
      group_id: 3,
      catalog,
      permissions: [1, 2],
      active: true,
      autosave: false,
      auto_followup: {},
      update_annotations: false,
      active_fid: fid1,
    });
    assertEquals(fv.map(({ fid }: { fid: string }) => fid), [fid1]);
    assertEquals(Object.keys(body.data).slice(-4), ["fv", "created_at", "last_modified", "_id"]);
    assert(created_at.$date && last_modified.$date && _id.$oid);
  });

  it("POST again, the same body, gives fid2 != fid1, which becomes active", async () => {
    fid2 = (await ok("POST", "/api/filters", filter)).body.data.fid;
    assert(fid2 !== fid1);
    const { active_fid, fv } = await get();
    assertEquals(active_fid, fid2);
    assertEquals(fv.map(({ fid }: { fid: string }) => fid), [fid1, fid2]);
  });

  it("PATCH active_fid", async () => {
    const { body } = await patch({ active_fid: fid1 });
    assertEquals(body.message, "Updated filter id 700");
    assertEquals(body.data.active_fid, fid1);
    assertEquals(Object.keys(body.data).at(-1), "_id");
  });

  it("PATCH autosave: true, then an object, which comes back as it was sent", async () => {
    assertEquals((await patch({ autosave: true })).body.data.autosave, true);
    const autosave = {
      active: true,
      comment: "saved by a test",
      pipeline: '[{"$match":{"candidate.drb":{"$gt":0.5}}}]',
      ignore_group_ids: [1, 2],
    };
    assertEquals((await patch({ autosave })).body.data.autosave, autosave);
    assertEquals((await get()).autosave, autosave);
  });

  it("PATCH auto_followup comes back with its pipeline as text", async () => {
    const sent = { ...followup(1, "desc"), radius: 0.5, validity_days: 7 };
    const { text, body } = await patch({ auto_followup: sent });
    assertEquals(body.data.auto_followup, { ...sent, pipeline: TEXT });
    assert(text.includes('"allocation_id": 1, '), text);
  });

  it("POST with the same allocation and the other order is refused", async () => {
    for (const id of [700, 701]) {
      await refused(
        "Cannot add new filter with auto_followup: existing filters with the same allocation have " +
          "priority_order set to a different value, which is unexpected",
        "POST",
        "/api/filters",
        { ...filter, filter_id: id, autosave: true, auto_followup: followup(1, "asc") },
      );
    }
    await refused("Filter id 701 not found", "GET", "/api/filters/701");
  });

  it("PATCH update_annotations and active are reflected", async () => {
    await patch({ update_annotations: true });
    await patch({ active: false });
    const { update_annotations, active } = await get();
    assertEquals([update_annotations, active], [true, false]);
  });

  it("DELETE", async () => {
    const { body } = await ok("DELETE", "/api/filters/700");
    assertEquals(body.message, "Removed filter id 700");
    await refused("Filter id 700 not found", "GET", "/api/filters/700");
  });

  it("POST a new filter that has autosave and auto_followup already, pipelines as text", async () => {
    const autosave = { active: true, comment: "c", pipeline: TEXT };
    const auto_followup = { ...followup("7", "asc"), pipeline: TEXT };
    await ok("POST", "/api/filters", { ...filter, autosave, auto_followup });
    const stored = await get();
    assertEquals(stored.autosave, autosave);
    assertEquals(stored.auto_followup, { ...auto_followup, allocation_id: 7 });
    await ok("DELETE", "/api/filters/700");
  });
});

describe("other rows of the original's tests", () => {
  it("invalid_pipeline_stage", async () => {
    await refused("$matc", "POST", "/api/filters", newFilter({ pipeline: [{ $matc: {} }] }));
  });

  it("forbidden_pipeline_stage", async () => {
    const lookup = { from: "x", localField: "a", foreignField: "b", as: "c" };
    await refused(
      "pipeline uses forbidden stages: {'$lookup'}",
      "POST",
      "/api/filters",
      newFilter({ pipeline: [{ $lookup: lookup }] }),
    );
  });

  it("set_nonexistent_active_fid", async () => {
    const filter = newFilter();
    const { filter_id } = filter;
    await ok("POST", "/api/filters", filter);
    const { body } = await refused(
      "filter version fid not in filter",
      "PATCH",
      "/api/filters",
      { filter_id, active_fid: "somerandomfid" },
    );
    assertEquals(
      body.message,
      "ValueError: Cannot set active_fid to somerandomfid: filter version fid not in filter.fv",
    );
    await ok("DELETE", `/api/filters/${filter_id}`);
  });

  it("patch_remove_nonexistent", async () => {
    await refused("Filter id 9999 not found", "PATCH", "/api/filters", {
      filter_id: 9999,
      active: true,
    });
    await refused("Filter id 9999 not found", "DELETE", "/api/filters/9999");
  });
});

describe("POST /api/filters", () => {
  it("keeps a pipeline that is a text as it is, and every number of one that isn't", async () => {
    const text =
      ' [ {"$match":{"candid":2475433850015015001,"when":{"$gt":{"$date":"2024-01-01T00:00:00Z"}}}} ]\n';
    const { body } = await ok("POST", "/api/filters", newFilter({ pipeline: text }));
    assertEquals(body.data.pipeline, text);
    const { filter_id, group_id } = newFilter();
    const sent = await ok(
      "POST",
      "/api/filters",
      `{"filter_id": ${filter_id}, "group_id": ${group_id}, "catalog": "${catalog}", "pipeline":` +
        '[{"$match":{"candid":2475433850015015001,"a":1,"b":1.0,"c":1e3,"d":0.10,"é":null}}]}',
    );
    assertEquals(
      sent.body.data.pipeline,
      '[{"$match": {"candid": 2475433850015015001, "a": 1, "b": 1.0, "c": 1000.0, "d": 0.1, ' +
        '"\\u00e9": null}}]',
    );
    const { text: whole } = await ok("GET", `/api/filters/${filter_id}`);
    assert(whole.includes('\\"c\\": 1000.0'), whole);
  });

  it("stores nothing but the version for a filter that exists", async () => {
    const filter = newFilter({ update_annotations: true });
    await ok("POST", "/api/filters", filter);
    const before = (await ok("GET", `/api/filters/${filter.filter_id}`)).body.data;
    await ok("POST", "/api/filters", {
      ...filter,
      pipeline: '[{"$match": {}}]',
      permissions: [1],
      active: false,
      autosave: true,
      update_annotations: false,
    });
    const after = (await ok("GET", `/api/filters/${filter.filter_id}`)).body.data;
    assertEquals(after.fv.length, 2);
    assert(after.last_modified.$date > before.last_modified.$date);
    const { fv: _, active_fid: __, last_modified: ___, ...kept } = before;
    for (const [key, value] of Object.entries(kept)) assertEquals(after[key], value, key);
  });

  it("needs stages", async () => {
    for (const pipeline of [undefined, null, [], "", "[]", "null", "[{"]) {
      await refused(
        "pipeline must contain at least one stage",
        "POST",
        "/api/filters",
        newFilter({ pipeline }),
      );
    }
    await refused(
      "must be a list of stages",
      "POST",
      "/api/filters",
      newFilter({ pipeline: "{}" }),
    );
  });

  it("tells what MongoDB says of a pipeline, bare", async () => {
    const { body } = await refused(
      "divide",
      "POST",
      "/api/filters",
      newFilter({ pipeline: [{ $project: { x: { $divide: ["$candidate.programid", 0] } } }] }),
    );
    assert(!body.message.includes("OperationFailure"), body.message);
  });

  it("takes no catalog that no survey has", async () => {
    for (const unknown of ["NO_alerts", "users", "ZTF_alerts_aux", ""]) {
      await refused(
        "catalog must be one of ZTF_alerts",
        "POST",
        "/api/filters",
        newFilter({ catalog: unknown }),
      );
    }
  });

  it("tells of fields that are missing or of another type", async () => {
    const wrong = { filter_id: 0, group_id: "x", catalog: 1, permissions: ["1"], active: "yes" };
    for (const [key, value] of Object.entries(wrong)) {
      await refused("ValidationError", "POST", "/api/filters", { ...newFilter(), [key]: value });
    }
    for (const body of ["", "[]", "7", "null", "{}"]) {
      await refused("ValidationError", "POST", "/api/filters", body);
    }
    await refused("JSONDecodeError", "POST", "/api/filters", "{");
  });
});

describe("PATCH /api/filters", () => {
  const filter = newFilter();
  const { filter_id } = filter;
  const patch = (changes: Record<string, unknown>) =>
    ok("PATCH", "/api/filters", { filter_id, ...changes });
  const refusedPatch = (message: string, changes: Record<string, unknown>) =>
    refused(message, "PATCH", "/api/filters", { filter_id, ...changes });
  before(() => ok("POST", "/api/filters", filter));

  it("needs a number for the id, and takes 7.0 for 7", async () => {
    for (const id of [`"${filter_id}"`, "null", "1.5", "[]", '{"a": 1}', "NaN", "1e30", "-1"]) {
      await refused("not found", "PATCH", "/api/filters", `{"filter_id": ${id}, "active": true}`);
    }
    await refused("not found", "PATCH", "/api/filters", { active: true });
    await ok("PATCH", "/api/filters", `{"filter_id": ${filter_id}.0, "active": true}`);
  });

  it("ignores null and every other key, and then changes nothing", async () => {
    const before = (await ok("GET", `/api/filters/${filter_id}`)).text;
    await patch({
      active: null,
      autosave: null,
      catalog: "x",
      permissions: [3],
      fv: [],
      group_id: 9,
    });
    assertEquals((await ok("GET", `/api/filters/${filter_id}`)).text, before);
  });

  it("replaces objects, and touches last_modified", async () => {
    const before = (await patch({ autosave: { active: true, comment: "a" } })).body.data;
    const after = (await patch({ autosave: { active: false } })).body.data;
    assertEquals(after.autosave, { active: false });
    assert(after.last_modified.$date > before.last_modified.$date);
  });

  it("refuses other types", async () => {
    await refusedPatch(`Cannot update filter id ${filter_id} as active must be a boolean`, {
      active: "no",
    });
    await refusedPatch("update_annotations must be a boolean", { update_annotations: 1 });
    await refusedPatch("autosave must be a boolean or an object", { autosave: [] });
    await refusedPatch("auto_followup must be an object", { auto_followup: true });
    await refusedPatch("active_fid must be text", { active_fid: 1 });
    await refusedPatch(`Cannot update filter id ${filter_id}: autosave contains invalid keys`, {
      autosave: { a: 1 },
    });
    await refusedPatch(`Cannot update filter id ${filter_id}: autosave pipeline is invalid: `, {
      autosave: { active: true, pipeline: [{ $match: { $nope: 1 } }] },
    });
    await refused("ValidationError", "PATCH", "/api/filters", "[]");
  });
});

describe("GET /api/filters", () => {
  it("lists filters without the pipelines of their versions", async () => {
    const filter = newFilter({ group_id: 77 });
    await ok("POST", "/api/filters", filter);
    const { body } = await ok("GET", `/api/filters?catalog=${catalog}&group_id=77`);
    assertEquals(body.message, "Retrieved 1 filters");
    assertEquals(body.data[0].filter_id, filter.filter_id);
    assertEquals(Object.keys(body.data[0].fv[0]), ["fid", "created_at"]);
    assert((await ok("GET", "/api/filters")).body.data.length > 1);
    assertEquals((await ok("GET", "/api/filters?catalog=none")).body.data, []);
    await refused("ValidationError", "GET", "/api/filters?group_id=x");
  });
});

describe("a path that isn't a filter's", () => {
  it("is not there, where it has more than digits", async () => {
    for (const id of ["abc", "-1", "1.0", "0x1"]) {
      assertEquals((await send("GET", `/api/filters/${id}`)).status, 404, id);
    }
  });

  it("is no filter, where no id is so large", async () => {
    for (const id of ["0", "99999999999999999999", "9".repeat(300)]) {
      await refused(`Filter id ${id} not found`, "GET", `/api/filters/${id}`);
      await refused(`Filter id ${id} not found`, "DELETE", `/api/filters/${id}`);
    }
  });
});

describe("an empty catalog", () => {
  it("takes a filter with a warning, and no settings with pipelines", async () => {
    await using empty = await startFilterApi({ alerts: false });
    const filter = newFilter();
    const { body } = await empty.ok("POST", "/api/filters", filter, skyportal);
    assertEquals(
      body.message,
      `WARNING: No documents in ZTF_alerts collection, cannot properly test pipeline for filter id ` +
        `${filter.filter_id}\nsaved new filter version: ${body.data.fid}`,
    );
    const autosave = { active: true, pipeline: PIPELINE };
    const message = "Cannot test autosave pipeline: no documents in ZTF_alerts collection";
    await empty.refused(message, "POST", "/api/filters", newFilter({ autosave }));
    await empty.refused(message, "PATCH", "/api/filters", {
      filter_id: filter.filter_id,
      autosave,
    });
  });
});
