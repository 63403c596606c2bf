/** Replays of filters over archived nights, through the whole chain: a job that people follow. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import type { Document } from "mongodb";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  CANDID,
  catalog,
  type FilterApi,
  filterMaker,
  guest,
  JD,
  narrow,
  savedFilter,
  skyportal,
  startFilterApi,
} from "../support/filter_api.ts";
import {
  ended,
  follow,
  readEvents,
  type ReplayRunner,
  startRunner,
  withoutTimes,
} from "../support/replays.ts";
import { until } from "../support/until.ts";

const NIGHTS = { start_date: JD - 1, end_date: JD + 2 };
const make = filterMaker(301);
const drbAbove = (least: number) => [
  { $match: { "candidate.drb": { $gt: least } } },
  { $project: { objectId: 1, candid: 1, points: { $size: "$prv_candidates" } } },
];
const draft = (more = {}) => ({ catalog, pipeline: drbAbove(0.15), ...NIGHTS, ...more });

let api: FilterApi;
let runner: ReplayRunner;
before(async () => {
  api = await startFilterApi();
  runner = await startRunner(api.api.database);
});
after(async () => {
  await runner.stop();
  await api[Symbol.asyncDispose]();
});

async function queued(path: string, body: unknown, person = skyportal): Promise<string> {
  const { body: { data } } = await api.ok("POST", path, body, person);
  assert(["queued", "running"].includes(data.state), data.state);
  return data.id;
}
const replayed = async (path: string, body: unknown, person = skyportal) =>
  await ended(api, await queued(path, body, person), person);

describe("a replay of a draft", () => {
  it("tells how many pass, night by night, with a sample of them", async () => {
    const replay = await replayed("/api/replays", draft());
    assertEquals([replay.state, replay.reason, replay.owner], ["done", null, "skyportal"]);
    assertEquals([replay.progress.alerts, replay.progress.alerts_total], [6, 6]);
    const { report } = replay;
    assertEquals([report.alerts, report.passes, report.live], [6, 4, null]);
    // Exposures from 18:00 UTC on, a tenth of a day apart: three before midnight.
    assertEquals(report.nights, [
      { night: "2023-10-11", alerts: 3, passes: 1, live_passes: null, selectivity: 1 / 3 },
      { night: "2023-10-12", alerts: 3, passes: 3, live_passes: null, selectivity: 1 },
    ]);
    assertEquals([report.cost.ran, report.cost.why, report.failures.batches], [
      "in process",
      null,
      0,
    ]);
    assertEquals([report.objects.passed, report.objects.gained], [2, null]);
    const [first] = report.sample;
    assertEquals(report.sample.length, 4);
    assertEquals(first.cutouts.science, `/api/cutouts/ztf/${CANDID + 2n}/science/png`);
  });

  it("cuts each alert's light curve at its own time, unless it is told not to", async () => {
    const points = async (more: unknown) => {
      const { report: { sample } } = await replayed("/api/replays", draft(more as object));
      return sample.map(({ data }: { data: { points: number } }) => data.points).sort();
    };
    // A year back and before the alert: of public points those of the day before; then also later ones.
    assertEquals(await points({}), [2, 3, 3, 3]);
    assertEquals(await points({ as_of: false }), [4, 4, 4, 4]);
  });

  it("is of a span alone, from and to an alert", async () => {
    const { report } = await replayed(
      "/api/replays",
      draft({ start_date: JD + 0.2, end_date: JD + 0.3 }),
    );
    assertEquals([report.alerts, report.passes], [2, 2]);
  });

  it("sees what its author may see", async () => {
    const { report } = await replayed("/api/replays", draft(), narrow);
    assertEquals([report.alerts, report.passes], [5, 3]);
    const foreign = draft({ permissions: [2] });
    assertEquals((await api.send("POST", "/api/replays", foreign, narrow)).status, 403);
  });

  it("runs in MongoDB what isn't compiled, with the same result", async () => {
    const stages = [...drbAbove(0.15), { $fill: { output: { n: { value: 1 } } } }];
    const there = await replayed("/api/replays", draft({ pipeline: stages }));
    assertEquals(there.report.cost.ran, "MongoDB");
    assert(there.report.cost.why.includes("$fill"), there.report.cost.why);
    const here = await replayed("/api/replays", draft());
    assertEquals(there.report.nights, here.report.nights);
  });
});

describe("a replay of a filter", () => {
  it("compares a version with the live one: passes and objects gained and lost", async () => {
    const path = await savedFilter(api, make({ permissions: [1, 2], pipeline: drbAbove(0.35) }));
    const { body: { data: { fid } } } = await api.ok("POST", "/api/filters", {
      filter_id: Number(path.split("/").at(-1)),
      group_id: 3,
      catalog,
      pipeline: [{ $match: { "candidate.drb": { $lt: 0.15 }, objectId: "ZTF18abca" } }],
    });
    await api.ok("PATCH", "/api/filters", {
      filter_id: Number(path.split("/").at(-1)),
      active_fid: (await api.ok("GET", path)).body.data.fv[0].fid,
    });
    const { report, fid: ran } = await replayed(`${path}/replays`, {
      ...NIGHTS,
      filter_version: fid,
    });
    assertEquals(ran, fid);
    assertEquals([report.passes, report.live.passes], [1, 2]);
    const { objects } = report;
    assertEquals([objects.passed, objects.live_passed], [1, 2]);
    assertEquals([objects.gained, objects.lost], [
      { count: 0, object_ids: [] },
      { count: 1, object_ids: ["ZTF18abcb"] },
    ]);
    assertEquals(report.cost.live.ran, "in process");
  });

  it("tells how much earlier or later objects that people have named are found", async () => {
    await api.ok("PUT", "/api/classifications/ztf", {
      // One label is enough to know the object.
      [String(CANDID)]: { human_labels: { SN: 0.9 } },
    });
    const path = await savedFilter(api, make({ permissions: [1, 2], pipeline: drbAbove(0.35) }));
    const { report } = await replayed(`${path}/replays`, { ...NIGHTS, pipeline: drbAbove(0.15) });
    const [group] = report.classes;
    assertEquals([group.name, group.objects, group.passed, group.live_passed], ["SN", 1, 1, 1]);
    const days = group.days_against_live;
    assertEquals([days.objects, days.earlier, days.later], [1, 1, 0]);
    assertAlmostEquals(days.median, -0.2, 1e-6);
  });
});

describe("a replay beside a Transient Name Server", () => {
  const coordinates = { radec_geojson: { type: "Point", coordinates: [-170, 20] } };
  before(async () => {
    const tns = api.db.collection<Document>("TNS");
    await tns.createIndex({ "coordinates.radec_geojson": "2dsphere" });
    const discovery_date = new Date((JD - 2_440_587.5) * 86_400_000);
    await tns.insertOne({ discovery_date, object_type: { name: "SN Ia" }, coordinates });
    const which = { objectId: "ZTF18abca" };
    await api.db.collection(catalog).updateMany(which, { $set: { coordinates } });
  });
  after(() => api.db.collection("TNS").drop());

  it("tells how many of its objects pass, how much earlier, and how long after discovery", async () => {
    const path = await savedFilter(api, make({ permissions: [1, 2], pipeline: drbAbove(0.35) }));
    const { report } = await replayed(`${path}/replays`, { ...NIGHTS, pipeline: drbAbove(0.15) });
    assertEquals(report.tns.by_type.map(({ name }: { name: string }) => name), ["SN Ia"]);
    const { objects, passed, live_passed, days_against_live, days_against_discovery } =
      report.tns.all;
    assertEquals([objects, passed, live_passed], [1, 1, 1]);
    assertAlmostEquals(days_against_live.median, -0.2, 1e-6);
    assertAlmostEquals(days_against_discovery.median, 0.2, 1e-6);
    const late = await replayed(`${path}/replays`, { ...NIGHTS, pipeline: drbAbove(0.45) });
    assertEquals([late.report.tns.all.passed, late.report.tns.all.lost], [0, 1]);
  });
});

describe("the job", () => {
  it("is followed by events, to its end", async () => {
    const id = await queued("/api/replays", draft());
    const seen: string[] = [];
    let last;
    for await (const { event, data } of readEvents(await follow(api, id, skyportal))) {
      seen.push(event);
      last = data;
    }
    assertEquals([seen.at(-2), seen.at(-1)], ["progress", "end"]);
    assertEquals([last.state, last.progress.alerts], ["done", 6]);
  });

  it("is cancelled, and goes on where it was when it is resumed", async () => {
    await runner.stop();
    const whole = draft();
    const id = await queued("/api/replays", whole);
    await api.ok("DELETE", `/api/replays/${id}`, undefined, skyportal);
    const state = async () =>
      (await api.ok("GET", `/api/replays/${id}`, undefined, skyportal)).body.data.state;
    assertEquals(await state(), "cancelled");
    const { status, body } = await api.send("POST", `/api/replays/${id}/resume`, {}, skyportal);
    assertEquals([status, body.data.state], [200, "queued"]);
    const again = await api.send("POST", `/api/replays/${id}/resume`, {}, skyportal);
    assertEquals(again.status, 409);
    // One batch a turn: each time it rests, and goes on.
    runner = await startRunner(api.api.database, { alertsMax: 1, batchMax: 2 });
    let turns = 1;
    let replay = await ended(api, id, skyportal);
    while (replay.state === "paused") {
      turns++;
      await api.ok("POST", `/api/replays/${id}/resume`, {}, skyportal);
      replay = await ended(api, id, skyportal);
    }
    assert(turns > 3, `${turns} turns`);
    await runner.stop();
    runner = await startRunner(api.api.database);
    assertEquals(withoutTimes(replay), withoutTimes(await replayed("/api/replays", whole)));
  });

  it("goes on in another core when one is told to end", async () => {
    const id = await queued("/api/replays", draft());
    await runner.stop();
    runner = await startRunner(api.api.database);
    assertEquals((await ended(api, id, skyportal)).state, "done");
  });

  it("is one's own: nobody else learns of it, but for the admin", async () => {
    const id = await queued("/api/replays", draft());
    const path = `/api/replays/${id}`;
    for (const [method, at] of [["GET", path], ["GET", `${path}/events`], ["DELETE", path]]) {
      assertEquals((await api.send(method!, at!, undefined, narrow)).status, 404);
    }
    assertEquals((await api.send("GET", path, undefined, guest)).status, 403);
    await api.ok("GET", path);
    const mine = await api.ok("GET", "/api/replays", undefined, narrow);
    assertEquals(mine.body.data.filter(({ owner }: { owner: string }) => owner !== "narrow"), []);
    await ended(api, id, skyportal);
  });

  it("ends with its filter, and goes with its owner", async () => {
    await runner.stop();
    const path = await savedFilter(api, make({ permissions: [1, 2] }));
    const id = await queued(`${path}/replays`, NIGHTS);
    await api.ok("DELETE", path);
    const found = (await api.ok("GET", `/api/replays/${id}`, undefined, skyportal)).body.data;
    assertEquals([found.state, found.reason], ["failed", "The filter was removed"]);
    const resumed = await api.send("POST", `/api/replays/${id}/resume`, {}, skyportal);
    assertEquals([resumed.status, resumed.body.message], [
      409,
      "Cannot resume the replay as its filter was removed",
    ]);
    const leaver = { username: "leaver", password: "a password of a leaver" };
    await api.ok("POST", "/api/users", { ...leaver, roles: ["service"], programids: [1] });
    const theirs = await queued("/api/replays", draft(), leaver);
    await api.ok("DELETE", "/api/users/leaver");
    assertEquals((await api.send("GET", `/api/replays/${theirs}`)).status, 404);
    runner = await startRunner(api.api.database);
  });

  it("fails, and says why, where a filter can't be run; other replays go on", async () => {
    const failing = [{ $match: {} }, { $project: { objectId: 1, candid: 1, x: { $sqrt: -1 } } }];
    const body = draft({
      pipeline: [{
        $project: { objectId: 1, candid: 1, x: { $sqrt: { $subtract: ["$candidate.drb", 0.3] } } },
      }],
    });
    const { state, report } = await replayed("/api/replays", body);
    assertEquals(state, "done");
    assert(report.failures.batches > 0 && report.failures.reason.includes("$sqrt"));
    await api.refused("$sqrt", "POST", "/api/replays", draft({ pipeline: failing }), skyportal);
  });
});

describe("what is asked of replays", () => {
  const refusals: [string, unknown][] = [
    ["must be <=", { start_date: JD, end_date: JD - 1 }],
    ["start_date", { start_date: "soon" }],
    ["end_date", { end_date: undefined }],
    ["catalog must be one of", { catalog: "Gaia" }],
    ["pipeline", { pipeline: "nothing" }],
    ["forbidden stages", { pipeline: [{ $out: "users" }] }],
    ["forbidden stages", { pipeline: [{ $lookup: { from: "users", as: "u", pipeline: [] } }] }],
    ["as_of", { as_of: "yes" }],
    ["surprise", { surprise: 1 }],
  ];
  for (const [message, more] of refusals) {
    it(`is refused with what is wrong: ${JSON.stringify(more)}`, async () => {
      await api.refused(message, "POST", "/api/replays", draft(more as object), skyportal);
    });
  }

  it("is refused where there is no such replay, filter or version", async () => {
    for (const id of ["x", "0".repeat(24), "../users"]) {
      const { status } = await api.send("GET", `/api/replays/${encodeURIComponent(id)}`);
      assertEquals(status, 404);
    }
    await api.refused("999999", "POST", "/api/filters/999999/replays", NIGHTS);
    const path = await savedFilter(api, make());
    const unknown = { ...NIGHTS, filter_version: "nope" };
    await api.refused("nope", "POST", `${path}/replays`, unknown);
  });

  it("is no more than a few at once of one user", async () => {
    await runner.stop();
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push(await queued("/api/replays", draft(), narrow));
    const { status, body } = await api.send("POST", "/api/replays", draft(), narrow);
    assertEquals([status, body.message.includes("<= 5 of one user")], [409, true]);
    for (const id of ids) await api.ok("DELETE", `/api/replays/${id}`, undefined, narrow);
    runner = await startRunner(api.api.database);
    await until(async () => (await api.send("GET", "/api/replays")).status === 200);
    assertEquals(api.api.errors, []);
  });
});
