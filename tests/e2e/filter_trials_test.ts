/** Tests of filters on stored alerts, through the whole chain. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import {
  CANDID,
  catalog,
  type FilterApi,
  JD,
  skyportal,
  startFilterApi,
} from "../support/filter_api.ts";
import { openIngest, realPackets } from "../support/ingest.ts";
import { noSamples } from "../support/samples.ts";
import { until } from "../support/until.ts";

let filters: FilterApi;
before(async () => void (filters = await startFilterApi()));
after(() => filters[Symbol.asyncDispose]());
const ok: FilterApi["ok"] = (...args) => filters.ok(...args);
const refused: FilterApi["refused"] = (...args) => filters.refused(...args);

let lastId = 0;
/** Saves a filter and gives the path of its test. */
async function saved(pipeline: unknown, permissions = [1, 2, 3], on = filters): Promise<string> {
  const filter_id = ++lastId;
  const filter = { filter_id, group_id: 1, catalog, permissions, pipeline };
  await on.ok("POST", "/api/filters", filter);
  return `/api/filters/${filter_id}/test`;
}
const both = { object_ids: ["ZTF18abca", "ZTF18abcb"] };

describe("what a filter test is asked", () => {
  const rows: [string, unknown][] = [
    ["At least one of object_ids, start_date, or end_date is required", undefined],
    ["At least one of object_ids, start_date, or end_date is required", {}],
    ["At least one of object_ids, start_date, or end_date is required", { object_ids: [] }],
    ["At least one of object_ids, start_date, or end_date is required", { object_ids: null }],
    ["object_ids must be a list if provided", { object_ids: "ZTF18abca" }],
    ["object_ids list must have 1000 or fewer elements", { object_ids: Array(1001).fill("a") }],
    ["object_ids must be a list of strings", { object_ids: [{ $gt: "" }] }],
    ["start_date and end_date must both be provided if either is provided", { start_date: JD }],
    ["start_date and end_date must both be provided", { ...both, end_date: JD }],
    ["start_date must be a float or a string", { start_date: [JD], end_date: JD }],
    ["end_date must be a float or a string", { start_date: JD, end_date: { a: 1 } }],
    ["start_date must be a float or a string", '{"start_date": NaN, "end_date": 1}'],
    ["failure: start_date", { start_date: "yesterday", end_date: JD }],
    ["failure: end_date", { start_date: JD, end_date: "2023-13-45" }],
    ["failure: start_date", { start_date: String(JD), end_date: JD }],
    [
      "start_date and end_date must be within 1 day of each other if object_ids is not provided",
      { start_date: JD, end_date: JD + 2 },
    ],
    [
      "start_date and end_date must be within 1 day of each other if object_ids is not provided",
      { object_ids: [], start_date: "2023-10-12", end_date: "2023-10-13T00:00:01" },
    ],
    ["max_time_ms must be less than 5 minutes (in ms: 300000)", { ...both, max_time_ms: 3000001 }],
    ["max_time_ms must be less than 5 minutes (in ms: 300000)", { ...both, max_time_ms: 300001 }],
    ["max_time_ms must be an integer >= 1", { ...both, max_time_ms: 0 }],
    ["max_time_ms must be an integer >= 1", { ...both, max_time_ms: "long" }],
    ["filter_version must be a string", { ...both, filter_version: 1 }],
    ["Filter id 987654 not found", both],
  ];
  for (const [message, body] of rows) {
    it(`is refused with "${message}": ${JSON.stringify(body)?.slice(0, 60)}`, async () => {
      const { body: reply } = await refused(message, "POST", "/api/filters/987654/test", body);
      assert(reply.message.startsWith(message), reply.message);
    });
  }

  it("must be of a version that there is", async () => {
    const path = await saved([{ $match: {} }]);
    await refused("Filter version abcdef not found", "POST", path, {
      ...both,
      filter_version: "abcdef",
    });
    await filters.db.collection("filters").insertOne({ filter_id: 5000, group_id: 1, catalog });
    await refused("Filter id 5000 has no versions", "POST", "/api/filters/5000/test", both);
  });

  it("may be the most that is allowed", async () => {
    const object_ids = [...Array(998).fill("ZTF18none"), ...both.object_ids];
    const { body } = await ok("POST", await saved([{ $match: {} }]), {
      object_ids,
      max_time_ms: 300000,
    });
    assertEquals(body.data.length, 6);
  });
});

describe("what a filter test gives", () => {
  const candids = ({ body }: { body: { data: { candid: number }[] } }) => body.data.length;

  it("is what the last stage yields, ids whole", async () => {
    const path = await saved([{ $match: { "candidate.drb": { $gt: 0.35 } } }, {
      $project: { _id: 0, candid: 1, objectId: 1 },
    }, { $sort: { candid: 1 } }]);
    const { body, text } = await ok("POST", path, { object_ids: ["ZTF18abca"] });
    assertEquals(body.message, "filter test successful");
    assertEquals(
      text,
      '{"status": "success", "message": "filter test successful", "data": ' +
        `[{"candid": ${CANDID + 4n}, "objectId": "ZTF18abca"}]}`,
    );
    assertEquals((await ok("POST", path, { object_ids: ["ZTF18none"] })).body.data, []);
  });

  it("is what the last stage yields for all alerts together", async () => {
    const path = await saved([{ $group: { _id: "$objectId", n: { $sum: 1 } } }, {
      $sort: { _id: 1 },
    }]);
    assertEquals((await ok("POST", path, both)).body.data, [
      { _id: "ZTF18abca", n: 3 },
      { _id: "ZTF18abcb", n: 3 },
    ]);
  });

  it("is of the newest version, or of the one that is asked for", async () => {
    const path = await saved([{ $match: { "candidate.drb": { $gt: 9 } } }]);
    const [, , , id] = path.split("/");
    const { fv: [first] } = (await ok("GET", `/api/filters/${id}`)).body.data;
    const filter = { filter_id: Number(id), group_id: 1, catalog, pipeline: [{ $match: {} }] };
    await ok("POST", "/api/filters", filter);
    await ok("PATCH", "/api/filters", { filter_id: Number(id), active_fid: first.fid });
    assertEquals(candids(await ok("POST", path, both)), 6);
    assertEquals(candids(await ok("POST", path, { ...both, filter_version: first.fid })), 0);
  });

  it("is of alerts of a time, both ends included, in any form", async () => {
    const path = await saved([{ $match: {} }]);
    const between = async (start_date: unknown, end_date: unknown, more = {}) =>
      candids(await ok("POST", path, { start_date, end_date, ...more }));
    assertEquals(await between(JD, JD + 0.2), 3);
    assertEquals(await between(JD, JD), 1);
    assertEquals(await between(2460229, 2460230), 6); // Integers are numbers too.
    assertEquals(await between("2023-10-11T18:00:00", "2023-10-11T20:24:00"), 2);
    assertEquals(await between("2023-10-11", "2023-10-12"), 3);
    assertEquals(await between("2023-10-11 18:00", "2023-10-12T06:00:00.000Z"), 6);
    assertEquals(await between(JD - 5000, JD - 4999), 0);
    assertEquals(await between(JD, JD + 30, { object_ids: ["ZTF18abca"] }), 3);
    assertEquals(await between(JD + 0.15, JD + 30, { object_ids: ["ZTF18abca"] }), 2);
  });

  it("is of alerts as they were at their time, with what the permissions cover", async () => {
    const seen = async (permissions: number[]) => {
      const path = await saved(
        [{ $project: { candid: 1, prv: "$prv_candidates.jd", fp: "$fp_hists.jd" } }, {
          $sort: { candid: 1 },
        }],
        permissions,
      );
      const { body } = await ok("POST", path, { object_ids: ["ZTF18abca"] });
      return body.data.map(({ prv, fp }: { prv: number[]; fp: number[] }) => [
        prv.map((jd) => jd - JD),
        fp.map((jd) => Math.round((jd - JD) * 10) / 10),
      ]);
    };
    // The point of 0.25 days later is there for the alert of 0.4 days later only.
    assertEquals(await seen([1]), [[[-1], [-0.1]], [[-1], [-0.1]], [[-1, 0.25], [-0.1]]]);
    assertEquals((await seen([1, 2]))[0], [[-1, -0.5], [-0.1]]);
  });

  it("has no cutouts, and nulls where the object has no light curve", async () => {
    await filters.db.collection(catalog).insertOne({
      candid: 1,
      objectId: "ZTF18alone",
      candidate: { programid: 1, jd: JD - 100 },
      cutoutScience: { stampData: "x" },
    });
    const path = await saved([{ $project: { _id: 0 } }]);
    const { body } = await ok("POST", path, { object_ids: ["ZTF18alone"] });
    assertEquals(body.data, [{
      candid: 1,
      objectId: "ZTF18alone",
      candidate: { programid: 1, jd: JD - 100 },
      prv_candidates: null,
      fp_hists: null,
    }]);
  });
});

describe("a filter test", () => {
  /** Saves a filter that takes a while for each alert; no dry run would let it pass. */
  async function slowFilter(): Promise<string> {
    const path = await saved([{ $match: { a: 1 } }]);
    const numbers = { $range: [0, { $multiply: ["$candidate.programid", 3_000_000] }] };
    const slow = { $match: { $expr: { $gt: [{ $sum: numbers }, 0] } } };
    await filters.db.collection("filters").updateOne({ filter_id: lastId }, {
      $set: { "fv.0.pipeline": JSON.stringify([slow]) },
    });
    return path;
  }

  it("that takes too long is ended on the server", async () => {
    await refused(
      "failure: ExecutionTimeout: operation exceeded time limit",
      "POST",
      await slowFilter(),
      { ...both, max_time_ms: 50 },
    );
  });

  it("whose client has gone is ended on the server", async () => {
    const path = await slowFilter();
    const gone = new AbortController();
    const trial = fetch(`${filters.api.edge.url}${path}`, {
      method: "POST",
      headers: { authorization: await filters.api.token() },
      body: JSON.stringify(both),
      signal: gone.signal,
    }).then((reply) => reply.body?.cancel(), () => {});
    await until(async () => await filters.trialsRunning() > 0, 1);
    gone.abort();
    await trial;
    await until(async () => await filters.trialsRunning() === 0);
    assertEquals(filters.api.errors, []);
  });

  it("gives long lists whole", async () => {
    const path = await saved([
      {
        $project: {
          n: { $range: [0, 500] },
          text: {
            $reduce: {
              input: { $range: [0, 500] },
              initialValue: "",
              in: { $concat: ["$$value", "0123456789"] },
            },
          },
        },
      },
      { $unwind: "$n" },
    ]);
    const { body } = await ok("POST", path, { object_ids: ["ZTF18abca"] });
    assertEquals(body.data.length, 1500);
    assertEquals(body.data.at(-1).text.length, 5000);
  });
});

describe("filter_test_handler, on the original's own alerts", { skip: noSamples }, () => {
  it("gives its counts, as far as the samples have its alerts", async () => {
    await using own = await startFilterApi({ alerts: false });
    await using open = await openIngest(own.api.database.uri, own.api.database.name);
    await open.ingest.run({ packets: realPackets(), filterVersion: "none", filters: [] });
    const drbAbove = (drb: number) => [{ $match: { "candidate.drb": { $gt: drb } } }];
    const path = await saved(drbAbove(0.9999), [1, 2], own);
    const filter = { filter_id: lastId, group_id: 1, catalog, pipeline: drbAbove(0.5) };
    const count = async (trial: unknown) =>
      (await own.ok("POST", path, trial, skyportal)).body.data.length;
    const object_ids = ["ZTF17aadcvhq"];
    const start_date = 2460229.9338542;

    assertEquals(await count({ object_ids }), 0);
    await own.ok("POST", "/api/filters", filter);
    assertEquals(await count({ object_ids }), 1);
    // 22 of the 24 alerts of that night; the samples have 12 of these, and one of them isn't real.
    assertEquals(await count({ start_date, end_date: start_date + 1 }), 11);
    assertEquals(await count({ start_date: start_date - 5000, end_date: start_date - 4999 }), 0);
    await own.refused(
      "start_date and end_date must be within 1 day of each other",
      "POST",
      path,
      { start_date, end_date: start_date + 2 },
    );
    assertEquals(await count({ object_ids, start_date, end_date: start_date + 30 }), 1);
    await own.refused(
      "max_time_ms must be less than 5 minutes (in ms: 300000)",
      "POST",
      path,
      { object_ids, max_time_ms: 3000001 },
    );
    // The light curves are those of the packets: all of it is earlier than the alert.
    const { body } = await own.ok("POST", path, { object_ids });
    const [{ prv_candidates, candidate, fp_hists }] = body.data;
    assert(prv_candidates.length > 0 && fp_hists === null);
    assert(prv_candidates.every(({ jd }: { jd: number }) => jd < candidate.jd));
  });
});
