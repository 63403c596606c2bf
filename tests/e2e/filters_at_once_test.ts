/** Filters that many change at once, and requests that come again. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import {
  type FilterApi,
  filterMaker,
  narrow,
  skyportal,
  startFilterApi,
} from "../support/filter_api.ts";
import { until } from "../support/until.ts";

let filters: FilterApi;
before(async () => void (filters = await startFilterApi()));
after(() => filters[Symbol.asyncDispose]());
const send: FilterApi["send"] = (...args) => filters.send(...args);
const ok: FilterApi["ok"] = (...args) => filters.ok(...args);

const newFilter = filterMaker(1);
const stored = (filter_id: number) =>
  filters.db.collection("filters").find({ filter_id }).toArray();

describe("many who change a filter at once", () => {
  it("lose no version", async () => {
    const filter = newFilter();
    await ok("POST", "/api/filters", filter);
    const added = await Promise.all(
      Array.from(
        { length: 12 },
        (_, i) => ok("POST", "/api/filters", { ...filter, pipeline: [{ $match: { n: i } }] }),
      ),
    );
    const [{ fv, active_fid }] = await stored(filter.filter_id) as never as [
      { fv: { fid: string; pipeline: string }[]; active_fid: string },
    ];
    assertEquals(fv.length, 13);
    assertEquals(new Set(fv.map(({ fid }) => fid)).size, 13);
    assertEquals(active_fid, fv.at(-1)!.fid);
    for (const { body: { data } } of added) {
      assertEquals(fv.find(({ fid }) => fid === data.fid)!.pipeline, data.pipeline);
    }
  });

  it("undo nothing of each other's", async () => {
    const filter = newFilter();
    await ok("POST", "/api/filters", filter);
    const { filter_id } = filter;
    const followup = { active: false, pipeline: [{ $match: {} }], payload: { a: 1 } };
    await ok("PATCH", "/api/filters", { filter_id, autosave: true });
    await Promise.all([
      { active: false },
      { update_annotations: true },
      { auto_followup: followup },
      { autosave: { active: true, comment: "kept" } },
    ].map((change) => ok("PATCH", "/api/filters", { filter_id, ...change })));
    const [after] = await stored(filter_id);
    assertEquals([after!.active, after!.update_annotations], [false, true]);
    assertEquals(after!.autosave, { active: true, comment: "kept" });
    assertEquals(after!.auto_followup, { ...followup, pipeline: '[{"$match": {}}]' });
  });

  it("never leave two filters of an allocation with different orders", async () => {
    for (let allocation_id = 100; allocation_id < 105; allocation_id++) {
      const followup = (priority_order: string) => ({
        allocation_id,
        priority_order,
        pipeline: [{ $match: {} }],
      });
      const replies = await Promise.all(
        Array.from({ length: 6 }, (_, i) =>
          send(
            "POST",
            "/api/filters",
            newFilter({ autosave: true, auto_followup: followup(i % 2 ? "asc" : "desc") }),
          )),
      );
      const orders = await filters.db.collection("filters")
        .find({ "auto_followup.allocation_id": allocation_id }).toArray();
      assertEquals(new Set(orders.map((each) => each.auto_followup.priority_order)).size, 1);
      assertEquals(replies.filter(({ status }) => status === 200).length, orders.length);
      for (const { status } of replies) assert([200, 400].includes(status));
    }
    assertEquals(filters.api.errors, []);
  });
});

describe("a client that asks again", () => {
  /** Takes a while on the newest alert, and less than a dry run may. */
  const numbers = { $range: [0, { $multiply: ["$candidate.programid", 100_000] }] };
  const slow = {
    $project: { n: { $sum: { $map: { input: numbers, in: { $multiply: ["$$this", 1.5] } } } } },
  };

  it("because it waited too long gives one version, whether the first request has ended or not", async () => {
    const filter = newFilter({ permissions: [1, 2], pipeline: [slow] });
    const post = async (signal?: AbortSignal) =>
      await fetch(`${filters.api.edge.url}/api/filters`, {
        method: "POST",
        headers: { authorization: await filters.api.token() },
        body: JSON.stringify(filter),
        ...signal && { signal },
      });
    const impatient = new AbortController();
    const first = post(impatient.signal).then((reply) => reply.body?.cancel(), () => {});
    await until(
      async () => await filters.trialsRunning() > 0 || (await stored(filter.filter_id)).length > 0,
      1,
    );
    impatient.abort();
    await first;
    const { data } = await (await post()).json();
    const again = await (await post()).json();
    assertEquals(again.data.fid, data.fid);
    assertEquals((await stored(filter.filter_id)).map(({ fv }) => fv.length), [1]);
  });

  it("is told apart from another who asks for the same", async () => {
    const filter = newFilter();
    const a = await ok("POST", "/api/filters", filter, skyportal);
    const b = await ok("POST", "/api/filters", filter, narrow);
    assert(a.body.data.fid !== b.body.data.fid);
  });

  it("gets a new version once it has seen the last", async () => {
    const filter = newFilter();
    const a = await ok("POST", "/api/filters", filter);
    const retried = await ok("POST", "/api/filters", filter);
    assertEquals(retried.text, a.text);
    await ok("PATCH", "/api/filters", { filter_id: filter.filter_id, active: true });
    const b = await ok("POST", "/api/filters", filter);
    assert(b.body.data.fid !== a.body.data.fid);
  });
});
