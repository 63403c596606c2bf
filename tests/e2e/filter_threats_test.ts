/** What people must not get done with filters: each test is named after the threat of `api.md` 16 that it is about. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { readActiveFilters } from "../../core/archive/filters.ts";
import {
  catalog,
  type FilterApi,
  filterMaker,
  guest,
  narrow,
  type Person,
  skyportal,
  startFilterApi,
} from "../support/filter_api.ts";

let filters: FilterApi;
before(async () => void (filters = await startFilterApi()));
after(() => filters[Symbol.asyncDispose]());
const send: FilterApi["send"] = (...args) => filters.send(...args);
const ok: FilterApi["ok"] = (...args) => filters.ok(...args);
const refused: FilterApi["refused"] = (...args) => filters.refused(...args);

const newFilter = filterMaker(1);
const stored = (filter_id: number) =>
  filters.db.collection("filters").find({ filter_id }).toArray();

describe("threat 1: nobody's filters", () => {
  it("are out of reach without a token, and without the permission", async () => {
    const paths = [
      ["POST", "/api/filters"],
      ["PATCH", "/api/filters"],
      ["GET", "/api/filters"],
      ["GET", "/api/filters/1"],
      ["DELETE", "/api/filters/1"],
      ["POST", "/api/filters/1/test"],
    ] as const;
    for (const [method, path] of paths) {
      const stranger = await fetch(`${filters.api.edge.url}${path}`, { method });
      assertEquals(stranger.status, 401, `${method} ${path}`);
      await stranger.body?.cancel();
      const { status, body } = await send(method, path, undefined, guest);
      assertEquals([status, body.status], [403, "error"], `${method} ${path}`);
    }
  });
});

describe("threat 10: server-side JavaScript in a filter", () => {
  it("doesn't pass, wherever it stands", async () => {
    const code = { $function: { body: "function() { return 1 }", args: [], lang: "js" } };
    for (
      const stage of [
        { $match: { $where: "sleep(1000)" } },
        { $match: { $expr: { $gt: [code, 0] } } },
        { $project: { x: code } },
        { $group: { _id: 1, x: { $accumulator: { init: "function() {}" } } } },
      ]
    ) {
      await refused("isn't allowed: $", "POST", "/api/filters", newFilter({ pipeline: [stage] }));
    }
  });
});

describe("threat 10: a filter that would end the server, which can't be stopped within an expression", () => {
  // Four million numbers: more than a filter may have, and no more than a server can bear.
  const doubled = (start: unknown) => ({
    $reduce: {
      input: { $range: [0, 22] },
      initialValue: start,
      in: { $concatArrays: ["$$value", "$$value"] },
    },
  });
  const bucket = { $bucketAuto: { groupBy: "$x", buckets: 1 } };

  for (
    const [name, pipeline] of Object.entries({
      "of constants": [{ $project: { x: { $size: doubled([1]) } } }],
      "of the alert": [{ $project: { x: { $size: doubled(["$candid"]) } } }],
      "that MongoDB would run": [{ $project: { x: { $size: doubled(["$candid"]) } } }, bucket],
    })
  ) {
    it(`isn't saved, and isn't tried either: ${name}`, async () => {
      const filter = newFilter({ pipeline });
      await refused("the pipeline is too expensive", "POST", "/api/filters", filter);
      assertEquals(await stored(filter.filter_id), []);
      const saved = newFilter();
      await ok("POST", "/api/filters", saved);
      await refused("the pipeline is too expensive", "PATCH", "/api/filters", {
        filter_id: saved.filter_id,
        autosave: { active: true, pipeline },
      });
    });
  }
});

describe("threat 13: stages that read or write other collections", () => {
  const join = { $lookup: { from: "users", localField: "a", foreignField: "b", as: "c" } };
  const forbidden: Record<string, unknown[]> = {
    "$lookup": [join],
    "$lookup of a later stage": [{ $match: {} }, { $project: { _id: 1 } }, join],
    "$lookup in $facet": [{ $facet: { a: [{ $match: {} }, join] } }],
    "$lookup in $facet in $facet": [{ $facet: { a: [{ $facet: { b: [join] } }] } }],
    "$graphLookup": [{ $graphLookup: { from: "users", startWith: 1, connectFromField: "a" } }],
    "$unionWith": [{ $unionWith: "users" }],
    "$unionWith in $facet": [{ $facet: { a: [{ $unionWith: { coll: "users" } }] } }],
    "$out": [{ $out: "stolen" }],
    "$merge": [{ $merge: { into: "stolen" } }],
    "$merge in $facet": [{ $facet: { a: [{ $merge: { into: "stolen" } }] } }],
    "$collStats": [{ $collStats: {} }],
    "$currentOp": [{ $currentOp: {} }],
    "$documents": [{ $documents: [] }],
  };
  const settingsWith = (name: string, pipeline: unknown) => ({
    autosave: name === "autosave" ? { active: true, pipeline } : true,
    ...name === "auto_followup" && { auto_followup: { active: true, pipeline } },
  });

  for (const [name, pipeline] of Object.entries(forbidden)) {
    it(`are refused in versions, autosave and auto_followup alike, as stages and as text: ${name}`, async () => {
      const filter = newFilter();
      await ok("POST", "/api/filters", filter);
      const { filter_id } = filter;
      for (const form of [pipeline, JSON.stringify(pipeline)]) {
        const message = "pipeline uses forbidden stages: {'$";
        await refused(message, "POST", "/api/filters", newFilter({ pipeline: form }));
        for (const settings of ["autosave", "auto_followup"]) {
          const bad = settingsWith(settings, form);
          await refused(message, "POST", "/api/filters", newFilter(bad));
          await refused(message, "PATCH", "/api/filters", { filter_id, ...bad });
        }
      }
      const names = (await filters.db.listCollections().toArray()).map(({ name }) => name);
      assert(!names.includes("stolen"), String(names));
    });
  }

  it("can't hide beside the name of a stage that passes", async () => {
    const pipeline = [{ $match: {}, $merge: { into: "stolen" } }];
    await refused(
      "a stage must be an object with one key",
      "POST",
      "/api/filters",
      newFilter({ pipeline }),
    );
  });

  it("are not run where they are stored already", async () => {
    const { filter_id } = newFilter();
    const pipeline = JSON.stringify([{ $facet: { a: [join] } }]);
    await filters.db.collection("filters").insertOne({
      filter_id,
      group_id: 1,
      catalog,
      permissions: [1],
      active_fid: "aaaaaa",
      fv: [{ fid: "aaaaaa", pipeline, created_at: new Date() }],
    });
    await refused(
      "failure: pipeline uses forbidden stages: {'$lookup'}",
      "POST",
      `/api/filters/${filter_id}/test`,
      { object_ids: ["ZTF18abca"] },
    );
    const { filters: active, bad } = await readActiveFilters(filters.db, catalog);
    assert(active.length > 0 && !active.some(({ filterId }) => filterId === filter_id));
    assert(bad.some(({ filterId }) => filterId === filter_id), JSON.stringify(bad));
  });
});

describe("threat 14: fields of a filter that aren't its author's to set", () => {
  it("are ignored, so that no other filter is overwritten", async () => {
    const victim = newFilter();
    await ok("POST", "/api/filters", victim);
    const [before] = await stored(victim.filter_id);
    const oid = { $oid: before!._id.toHexString() };
    const attack = newFilter({
      id: oid,
      _id: oid,
      fv: [{ fid: "evil00", pipeline: "[]", created_at: { $date: "2000-01-01T00:00:00Z" } }],
      active_fid: "evil00",
      created_at: { $date: "2000-01-01T00:00:00Z" },
      last_modified: "2000-01-01",
      __proto__: { admin: true },
      $set: { group_id: 9 },
    });
    const { body } = await ok("POST", "/api/filters", attack);
    assertEquals(await stored(victim.filter_id), [before!]);
    const [made] = await stored(attack.filter_id);
    assert(!made!._id.equals(before!._id));
    assertEquals(made!.fv.map(({ fid }: { fid: string }) => fid), [body.data.fid]);
    assertEquals(made!.active_fid, body.data.fid);
    assert(made!.created_at.getTime() > Date.now() - 60_000);
    assertEquals(Object.keys(made!).sort(), Object.keys(before!).sort());
  });

  it("are ignored by PATCH too", async () => {
    const filter = newFilter();
    await ok("POST", "/api/filters", filter);
    const [before] = await stored(filter.filter_id);
    const { filter_id } = filter;
    await ok("PATCH", "/api/filters", {
      filter_id,
      update_annotations: true,
      permissions: [1, 2, 3],
      catalog: "users",
      group_id: 1,
      fv: [],
      "fv.0.pipeline": "[]",
    });
    const [after] = await stored(filter_id);
    const { last_modified: _, update_annotations: __, ...rest } = after!;
    const { last_modified: ___, update_annotations: ____, ...wanted } = before!;
    assertEquals(rest, wanted);
  });
});

describe("threat 6: alerts of a programid that the keeper of filters may not see", () => {
  const permissions = [1, 2];

  it("can't be given to a filter", async () => {
    const { status, body } = await send("POST", "/api/filters", newFilter({ permissions }), narrow);
    assertEquals(status, 403);
    assertEquals(
      body.message,
      "Forbidden: the filter's permissions [1, 2] must be among the user's programids [1]",
    );
  });

  it("can't be had through a filter that sees them: nobody else's version, switch or removal", async () => {
    const filter = newFilter({
      permissions,
      pipeline: [{ $project: { candid: 1, candidate: 1 } }],
    });
    const { filter_id } = filter;
    await ok("POST", "/api/filters", filter, skyportal);
    const attempts: [string, string, unknown][] = [
      ["POST", "/api/filters", { ...filter, permissions: [1] }],
      ["PATCH", "/api/filters", { filter_id, active: false }],
      ["DELETE", `/api/filters/${filter_id}`, undefined],
    ];
    for (const [method, path, body] of attempts) {
      assertEquals((await send(method, path, body, narrow)).status, 403, method);
    }
    const trial = { object_ids: ["ZTF18abca", "ZTF18abcb"] };
    const seen = async (person: Person) =>
      (await ok("POST", `/api/filters/${filter_id}/test`, trial, person)).body.data
        .map(({ candidate }: { candidate: { programid: number } }) => candidate.programid).sort();
    assertEquals(await seen(skyportal), [1, 1, 1, 1, 1, 2]);
    assertEquals(await seen(narrow), [1, 1, 1, 1, 1]);
  });
});

describe("threat 25: filters that run at once", () => {
  it("never see each other's permissions, objects or times", async () => {
    const all = newFilter({ permissions: [1, 2], pipeline: [{ $project: { candid: 1 } }] });
    const few = newFilter({ permissions: [2], pipeline: [{ $project: { candid: 1 } }] });
    await ok("POST", "/api/filters", all);
    await ok("POST", "/api/filters", few);
    const count = async (filter_id: number, trial: unknown) =>
      (await ok("POST", `/api/filters/${filter_id}/test`, trial)).body.data.length;
    const runs = Array.from({ length: 30 }, (_, i) => [
      count(all.filter_id, { object_ids: ["ZTF18abca"] }),
      count(all.filter_id, { object_ids: ["ZTF18abcb"] }),
      count(few.filter_id, { object_ids: ["ZTF18abca", "ZTF18abcb"] }),
      count(few.filter_id, { object_ids: ["ZTF18abca"] }),
      // Dry runs in between, with permissions of their own.
      ok("POST", "/api/filters", newFilter({ permissions: i % 2 ? [3] : [1] })).then(() => "saved"),
    ]);
    for (const run of runs) assertEquals(await Promise.all(run), [3, 3, 1, 0, "saved"]);
  });
});

describe("threat 29: two filters of one id", () => {
  it("are never made, though many ask at once", async () => {
    const filter_id = newFilter().filter_id;
    const replies = await Promise.all(
      Array.from(
        { length: 8 },
        (_, i) => send("POST", "/api/filters", { ...newFilter(), filter_id, group_id: 1 + i % 4 }),
      ),
    );
    const [made, ...others] = await stored(filter_id);
    assertEquals(others, []);
    for (const [i, { status, body }] of replies.entries()) {
      const isGroups = made!.group_id === 1 + i % 4;
      assertEquals(status, isGroups ? 200 : 409, JSON.stringify(body));
      if (!isGroups) assertEquals(body.status, "error");
    }
  });

  it("are refused by the archive itself", async () => {
    const indexes = await filters.db.collection("filters").indexes();
    assert(indexes.some(({ key, unique }) => key.filter_id === 1 && unique === true));
  });
});

describe("hostile bodies", () => {
  it("are refused, and never end in a fault of ours", async () => {
    const { filter_id } = newFilter();
    await ok("POST", "/api/filters", { ...newFilter(), filter_id });
    const deep = `${'{"a":'.repeat(99)}1${"}".repeat(99)}`;
    const payloads = [
      '{"\\u0000": 1}',
      '{"__proto__": {"a": 1}}',
      '{"constructor": {"a": 1}}',
      `{"a": "${"x".repeat(1000)}\\ud800"}`,
      deep.slice(5, -1),
    ];
    for (const payload of payloads) {
      const { status, text } = await send(
        "PATCH",
        "/api/filters",
        `{"filter_id": ${filter_id}, "autosave": true, "auto_followup": {"payload": ${payload}}}`,
      );
      assert([200, 400].includes(status), text);
      const get = await ok("GET", `/api/filters/${filter_id}`);
      assertEquals(get.body.data.filter_id, filter_id);
    }
    const pipelines = [
      '[{"$match": {"\\u0000": 1}}]',
      '[{"$match": {"": 1}}]',
      '[{"__proto__": {}}]',
      `[${'{"$match": {}},'.repeat(300)}{"$match": {}}]`,
      '[{"$match": {"a": {"$date": "never"}}}]',
      '[{"$match": {"a": {"$regex": "("}}}]',
      "[1]",
      "[[]]",
      "[{}]",
    ];
    for (const pipeline of pipelines) {
      for (const form of [pipeline, JSON.stringify(pipeline)]) {
        const { status, text } = await send(
          "POST",
          "/api/filters",
          `{"filter_id": ${newFilter().filter_id}, "group_id": 1, "catalog": "${catalog}", "pipeline": ${form}}`,
        );
        assert(status === 400 || (status === 200 && pipeline.includes('{"": 1}')), text);
      }
    }
    assertEquals(filters.api.errors, []);
  });
});
