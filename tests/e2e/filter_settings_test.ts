/** What a filter's `autosave` and `auto_followup` may be. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import {
  type FilterApi,
  filterMaker,
  followupMaker,
  startFilterApi,
} from "../support/filter_api.ts";

let filters: FilterApi;
before(async () => void (filters = await startFilterApi()));
after(() => filters[Symbol.asyncDispose]());
const ok: FilterApi["ok"] = (...args) => filters.ok(...args);
const refused: FilterApi["refused"] = (...args) => filters.refused(...args);

const PIPELINE = [{ $match: { "candidate.drb": { $gt: 0.9999 } } }];

const makeFilter = filterMaker(1);
const newFilter = (more: Record<string, unknown> = {}) =>
  makeFilter({ permissions: [1, 2], pipeline: PIPELINE, ...more });
const followup = followupMaker(PIPELINE);

describe("POST /api/filters", () => {
  it("checks autosave and auto_followup", async () => {
    const post = (message: string, more: Record<string, unknown>) =>
      refused(message, "POST", "/api/filters", newFilter(more));
    await post("Cannot setup auto_followup without autosave enabled", {
      auto_followup: followup(1),
    });
    for (const autosave of [{ active: false }, {}, { comment: "x" }]) {
      await post("Cannot setup auto_followup without autosave enabled", {
        autosave,
        auto_followup: followup(1),
      });
    }
    await post("Cannot test autosave pipeline: invalid keys", {
      autosave: { active: true, nope: 1 },
    });
    await post("Cannot test autosave pipeline: invalid keys", { autosave: { constructor: 1 } });
    await post("Cannot test autosave pipeline: ", {
      autosave: { active: true, pipeline: [{ $project: { a: { $divide: [1] } } }] },
    });
    const saved = (auto_followup: unknown) => ({ autosave: true, auto_followup });
    await post("Cannot test auto_followup pipeline: invalid keys", saved({ nope: 1 }));
    await post(
      "Cannot test auto_followup pipeline: no pipeline specified",
      saved({ active: true }),
    );
    await post(
      "Invalid priority_order specified for auto_followup: up",
      saved({ ...followup(1), priority_order: "up" }),
    );
    await post("allocation_id", saved(followup(undefined, "asc")));
    await post("allocation_id", saved(followup("one", "asc")));
  });

  it("enforces the types of settings", async () => {
    const wrong: [string, Record<string, unknown>][] = [
      ["autosave", { active: "yes" }],
      ["autosave", { comment: 1 }],
      ["autosave", { ignore_group_ids: 1 }],
      ["autosave", { saver_id: "me" }],
      ["auto_followup", { payload: [] }],
      ["auto_followup", { target_group_ids: ["a"] }],
      ["auto_followup", { not_if_tns_reported: "1" }],
      ["auto_followup", { radius: "wide" }],
      ["auto_followup", { validity_days: 0.5 }],
      ["auto_followup", { implements_update: 1 }],
    ];
    for (const [name, value] of wrong) {
      const settings = name === "autosave"
        ? { autosave: value }
        : { autosave: true, auto_followup: { ...followup(1), ...value } };
      await refused(`ValidationError: ${name}: `, "POST", "/api/filters", newFilter(settings));
    }
    await refused("ValidationError", "POST", "/api/filters", newFilter({ autosave: 1 }));
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

  it("demands autosave for auto_followup", async () => {
    await patch({ autosave: false });
    await refusedPatch("Cannot setup auto_followup without autosave enabled", {
      auto_followup: followup(50),
    });
    await patch({ autosave: true, auto_followup: followup(50) });
    await patch({ autosave: false, auto_followup: {} });
  });

  it("lets a filter turn its own priority order round, but not against another's", async () => {
    await patch({ autosave: true, auto_followup: followup(51, "asc") });
    await patch({ auto_followup: followup("51", "desc") });
    const other = newFilter({ autosave: true });
    await ok("POST", "/api/filters", other);
    await refused(
      `Cannot update filter id ${other.filter_id}: auto_followup, filters with the same allocation ` +
        "have priority_order set to a different value, which is unexpected",
      "PATCH",
      "/api/filters",
      { filter_id: other.filter_id, auto_followup: followup("51", "asc") },
    );
    await refusedPatch("Invalid priority_order specified", { auto_followup: followup(51, "up") });
    await ok("PATCH", "/api/filters", {
      filter_id: other.filter_id,
      auto_followup: followup(51, "desc"),
    });
  });
});
